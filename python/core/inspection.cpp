#include "inspection.h"

#include <nanobind/stl/string.h>

#include "ir/layer_name.h"
#include "ir/module.h"
#include "passes/memory/plan.h"
#include "support/error.h"
#include "tools/lamina/cost.h"
#include "llvm/Support/raw_ostream.h"

namespace nb = nanobind;

namespace lamina::python {

namespace {

/// Columns by name, in order.
class Table {
public:
  explicit Table(std::initializer_list<const char *> columns) {
    for (const char *column : columns)
      columns_[column] = nb::list();
  }
  template <typename Value> void add(const char *column, const Value &value) {
    nb::cast<nb::list>(columns_[column]).append(value);
  }
  nb::dict columns() const { return columns_; }

private:
  nb::dict columns_;
};

template <typename Visit> void forEachFunction(Step &step, Visit visit) {
  for (llvm::StringRef name : {ir::kAccumulate, ir::kTrainStep, ir::kEvaluate, ir::kPredict})
    if (auto function = step.session().module().lookupSymbol<mlir::func::FuncOp>(name))
      visit(name.str(), function);
}

} // namespace

std::string stageText(const Step &step, const std::string &stage) {
  nb::gil_scoped_release release;
  bool isLlvm = stage == "llvm";
  std::optional<passes::Stage> upTo = isLlvm ? passes::Stage::Memory : passes::parseStage(stage);
  if (!upTo)
    fail("there is no stage '{}'; there are import, gradient, step, simplify, layout, fuse, "
         "schedule, memory and llvm",
         printable(stage));
  std::unique_ptr<session::Session> session = step.makeSession();
  session->lower(*upTo);
  if (isLlvm)
    return codegen::emitLlvmText(session->module(), session->compileOptions().target);
  std::string text;
  llvm::raw_string_ostream stream(text);
  session->module().print(stream);
  return text;
}

nb::dict kernelTable(Step &step) {
  Table table({"function", "layer", "family", "wave", "operations", "flops", "bytes"});
  forEachFunction(step, [&](const std::string &name, mlir::func::FuncOp function) {
    function.walk([&](ir::KernelOp kernel) {
      auto operations = kernel.getBlock().without_terminator();
      table.add("function", name);
      table.add("layer", ir::layerOf(kernel.getLoc()));
      table.add("family", stringifyKernelFamily(kernel.getFamily()).str());
      table.add("wave", static_cast<int64_t>(kernel.getWave().value_or(0)));
      table.add("operations",
                static_cast<int64_t>(std::distance(operations.begin(), operations.end())));
      table.add("flops", tools::countFlopsWithin(kernel));
      table.add("bytes", tools::countBytes(kernel));
    });
  });
  return table.columns();
}

nb::dict memoryTable(Step &step) {
  Table table({"function", "layer", "offset", "bytes", "first_wave", "last_wave"});
  forEachFunction(step, [&](const std::string &name, mlir::func::FuncOp function) {
    for (const passes::PlannedBuffer &buffer : passes::describeArena(function).buffers) {
      table.add("function", name);
      table.add("layer", buffer.name);
      table.add("offset", buffer.offset);
      table.add("bytes", buffer.bytes);
      table.add("first_wave", buffer.firstWave);
      table.add("last_wave", buffer.lastWave);
    }
  });
  return table.columns();
}

} // namespace lamina::python
