// Names and order of logs: keras/src/trainers/compile_utils.py, CompileLoss and CompileMetrics.
#include "frontend/keras/training/log_writer.h"

#include <deque>

#include "ir/logs.h"

using namespace mlir;

namespace lamina::frontend::keras {

void LogWriter::addLoss(const std::string &output, Tensor value, bool isReduced) {
  losses.push_back({output + "_loss", value, isReduced});
  used[losses.back().name] = 1;
}

void LogWriter::addMetric(const std::string &output, const Metric &metric, Metric::Value value,
                          bool isWeighted) {
  entries.push_back({chooseName(output, metric.getName(), isWeighted), &metric, std::move(value)});
}

/// A name that is taken gets the suffix _1, _2, …; that of a weighted metric becomes weighted_NAME
/// first.
std::string LogWriter::chooseName(const std::string &output, const std::string &metric,
                                  bool isWeighted) {
  std::string prefix = hasSeveralOutputs ? output + "_" : "";
  std::string name = prefix + metric;
  if (isWeighted && used.contains(name))
    name = prefix + "weighted_" + metric;
  int count = used[name]++;
  return count ? fmt::format("{}_{}", name, count) : name;
}

void LogWriter::writeLogs(FunctionWriter &writer, Tensor total) const {
  MLIRContext *context = writer.getBuilder().getContext();
  auto add = [&](const std::string &name, Tensor value, llvm::StringRef attribute) {
    Tensor single = value.convert(Float32Type::get(context)); // also in models of f64
    writer.addResult(single, attribute, StringAttr::get(context, name));
  };
  add("loss", total, ir::kLogAttr);
  for (const LoggedLoss &loss : losses) {
    if (losses.size() == 1)
      break;
    add(loss.name, loss.value, ir::kLogAttr);
    if (loss.isReduced)
      writer.annotateResult(ir::kPerBatchAttr, UnitAttr::get(context));
  }
  for (const Entry &entry : entries)
    add(entry.name, entry.value.value, ir::kLogAttr);
  for (const Entry &entry : entries)
    for (Tensor sum : entry.value.sums)
      add(entry.name, sum, ir::kSumAttr);
}

void LogWriter::writeResults(ModuleOp module) const {
  bool hasSums =
      llvm::any_of(entries, [](const Entry &entry) { return !entry.value.sums.empty(); });
  if (!hasSums)
    return;
  FunctionWriter writer(module, ir::kResults);
  OpBuilder &builder = writer.getBuilder();
  std::deque<Emitter> emitters;
  for (const Entry &entry : entries) {
    if (entry.value.sums.empty())
      continue;
    auto name = builder.getStringAttr(entry.name);
    Emitter &emitter = emitters.emplace_back(builder, NameLoc::get(name));
    Tensors sums;
    for (Tensor sum : entry.value.sums) {
      auto type = RankedTensorType::get(sum.shape(), builder.getF64Type());
      sums.push_back(Tensor(emitter, writer.addArgument(type, ir::kSumAttr, name)));
    }
    writer.addResult(entry.metric->result(sums), ir::kLogAttr, name);
  }
  writer.finish();
}

} // namespace lamina::frontend::keras
