#include "ir/gradients/differentiate.h"

#include <cmath>

#include <gtest/gtest.h>

#include "ir/interpreter/interpreter.h"
#include "ir/module.h"
#include "ir/operations/term.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "test/unit/ir/repeat_op.h"

using namespace mlir;

namespace lamina::ir {
namespace {

class DifferentiateTest : public testing::Test {
protected:
  DifferentiateTest() {
    loadDialects(context);
    context.loadDialect<test::TestDialect>();
    context.allowUnregisteredDialects();
  }

  void parse(const std::string &text) {
    module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module) << text;
    function = *module->getOps<func::FuncOp>().begin();
  }

  Block &block() { return function.getBody().front(); }

  /// The gradients of the function's arguments when its first result is the loss, and what is said
  /// on the way, as `location: text`.
  FailureOr<llvm::SmallVector<Value>> differentiateFirstResult() {
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      llvm::raw_string_ostream(said) << diagnostic.getLocation() << ": " << diagnostic << "\n";
    });
    OpBuilder builder(block().getTerminator());
    Value loss = block().getTerminator()->getOperand(0);
    llvm::SmallVector<Value> seeds(block().getTerminator()->getNumOperands());
    seeds[0] = splat(builder, loss.getLoc(), loss.getType(), 1.0);
    llvm::SmallVector<Value> wanted(function.getArguments());
    return differentiate(block(), seeds, wanted, builder);
  }

  std::vector<HostTensor> run(ArrayRef<HostTensor> arguments) {
    return llvm::cantFail(interpret(function, arguments, 1, test::evaluatorsWithRepeat()));
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
  std::string said;
};

/// What changes from time to time, what is handed in once, and what is captured; two results.
constexpr const char *kRepeat = R"(
  func.func @f(%a: tensor<f64>, %b: tensor<f64>, %w: tensor<f64>, %c: tensor<f64>) -> tensor<f64> {
    %r:2 = "test.repeat"(%a, %b, %w) ({
    ^bb0(%x: tensor<f64>, %y: tensor<f64>, %v: tensor<f64>):
      %p = lamina.multiply %x, %v : tensor<f64>
      %s = lamina.add %p, %c : tensor<f64>
      %t = lamina.tanh %s : tensor<f64>
      %m = lamina.multiply %y, %t : tensor<f64>
      %n = lamina.add %m, %c : tensor<f64>
      "test.yield"(%t, %n) : (tensor<f64>, tensor<f64>) -> ()
    }) {times = 3 : i64} : (tensor<f64>, tensor<f64>, tensor<f64>) -> (tensor<f64>, tensor<f64>)
    %q = lamina.multiply %r#0, %a : tensor<f64>
    %loss = lamina.add %q, %r#1 : tensor<f64>
    return %loss : tensor<f64>
  })";

TEST_F(DifferentiateTest, GradientsPassThroughTheBodyOfAnOperation) {
  parse(kRepeat);
  std::vector<HostTensor> at{HostTensor::scalar(0.3), HostTensor::scalar(-0.7),
                             HostTensor::scalar(1.2), HostTensor::scalar(0.4)};
  std::vector<double> expected;
  for (size_t i = 0; i < at.size(); ++i) {
    std::vector<HostTensor> above = at, below = at;
    above[i].elements<double>()[0] += 1e-5;
    below[i].elements<double>()[0] -= 1e-5;
    expected.push_back((run(above)[0].at(0) - run(below)[0].at(0)) / 2e-5);
  }
  auto gradients = differentiateFirstResult();
  ASSERT_TRUE(succeeded(gradients)) << said;
  block().getTerminator()->setOperands(*gradients);
  eraseDeadOperations(block());
  function.setFunctionType(
      FunctionType::get(&context, function.getArgumentTypes(), ValueRange(*gradients).getTypes()));
  ASSERT_TRUE(succeeded(verify(*module)));
  std::vector<HostTensor> results = run(at);
  for (size_t i = 0; i < at.size(); ++i)
    EXPECT_NEAR(results[i].at(0), expected[i], 1e-8 * (1 + std::abs(expected[i]))) << i;
}

