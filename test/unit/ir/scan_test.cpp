#include "ir/operations/scan.h"

#include <cmath>

#include <gtest/gtest.h>

#include "ir/gradients/differentiate.h"
#include "ir/interpreter/interpreter.h"
#include "ir/module.h"
#include "ir/operations/term.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;

namespace lamina::ir {
namespace {

class ScanTest : public testing::Test {
protected:
  ScanTest() { loadDialects(context); }

  void parse(const std::string &text) {
    module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module) << text;
    function = *module->getOps<func::FuncOp>().begin();
  }

  std::vector<HostTensor> run(ArrayRef<HostTensor> arguments) {
    return llvm::cantFail(interpret(function, arguments, 1));
  }

  /// Arguments that repeat in no pattern.
  std::vector<HostTensor> makeArguments() {
    std::vector<HostTensor> arguments;
    double x = 0.1;
    for (Type type : function.getArgumentTypes()) {
      auto tensor = cast<RankedTensorType>(type);
      HostTensor argument(ElementType::F64, tensor.getShape());
      for (double &element : argument.elements<double>())
        element = std::sin(x += 1.7);
      arguments.push_back(argument);
    }
    return arguments;
  }

  /// Central differences of the loss by every element of every argument.
  std::vector<HostTensor> measureGradients(ArrayRef<HostTensor> at) {
    std::vector<HostTensor> gradients;
    for (size_t i = 0; i < at.size(); ++i) {
      HostTensor gradient(ElementType::F64, at[i].shape());
      for (int64_t k = 0; k < at[i].size(); ++k) {
        std::vector<HostTensor> above = at, below = at;
        above[i].elements<double>()[k] += 1e-5;
        below[i].elements<double>()[k] -= 1e-5;
        gradient.elements<double>()[k] = (run(above)[0].at(0) - run(below)[0].at(0)) / 2e-5;
      }
      gradients.push_back(gradient);
    }
    return gradients;
  }

  /// Lets the function return the gradients of its arguments.
  void differentiateFunction() {
    Block &block = function.getBody().front();
    OpBuilder builder(block.getTerminator());
    Value loss = block.getTerminator()->getOperand(0);
    Value seed = splat(builder, loss.getLoc(), loss.getType(), 1.0);
    auto gradients =
        differentiate(block, seed, llvm::to_vector_of<Value>(function.getArguments()), builder);
    ASSERT_TRUE(succeeded(gradients));
    block.getTerminator()->setOperands(*gradients);
    eraseDeadOperations(block);
    function.setFunctionType(FunctionType::get(&context, function.getArgumentTypes(),
                                               ValueRange(*gradients).getTypes()));
    ASSERT_TRUE(succeeded(verify(*module)));
  }

  void expectRightGradients() {
    std::vector<HostTensor> at = makeArguments(), expected = measureGradients(at);
    differentiateFunction();
    std::vector<HostTensor> results = run(at);
    for (size_t i = 0; i < at.size(); ++i)
      for (int64_t k = 0; k < at[i].size(); ++k)
        EXPECT_NEAR(results[i].at(k), expected[i].at(k), 1e-8 * (1 + std::abs(expected[i].at(k))))
            << "argument " << i << ", element " << k;
  }

