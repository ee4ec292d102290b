// A model compiled into this process.
#include "codegen/driver.h"
#include "codegen/jit/jit_functions.h"
#include "codegen/jit/state_layout.h"
#include "ir/logs.h"
#include "ir/signature.h"
#include "passes/memory/plan.h"
#include "support/error.h"

#include "llvm/IR/Module.h"
using namespace mlir;

namespace lamina::codegen {
namespace {

/// A function of the module, found once: what callers give and take in its order, and its native
/// code, which is compiled at the first call.
struct Callable {
  std::vector<ir::Port> arguments, results; ///< none of variables
  const JitFunction *native = nullptr;      ///< null: the module has no such function
};

const void *argumentOf(const StepArrays &arrays, const ir::Port &port) {
  switch (port.role) {
  case ir::PortRole::Input:
    return arrays.inputs[port.index];
  case ir::PortRole::SampleWeight:
    return arrays.weights[port.index];
  default:
    return arrays.targets[port.index];
  }
}

void *resultOf(const StepArrays &arrays, void *const *outputs, const ir::Port &port) {
  if (port.role == ir::PortRole::Output)
    return outputs[port.index];
  return (port.role == ir::PortRole::Log ? arrays.logs : arrays.sums) + port.index;
}

class JitModel final : public CompiledModel {
public:
  JitModel(ModuleOp module, const CompileOptions &options);

  int init(void *state, uint64_t seed) const override {
    std::memset(state, 0, signature_.stateBytes);
    const void *arguments[] = {&seed};
    return run(initFunction, nullptr, state, scratch().data(), 1, arguments, nullptr);
  }
  int load(void *state, const void *const *variables) const override;
  int save(const void *state, void *const *variables) const override;
  int trainStep(const lamina_env *env, void *state, void *workspace, uint32_t rows,
                const StepArrays &arrays) const override {
    return call(stepFunction, env, state, workspace, rows, arrays, nullptr);
  }
  int accumulate(const lamina_env *env, void *state, void *workspace, uint32_t rows,
                 const StepArrays &arrays) const override {
    return call(accumulateFunction, env, state, workspace, rows, arrays, nullptr);
  }
  int evaluate(const lamina_env *env, const void *state, void *workspace, uint32_t rows,
               const StepArrays &arrays) const override {
    return call(evaluateFunction, env, const_cast<void *>(state), workspace, rows, arrays, nullptr);
  }
  int predict(const lamina_env *env, const void *state, void *workspace, uint32_t rows,
              const void *const *inputs, void *const *outputs) const override {
    return call(predictFunction, env, const_cast<void *>(state), workspace, rows,
                {.inputs = inputs}, outputs);
  }
  int results(void *workspace, const double *sums, double *logs) const override;
  FunctionProfile *profile(std::string_view function) const override {
    return functions.profile(function);
  }

private:
  static int run(const Callable &function, const lamina_env *env, void *state, void *workspace,
                 uint32_t rows, const void *const *arguments, void *const *results) {
    if (!function.native)
      fail("the model has no such function");
    return (*function.native)(env, state, workspace, rows, arguments, results);
  }
  int call(const Callable &function, const lamina_env *env, void *state, void *workspace,
           uint32_t rows, const StepArrays &arrays, void *const *outputs) const;

  /// Workspace for the function that makes the first values.
  class Scratch {
  public:
    explicit Scratch(size_t bytes)
        : memory(std::aligned_alloc(4096, std::max<size_t>(bytes, 4096))) {}
    ~Scratch() { std::free(memory); }
    Scratch(const Scratch &) = delete;
    void *data() const { return memory; }

  private:
    void *memory;
  };
  Scratch scratch() const { return Scratch(signature_.workspaceBytes); }

  JitFunctions functions;
  StateLayout layout;
  Callable initFunction, stepFunction, accumulateFunction, evaluateFunction, predictFunction,
      resultsFunction;
};

JitModel::JitModel(ModuleOp module, const CompileOptions &options)
    : functions(module, options.target, options.compileThreads, options.profiled),
      layout(module, options.compileThreads) {
  signature_ = makeSignature(module);
  hasTraining_ = functions.contains(ir::kTrainStep);
  const std::pair<Callable &, llvm::StringRef> known[] = {{initFunction, ir::kInit},
                                                          {stepFunction, ir::kTrainStep},
                                                          {accumulateFunction, ir::kAccumulate},
                                                          {evaluateFunction, ir::kEvaluate},
                                                          {predictFunction, ir::kPredict},
                                                          {resultsFunction, ir::kResults}};
  for (auto [callable, name] : known) {
    auto source = module.lookupSymbol<func::FuncOp>(name);
    if (!source)
      continue;
    ir::FunctionSignature ports = signatureOf(source);
    callable = {ports.externalArguments(), ports.externalResults(), &functions.find(name)};
  }
}

int JitModel::call(const Callable &function, const lamina_env *env, void *state, void *workspace,
                   uint32_t rows, const StepArrays &arrays, void *const *outputs) const {
  // Kept between calls, so that a step allocates nothing.
  thread_local std::vector<const void *> arguments;
  thread_local std::vector<void *> results;
  arguments.clear();
  results.clear();
  for (const ir::Port &port : function.arguments)
    arguments.push_back(argumentOf(arrays, port));
  for (const ir::Port &port : function.results)
    results.push_back(resultOf(arrays, outputs, port));
  return run(function, env, state, workspace, rows, arguments.data(), results.data());
}

int JitModel::results(void *workspace, const double *sums, double *logs) const {
  llvm::SmallVector<const void *, 16> arguments;
  llvm::SmallVector<void *, 16> results;
  for (const ir::Port &port : resultsFunction.arguments)
    arguments.push_back(sums + port.index);
  for (const ir::Port &port : resultsFunction.results)
    results.push_back(logs + port.index);
  // It has no variables; a state must be given all the same.
  return run(resultsFunction, nullptr, workspace, workspace, 1, arguments.data(), results.data());
}

int JitModel::load(void *state, const void *const *variables) const {
  for (size_t i = 0; i < signature_.variables.size(); ++i)
    if (variables[i])
      layout.load(static_cast<std::byte *>(state), i, static_cast<const std::byte *>(variables[i]));
  return LAMINA_OK;
}

int JitModel::save(const void *state, void *const *variables) const {
  for (size_t i = 0; i < signature_.variables.size(); ++i)
    if (variables[i])
      layout.save(static_cast<const std::byte *>(state), i, static_cast<std::byte *>(variables[i]));
  return LAMINA_OK;
}

} // namespace

std::unique_ptr<CompiledModel> compileJit(ModuleOp module, const CompileOptions &options) {
  return std::make_unique<JitModel>(module, options);
}

} // namespace lamina::codegen
