// A model compiled into this process.
#include "codegen/driver.h"
#include "codegen/jit_functions.h"
#include "ir/module.h"
#include "passes/plan.h"
#include "support/error.h"

#include "llvm/IR/Module.h"
using namespace mlir;

namespace lamina::codegen {
namespace {

/// How a function's arguments and results that are not variables are counted out to the caller's
/// arrays: their positions in those arrays, in the function's order.
struct Plumbing {
  struct Slot {
    enum Kind { Input, Target, Output, Log, Other } kind = Other;
    size_t index = 0;
  };
  std::vector<Slot> arguments, results;
};

class JitModel final : public CompiledModel {
public:
  JitModel(ModuleOp module, const CompileOptions &options);

  int init(void *state, uint64_t seed) const override {
    std::memset(state, 0, signature_.stateBytes);
    const void *arguments[] = {&seed};
    return run(ir::kInit, nullptr, state, scratch().data(), 1, arguments, nullptr);
  }
  int load(void *state, const void *const *variables) const override;
  int save(const void *state, void *const *variables) const override;
  int trainStep(const lamina_env *env, void *state, void *workspace, uint32_t rows,
                const void *const *inputs, const void *const *targets, float *logs) const override {
    return call(ir::kTrainStep, env, state, workspace, rows, inputs, targets, nullptr, logs);
  }
  int evaluate(const lamina_env *env, const void *state, void *workspace, uint32_t rows,
               const void *const *inputs, const void *const *targets, float *logs) const override {
    return call(ir::kEvaluate, env, const_cast<void *>(state), workspace, rows, inputs, targets,
                nullptr, logs);
  }
  int predict(const lamina_env *env, const void *state, void *workspace, uint32_t rows,
              const void *const *inputs, void *const *outputs) const override {
    return call(ir::kPredict, env, const_cast<void *>(state), workspace, rows, inputs, nullptr,
                outputs, nullptr);
  }
  FunctionProfile *profile(std::string_view function) const override {
    return functions.profile(function);
  }

private:
  int run(llvm::StringRef name, const lamina_env *env, void *state, void *workspace, uint32_t rows,
          const void *const *arguments, void *const *results) const {
    return functions.get(name)(env, state, workspace, rows, arguments, results);
  }
  int call(llvm::StringRef name, const lamina_env *env, void *state, void *workspace, uint32_t rows,
           const void *const *inputs, const void *const *targets, void *const *outputs,
           float *logs) const;

  /// Workspace for the functions that move variables.
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
  llvm::StringMap<Plumbing> plumbings;
};

Plumbing makePlumbing(func::FuncOp function) {
  using Slot = Plumbing::Slot;
  Plumbing plumbing;
  size_t inputs = 0, targets = 0, outputs = 0, logs = 0, others = 0;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    if (ir::getArgumentVariable(function, i))
      continue;
    if (function.getArgAttr(i, ir::kInputAttr))
      plumbing.arguments.push_back({Slot::Input, inputs++});
    else if (function.getArgAttr(i, ir::kTargetAttr))
      plumbing.arguments.push_back({Slot::Target, targets++});
    else
      plumbing.arguments.push_back({Slot::Other, others++});
  }
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    if (ir::getResultVariable(function, i))
      continue;
    if (function.getResultAttr(i, ir::kOutputAttr))
      plumbing.results.push_back({Slot::Output, outputs++});
    else if (function.getResultAttr(i, ir::kLogAttr))
      plumbing.results.push_back({Slot::Log, logs++});
    else
      plumbing.results.push_back({Slot::Other, others++});
  }
  return plumbing;
}

JitModel::JitModel(ModuleOp module, const CompileOptions &options)
    : functions(module, options.target, options.compileThreads, options.profiled) {
  signature_ = makeSignature(module);
  hasTraining_ = functions.contains(ir::kTrainStep);
  for (auto function : module.getOps<func::FuncOp>())
    plumbings[function.getName()] = makePlumbing(function);
}

int JitModel::call(llvm::StringRef name, const lamina_env *env, void *state, void *workspace,
                   uint32_t rows, const void *const *inputs, const void *const *targets,
                   void *const *outputs, float *logs) const {
  using Slot = Plumbing::Slot;
  JitFunctions::Entry *entry = functions.get(name);
  const Plumbing &plumbing = plumbings.find(name)->second;
  llvm::SmallVector<const void *, 16> arguments;
  llvm::SmallVector<void *, 16> results;
  for (const Slot &slot : plumbing.arguments)
    arguments.push_back(slot.kind == Slot::Input ? inputs[slot.index] : targets[slot.index]);
  for (const Slot &slot : plumbing.results)
    results.push_back(slot.kind == Slot::Output ? outputs[slot.index] : logs + slot.index);
  return entry(env, state, workspace, rows, arguments.data(), results.data());
}

int JitModel::load(void *state, const void *const *variables) const {
  // Variables that are not given keep their values: they are read first and written back.
  std::vector<std::vector<char>> kept(signature_.variables.size());
  std::vector<const void *> complete(variables, variables + signature_.variables.size());
  std::vector<void *> reads(signature_.variables.size());
  bool partial = false;
  for (size_t i = 0; i < complete.size(); ++i) {
    kept[i].resize(complete[i] ? 0 : signature_.variables[i].byteSize());
    reads[i] = complete[i] ? nullptr : kept[i].data();
    partial |= !complete[i];
  }
  if (partial) {
    if (int status = save(state, reads.data()))
      return status;
    for (size_t i = 0; i < complete.size(); ++i)
      if (!complete[i])
        complete[i] = kept[i].data();
  }
  return run(ir::kLoad, nullptr, state, scratch().data(), 1, complete.data(), nullptr);
}

int JitModel::save(const void *state, void *const *variables) const {
  std::vector<std::vector<char>> unwanted(signature_.variables.size());
  std::vector<void *> complete(variables, variables + signature_.variables.size());
  for (size_t i = 0; i < complete.size(); ++i)
    if (!complete[i]) {
      unwanted[i].resize(signature_.variables[i].byteSize());
      complete[i] = unwanted[i].data();
    }
  return run(ir::kSave, nullptr, const_cast<void *>(state), scratch().data(), 1, nullptr,
             complete.data());
}

} // namespace

std::unique_ptr<CompiledModel> compileJit(ModuleOp module, const CompileOptions &options) {
  return std::make_unique<JitModel>(module, options);
}

} // namespace lamina::codegen
