// Steps run in their planned memory compute what the interpreter says of the program they came
// from.
#include <gtest/gtest.h>

#include <random>

#include "ir/interpreter/interpreter.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/passes.h"
#include "test/unit/passes/planned_execution.h"
#include "test/unit/passes/random_step.h"

using namespace mlir;

namespace lamina::passes {
namespace {

constexpr uint64_t kSteps = 300;

ir::HostTensor randomTensor(RankedTensorType type, int64_t rows, std::mt19937_64 &random) {
  ir::HostTensor value(ElementType::F32, ir::concreteShape(type, rows));
  for (float &element : value.elements<float>())
    element = static_cast<float>(random() % 2001) / 1000 - 1;
  return value;
}

bool haveSameBits(const ir::HostTensor &a, const ir::HostTensor &b) {
  return a.shape() == b.shape() && a.raw() == b.raw();
}

/// One random step before and after planning, with arguments.
class StepCase {
public:
  StepCase(MLIRContext &context, uint64_t seed, bool fuse)
      : source(parseSourceString<ModuleOp>(makeRandomStep(seed), &context)),
        rows(1 + static_cast<int64_t>(seed % kRandomStepBatchSize)) {
    std::mt19937_64 random(seed);
    for (Type type : stepOf(*source).getArgumentTypes())
      arguments.push_back(randomTensor(cast<RankedTensorType>(type), rows, random));
    planned = source->clone();
    PassManager passes(&context);
    passes.addPass(createLayout());
    passes.addNestedPass<func::FuncOp>(createFuse({fuse}));
    passes.addNestedPass<func::FuncOp>(createAssignWaves());
    passes.addPass(createPlanMemory());
    passes.addPass(createVerifyMemoryPlan());
    valid = succeeded(passes.run(*planned));
  }

  bool isValid() const { return valid; }

  /// Runs the planned step and compares every result, assigned variable and mirror.
  void check(bool backwards) {
    std::vector<ir::HostTensor> expected =
        llvm::cantFail(ir::interpret(stepOf(*source), arguments, rows));
    PlannedExecution execution(*planned, rows, backwards);
    llvm::StringMap<ir::HostTensor> finals = fillState(execution);
    std::vector<ir::HostTensor> inputs, outputs;
    for (auto [index, value] : llvm::enumerate(arguments))
      if (!ir::getArgumentVariable(stepOf(*source), index))
        inputs.push_back(value);
    for (auto [index, value] : llvm::enumerate(expected)) {
      if (auto symbol = ir::getResultVariable(stepOf(*source), index))
        finals[symbol.getValue()] = value;
      else
        outputs.push_back(value);
    }
    std::vector<ir::HostTensor> actual = execution.run(stepOf(*planned), inputs);
    ASSERT_EQ(actual.size(), outputs.size());
    for (size_t i = 0; i < outputs.size(); ++i)
      EXPECT_TRUE(haveSameBits(actual[i], outputs[i])) << "output " << i;
    for (auto variable : planned->getOps<ir::VariableOp>())
      EXPECT_TRUE(haveSameBits(execution.getVariable(variable), expectedOf(variable, finals)))
          << variable.getSymName().str();
  }

private:
  static func::FuncOp stepOf(ModuleOp module) {
    return module.lookupSymbol<func::FuncOp>(ir::kTrainStep);
  }

  /// Writes the variables' old values and gives them by name.
  llvm::StringMap<ir::HostTensor> fillState(PlannedExecution &execution) {
    llvm::StringMap<ir::HostTensor> values;
    for (auto [index, value] : llvm::enumerate(arguments))
      if (auto symbol = ir::getArgumentVariable(stepOf(*source), index))
        values[symbol.getValue()] = value;
    for (auto variable : planned->getOps<ir::VariableOp>())
      execution.setVariable(variable, expectedOf(variable, values));
    return values;
  }

  /// A variable's value, or what its mirror must hold.
  static ir::HostTensor expectedOf(ir::VariableOp variable,
                                   llvm::StringMap<ir::HostTensor> &values) {
    if (!variable.getMirror())
      return values[variable.getSymName()];
    const ir::HostTensor &original = values[*variable.getMirror()];
    int64_t rows = original.shape()[0], columns = original.shape()[1];
    ir::HostTensor mirror(ElementType::F32, {columns, rows});
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c)
        mirror.elements<float>()[c * rows + r] = original.elements<float>()[r * columns + c];
    return mirror;
  }

  OwningOpRef<ModuleOp> source, planned;
  int64_t rows;
  bool valid = false;
  std::vector<ir::HostTensor> arguments;
};

void checkRandomSteps(bool fuse) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  ir::loadDialects(context);
  for (uint64_t seed = 0; seed < kSteps; ++seed) {
    SCOPED_TRACE(makeRandomStep(seed));
    StepCase step(context, seed, fuse);
    ASSERT_TRUE(step.isValid()) << "seed " << seed;
    step.check(/*backwards=*/false);
    step.check(/*backwards=*/true);
    if (testing::Test::HasFailure())
      FAIL() << "seed " << seed;
  }
}

TEST(PlannedMemory, RandomFusedStepsAreTheSame) {
  checkRandomSteps(/*fuse=*/true);
}

TEST(PlannedMemory, RandomStepsOfSingleOperationsAreTheSame) {
  checkRandomSteps(/*fuse=*/false);
}

} // namespace
} // namespace lamina::passes
