#include "bench/kernels/compiled_kernel.h"

#include <span>

#include "ir/module.h"
#include "mlir/Parser/Parser.h"
#include "passes/memory/plan.h"
#include "support/error.h"
#include "tools/lamina/cost.h"

using namespace mlir;

namespace lamina::bench {
namespace {

/// Makes @main return a gradient of its first operation instead of the operation's result.
void differentiate(func::FuncOp main, Direction direction) {
  auto operation = cast<ir::GradientInterface>(main.getBody().front().front());
  OpBuilder builder(main.getContext());
  builder.setInsertionPointAfter(operation);
  llvm::SmallVector<Value> gradients;
  Value given = main.getArguments().back();
  if (failed(operation.buildGradient(builder, ValueRange{given}, gradients)))
    fail("no gradient");
  Value wanted = gradients[direction == Direction::ByData ? 0 : 1];
  main.getBody().front().getTerminator()->setOperands(wanted);
  main.setType(builder.getFunctionType(main.getArgumentTypes(), wanted.getType()));
}

OwningOpRef<ModuleOp> parse(MLIRContext &context, const std::string &text) {
  ir::loadDialects(context);
  auto module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    fail("the module's text is not valid");
  return module;
}

/// Small numbers, none of them denormal.
void fill(trainer::AlignedBuffer &buffer) {
  std::span<float> values(reinterpret_cast<float *>(buffer.data()), buffer.size() / sizeof(float));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = 0.01f * static_cast<float>(1 + i % 97);
}

} // namespace

CompiledKernel::CompiledKernel(const std::string &text, Direction direction, unsigned threads,
                               const codegen::CompileOptions &options)
    : context_(MLIRContext::Threading::DISABLED), module_(parse(context_, text)), pool_(threads),
      env_(pool_.env()) {
  if (direction != Direction::Forward)
    differentiate(module_->lookupSymbol<func::FuncOp>("main"), direction);
  codegen::lower(*module_, passes::Stage::Memory, options);
  auto main = module_->lookupSymbol<func::FuncOp>("main");
  rows_ = static_cast<uint32_t>(ir::getBatchSize(*module_));
  for (auto kernel : main.getOps<ir::KernelOp>())
    bytes_ += static_cast<double>(tools::countBytes(kernel));
  allocate(main);
  functions_ =
      std::make_unique<codegen::JitFunctions>(*module_, options.target, options.compileThreads);
  function_ = &functions_->find("main");
  function_->compile();
}

void CompiledKernel::allocate(func::FuncOp main) {
  auto sizeOf = [&](llvm::StringRef attribute) {
    auto bytes = (*module_)->getAttrOfType<IntegerAttr>(attribute);
    return static_cast<size_t>(bytes ? bytes.getInt() : 0);
  };
  state_ = trainer::AlignedBuffer(std::max<size_t>(sizeOf(passes::kStateBytesAttr), 4096));
  workspace_ = trainer::AlignedBuffer(std::max<size_t>(sizeOf(passes::kWorkspaceBytesAttr), 4096));
  fill(state_);
  auto add = [&](Type type) {
    int64_t bytes = passes::getBufferBytes(cast<RankedTensorType>(type), rows_);
    fill(memory_.emplace_back(static_cast<size_t>(bytes)));
    return memory_.back().data();
  };
  for (unsigned i = 0; i < main.getNumArguments(); ++i)
    if (!ir::getArgumentVariable(main, i))
      arguments_.push_back(add(main.getArgumentTypes()[i]));
  for (unsigned i = 0; i < main.getNumResults(); ++i)
    if (!ir::getResultVariable(main, i))
      results_.push_back(add(main.getResultTypes()[i]));
}

double flopsOfModule(const std::string &text) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  return tools::countFlopsWithin(parse(context, text)->lookupSymbol("main"));
}

void CompiledKernel::run() {
  int status = (*function_)(&env_, state_.data(), workspace_.data(), rows_, arguments_.data(),
                            results_.data());
  if (status != LAMINA_OK)
    fail("{}", lamina_status_text(status));
}

} // namespace lamina::bench