  /// The scans of the function's own block.
  llvm::SmallVector<ScanOp> scans() {
    return llvm::to_vector(function.getBody().front().getOps<ScanOp>());
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
};

/// A recurrent cell: contraction, bias, an activation, a gate, both kinds of results used.
constexpr const char *kCell = R"(
  func.func @f(%h: tensor<2x3xf64>, %x: tensor<4x2x3xf64>, %u: tensor<3x3xf64>, %b: tensor<3xf64>)
      -> tensor<f64> {
    %r:2 = lamina.scan 4 carried(%h) stacked(%x) invariant(%u, %b)
        : (tensor<2x3xf64>, tensor<4x2x3xf64>, tensor<3x3xf64>, tensor<3xf64>)
        -> (tensor<2x3xf64>, tensor<4x2x3xf64>) {
    ^bb0(%s: tensor<2x3xf64>, %in: tensor<2x3xf64>, %w: tensor<3x3xf64>, %c: tensor<3xf64>):
      %p = lamina.dot_general %s, %w, batching = [] x [], contracting = [1] x [0]
          : (tensor<2x3xf64>, tensor<3x3xf64>) -> tensor<2x3xf64>
      %q = lamina.broadcast_in_dim %c, dims = [1] : (tensor<3xf64>) -> tensor<2x3xf64>
      %sum = lamina.add %p, %q : tensor<2x3xf64>
      %z = lamina.add %sum, %in : tensor<2x3xf64>
      %t = lamina.tanh %z : tensor<2x3xf64>
      %g = lamina.multiply %t, %s : tensor<2x3xf64>
      %next = lamina.add %g, %t : tensor<2x3xf64>
      lamina.yield %next, %g : tensor<2x3xf64>, tensor<2x3xf64>
    }
    %m = lamina.multiply %r#1, %x : tensor<4x2x3xf64>
    %a = lamina.reduce add %m, dims = [0, 1, 2] : (tensor<4x2x3xf64>) -> tensor<f64>
    %e = lamina.reduce add %r#0, dims = [0, 1] : (tensor<2x3xf64>) -> tensor<f64>
    %loss = lamina.add %a, %e : tensor<f64>
    return %loss : tensor<f64>
  })";

TEST_F(ScanTest, GradientsGoBackThroughTheIterations) {
  parse(kCell);
  expectRightGradients();
}

TEST_F(ScanTest, GradientsOfReversedLoops) {
  std::string text = kCell;
  text.replace(text.find("scan 4"), 6, "scan 4 reverse");
  parse(text);
  expectRightGradients();
}

/// The gradients of weight and bias are one contraction and one sum behind the loop; the backward
/// loop carries the state's gradient alone, and activations are not computed twice.
TEST_F(ScanTest, SumsOverTimeAreTakenBehindTheLoop) {
  parse(kCell);
  differentiateFunction();
  ASSERT_EQ(scans().size(), 2u);
  ScanOp backward = scans()[1];
  EXPECT_TRUE(backward.getReverse());
  EXPECT_EQ(backward.getCarried().size(), 1u);
  EXPECT_TRUE(backward.getBlock().getOps<TanhOp>().empty());
  EXPECT_EQ(llvm::range_size(backward.getBlock().getOps<DotGeneralOp>()), 1);
  EXPECT_EQ(llvm::range_size(function.getBody().front().getOps<DotGeneralOp>()), 1);
}

/// A loop in a loop; what the inner one is given differs in every iteration of the outer one, and
/// a sum that neither a contraction nor a reduction makes is added up by the loop.
TEST_F(ScanTest, GradientsOfNestedLoops) {
  parse(R"(
  func.func @f(%h: tensor<2xf64>, %x: tensor<3x2xf64>, %w: tensor<2xf64>, %y: tensor<2x2xf64>)
      -> tensor<f64> {
    %r:2 = lamina.scan 3 carried(%h) stacked(%x) invariant(%w, %y)
        : (tensor<2xf64>, tensor<3x2xf64>, tensor<2xf64>, tensor<2x2xf64>)
        -> (tensor<2xf64>, tensor<3x2xf64>) {
    ^bb0(%s: tensor<2xf64>, %in: tensor<2xf64>, %v: tensor<2xf64>, %ys: tensor<2x2xf64>):
      %k:2 = lamina.scan 2 reverse carried(%s) stacked(%ys) invariant(%v, %in)
          : (tensor<2xf64>, tensor<2x2xf64>, tensor<2xf64>, tensor<2xf64>)
          -> (tensor<2xf64>, tensor<2x2xf64>) {
      ^bb0(%a: tensor<2xf64>, %e: tensor<2xf64>, %b: tensor<2xf64>, %i: tensor<2xf64>):
        %p = lamina.multiply %a, %b : tensor<2xf64>
        %q = lamina.add %p, %i : tensor<2xf64>
        %t = lamina.tanh %q : tensor<2xf64>
        %n = lamina.multiply %t, %e : tensor<2xf64>
        lamina.yield %n, %t : tensor<2xf64>, tensor<2xf64>
      }
      %z = lamina.reduce add %k#1, dims = [0] : (tensor<2x2xf64>) -> tensor<2xf64>
      %next = lamina.add %k#0, %z : tensor<2xf64>
      lamina.yield %next, %next : tensor<2xf64>, tensor<2xf64>
    }
    %m = lamina.multiply %r#1, %r#1 : tensor<3x2xf64>
    %loss = lamina.reduce add %m, dims = [0, 1] : (tensor<3x2xf64>) -> tensor<f64>
    return %loss : tensor<f64>
  })");
  expectRightGradients();
}

/// Values that the body takes from around it become operands, constants stay inside.
TEST_F(ScanTest, BodiesMayUseWhatIsAroundThem) {
  parse(R"(
    func.func @f(%h: tensor<f64>, %x: tensor<3xf64>, %w: tensor<f64>) -> tensor<f64> {
      %two = lamina.constant dense<2.0> : tensor<f64>
      return %two : tensor<f64>
    })");
  Block &block = function.getBody().front();
  Value two = block.front().getResult(0);
  OpBuilder builder(block.getTerminator());
  Location loc = builder.getUnknownLoc();
  ScanOperands operands{3, {block.getArgument(0)}, {block.getArgument(1)}, {}};
  ScanOp scan = buildScan(builder, loc, operands, /*reverse=*/false,
                          [&](OpBuilder &inside, ScanOp made) -> llvm::SmallVector<Value> {
                            Value product = inside.create<MultiplyOp>(
                                loc, made.getCarriedArguments()[0], block.getArgument(2));
                            Value more = inside.create<MultiplyOp>(loc, product, two);
                            return {inside.create<AddOp>(loc, more, made.getSliceArguments()[0])};
                          });
  EXPECT_EQ(scan.getInvariant().size(), 1u);
  block.getTerminator()->setOperand(0, scan.getResult(0));
  ASSERT_TRUE(succeeded(verify(*module)));
  // ((1 * 6 + 10) * 6 + 20) * 6 + 30
  EXPECT_EQ(run({HostTensor::scalar(1.0), HostTensor::of<double>({3}, {10, 20, 30}),
                 HostTensor::scalar(3.0)})[0]
                .at(0),
            726);
}

/// The body may add operands, and the builder goes on behind the loop.
TEST_F(ScanTest, BodiesMayAddOperands) {
  parse("func.func @f(%h: tensor<f64>, %x: tensor<3xf64>) -> tensor<f64> {"
        "  return %h : tensor<f64>"
        "}");
  Block &block = function.getBody().front();
  OpBuilder builder(block.getTerminator());
  Location loc = builder.getUnknownLoc();
  auto addOperands = [&](OpBuilder &inside, ScanOp made) -> llvm::SmallVector<Value> {
    made.getCarriedMutable().append(block.getArgument(0));
    Value carried = made.getBlock().addArgument(block.getArgument(0).getType(), loc);
    made.getStackedMutable().append(block.getArgument(1));
    Value slice = made.getBlock().addArgument(carried.getType(), loc);
    return {inside.create<AddOp>(loc, carried, slice), slice};
  };
  ScanOp scan = buildScan(builder, loc, {3, {}, {}, {}}, /*reverse=*/false, addOperands);
  EXPECT_EQ(scan.getFinalCarried().size(), 1u);
  EXPECT_EQ(scan.getStackedResults().size(), 1u);
  block.getTerminator()->setOperand(0, builder.create<NegateOp>(loc, scan.getResult(0)));
  ASSERT_TRUE(succeeded(verify(*module)));
  EXPECT_EQ(run({HostTensor::scalar(1.0), HostTensor::of<double>({3}, {10, 20, 30})})[0].at(0),
            -61);
}

} // namespace
} // namespace lamina::ir
