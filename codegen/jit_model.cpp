// A model compiled into this process.
#include "codegen/driver.h"
#include "codegen/jit_functions.h"
#include "ir/logs.h"
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
    enum Kind { Input, Target, Weight, Output, Log, Sum, Other } kind = Other;
    size_t index = 0; ///< in the array of arrays; of a log or sum, its first value
  };
  std::vector<Slot> arguments, results;
};

const void *argumentOf(const StepArrays &arrays, const Plumbing::Slot &slot) {
  switch (slot.kind) {
  case Plumbing::Slot::Input:
    return arrays.inputs[slot.index];
  case Plumbing::Slot::Weight:
    return arrays.weights[slot.index];
  default:
    return arrays.targets[slot.index];
  }
}

void *resultOf(const StepArrays &arrays, void *const *outputs, const Plumbing::Slot &slot) {
  if (slot.kind == Plumbing::Slot::Output)
    return outputs[slot.index];
  return (slot.kind == Plumbing::Slot::Log ? arrays.logs : arrays.sums) + slot.index;
}

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
                const StepArrays &arrays) const override {
    return call(ir::kTrainStep, env, state, workspace, rows, arrays, nullptr);
  }
  int evaluate(const lamina_env *env, const void *state, void *workspace, uint32_t rows,
               const StepArrays &arrays) const override {
    return call(ir::kEvaluate, env, const_cast<void *>(state), workspace, rows, arrays, nullptr);
  }
  int predict(const lamina_env *env, const void *state, void *workspace, uint32_t rows,
              const void *const *inputs, void *const *outputs) const override {
    return call(ir::kPredict, env, const_cast<void *>(state), workspace, rows, {.inputs = inputs},
                outputs);
  }
  int results(void *workspace, const double *sums, double *logs) const override;
  FunctionProfile *profile(std::string_view function) const override {
    return functions.profile(function);
  }

private:
  int run(llvm::StringRef name, const lamina_env *env, void *state, void *workspace, uint32_t rows,
          const void *const *arguments, void *const *results) const {
    return functions.get(name)(env, state, workspace, rows, arguments, results);
  }
  int call(llvm::StringRef name, const lamina_env *env, void *state, void *workspace, uint32_t rows,
           const StepArrays &arrays, void *const *outputs) const;

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

/// Numbers values, each kind from 0: arrays one by one, logs and sums by their elements.
class SlotCounter {
public:
  Plumbing::Slot next(DictionaryAttr attributes, Type type) {
    Plumbing::Slot slot{kindOf(attributes), 0};
    size_t &count = counts[slot.kind];
    slot.index = count;
    bool isInline = slot.kind == Plumbing::Slot::Log || slot.kind == Plumbing::Slot::Sum;
    count += isInline ? cast<RankedTensorType>(type).getNumElements() : 1;
    return slot;
  }

private:
  static Plumbing::Slot::Kind kindOf(DictionaryAttr attributes) {
    using Slot = Plumbing::Slot;
    const std::pair<llvm::StringRef, Slot::Kind> kinds[] = {
        {ir::kInputAttr, Slot::Input},   {ir::kTargetAttr, Slot::Target},
        {ir::kWeightAttr, Slot::Weight}, {ir::kOutputAttr, Slot::Output},
        {ir::kLogAttr, Slot::Log},       {ir::kSumAttr, Slot::Sum}};
    for (auto [name, kind] : kinds)
      if (attributes && attributes.get(name))
        return kind;
    return Slot::Other;
  }

  size_t counts[Plumbing::Slot::Other + 1] = {};
};

Plumbing makePlumbing(func::FuncOp function) {
  Plumbing plumbing;
  SlotCounter arguments, results;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
    if (!ir::getArgumentVariable(function, i))
      plumbing.arguments.push_back(arguments.next(function.getArgAttrDict(i), type));
  for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
    if (!ir::getResultVariable(function, i))
      plumbing.results.push_back(results.next(function.getResultAttrDict(i), type));
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
                   uint32_t rows, const StepArrays &arrays, void *const *outputs) const {
  const JitFunction &function = functions.get(name);
  const Plumbing &plumbing = plumbings.find(name)->second;
  // Kept between calls, so that a step allocates nothing.
  thread_local std::vector<const void *> arguments;
  thread_local std::vector<void *> results;
  arguments.clear();
  results.clear();
  for (const Plumbing::Slot &slot : plumbing.arguments)
    arguments.push_back(argumentOf(arrays, slot));
  for (const Plumbing::Slot &slot : plumbing.results)
    results.push_back(resultOf(arrays, outputs, slot));
  return function(env, state, workspace, rows, arguments.data(), results.data());
}

int JitModel::results(void *workspace, const double *sums, double *logs) const {
  const Plumbing &plumbing = plumbings.find(ir::kResults)->second;
  llvm::SmallVector<const void *, 16> arguments;
  llvm::SmallVector<void *, 16> results;
  for (const Plumbing::Slot &slot : plumbing.arguments)
    arguments.push_back(sums + slot.index);
  for (const Plumbing::Slot &slot : plumbing.results)
    results.push_back(logs + slot.index);
  // It has no variables; a state must be given all the same.
  return run(ir::kResults, nullptr, workspace, workspace, 1, arguments.data(), results.data());
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