TEST_F(DifferentiateTest, WantedValuesMayBeCaptured) {
  parse(kRepeat);
  Block &body = test::findOne<test::RepeatOp>(*module).getBlock();
  OpBuilder builder(body.getTerminator());
  Value seed = splat(builder, builder.getUnknownLoc(), body.getArgument(0).getType(), 1.0);
  llvm::SmallVector<Value> wanted{function.getArgument(3), function.getArgument(2),
                                  body.getArgument(1)};
  auto gradients = differentiate(body, {seed, Value()}, wanted, builder);
  ASSERT_TRUE(succeeded(gradients));
  // The first result depends on %c alone: the body sees %w as its argument %v, and %y is in the
  // second result.
  EXPECT_EQ((*gradients)[0].getParentBlock(), &body);
  EXPECT_FALSE((*gradients)[1]);
  EXPECT_FALSE((*gradients)[2]);
}

TEST_F(DifferentiateTest, SeedsAreGradientsOfWhatIsReturned) {
  parse(R"(
    func.func @f(%a: tensor<f64>, %b: tensor<f64>, %i: tensor<i32>)
        -> (tensor<f64>, tensor<f64>, tensor<i32>) {
      return %a, %b, %i : tensor<f64>, tensor<f64>, tensor<i32>
    })");
  auto gradients = differentiateFirstResult();
  ASSERT_TRUE(succeeded(gradients));
  EXPECT_TRUE((*gradients)[0].getDefiningOp<ConstantOp>());
  EXPECT_FALSE((*gradients)[1]);
  EXPECT_FALSE((*gradients)[2]);
}

TEST_F(DifferentiateTest, WithoutSeedsThereIsNothingToDo) {
  parse(kRepeat);
  OpBuilder builder(block().getTerminator());
  auto operations = block().getOperations().size();
  auto gradients = differentiate(block(), {Value()}, {function.getArgument(0)}, builder);
  ASSERT_TRUE(succeeded(gradients));
  EXPECT_FALSE((*gradients)[0]);
  EXPECT_EQ(block().getOperations().size(), operations);
}

/// The layer in the message is that of the operation inside of the body.
TEST_F(DifferentiateTest, RefusesOperationsWithoutARuleInABody) {
  parse(R"(
    func.func @f(%a: tensor<f64>) -> tensor<f64> {
      %r = "test.repeat"(%a) ({
      ^bb0(%x: tensor<f64>):
        %y = "other.step"(%x) : (tensor<f64>) -> tensor<f64> loc("cell")
        "test.yield"(%y) : (tensor<f64>) -> ()
      }) {times = 1 : i64} : (tensor<f64>) -> tensor<f64> loc("layer")
      return %r : tensor<f64>
    })");
  EXPECT_TRUE(failed(differentiateFirstResult()));
  EXPECT_EQ(said, "loc(\"cell\"): 'other.step' op has no gradient rule, but the loss depends on a "
                  "trainable variable through it\n");
}

/// A dependency through captured values alone is none that may be overlooked.
TEST_F(DifferentiateTest, RefusesBodiesWithoutARuleThatCapture) {
  parse(R"(
    func.func @f(%a: tensor<f64>) -> tensor<f64> {
      %r = "other.apply"() ({
        %y = lamina.tanh %a : tensor<f64>
        "test.yield"(%y) : (tensor<f64>) -> ()
      }) : () -> tensor<f64> loc("lambda")
      return %r : tensor<f64>
    })");
  EXPECT_TRUE(failed(differentiateFirstResult()));
  EXPECT_EQ(said, "loc(\"lambda\"): 'other.apply' op has no gradient rule, but the loss depends on "
                  "a trainable variable through it\n");
}

} // namespace
} // namespace lamina::ir
