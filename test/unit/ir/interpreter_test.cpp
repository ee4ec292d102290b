#include "ir/interpreter/interpreter.h"

#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/interpreter/interpreter_table.h"
#include "ir/module.h"
#include "mlir/Parser/Parser.h"
#include "test/unit/ir/repeat_op.h"

using namespace mlir;
using testing::ElementsAre;

namespace lamina::ir {
namespace {

class InterpreterTest : public testing::Test {
protected:
  InterpreterTest() { loadDialects(context); }

  llvm::Expected<std::vector<HostTensor>> run(const char *text, ArrayRef<HostTensor> arguments,
                                              int64_t rows) {
    module = parseSourceString<ModuleOp>(text, &context);
    return interpret(*module->getOps<func::FuncOp>().begin(), arguments, rows);
  }

  std::string errorOf(const char *text, ArrayRef<HostTensor> arguments, int64_t rows) {
    llvm::Expected<std::vector<HostTensor>> results = run(text, arguments, rows);
    return results ? "no error" : llvm::toString(results.takeError());
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

constexpr const char *kDouble = R"(
  module attributes {lamina.batch_size = 4 : i64} {
  func.func @double(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
    %y = lamina.add %x, %x : tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
  })";

TEST_F(InterpreterTest, ArgumentsBecomeResults) {
  auto results = llvm::cantFail(run(kDouble, HostTensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6}), 3));
  ASSERT_EQ(results.size(), 1u);
  EXPECT_THAT(results[0].shape(), ElementsAre(3, 2));
  EXPECT_THAT(results[0].elements<float>(), ElementsAre(2, 4, 6, 8, 10, 12));
}

TEST_F(InterpreterTest, RefusesArgumentsThatDoNotFit) {
  EXPECT_EQ(errorOf(kDouble, {}, 3), "@double takes 1 arguments, got 0");
  EXPECT_EQ(errorOf(kDouble, HostTensor(ElementType::F32, {2, 2}), 3),
            "@double: argument 0 must be tensor<?x2xf32> with 3 rows, got tensor<2x2xf32>");
  EXPECT_EQ(errorOf(kDouble, HostTensor(ElementType::F64, {3, 2}), 3),
            "@double: argument 0 must be tensor<?x2xf32> with 3 rows, got tensor<3x2xf64>");
}

TEST_F(InterpreterTest, RefusesRowsBeyondTheBatchSize) {
  HostTensor argument(ElementType::F32, {5, 2});
  EXPECT_EQ(errorOf(kDouble, argument, 5), "@double: 5 rows are not within the batch size 4");
  EXPECT_EQ(errorOf(kDouble, argument, 0), "@double: 0 rows are not within the batch size 4");
}

TEST_F(InterpreterTest, RefusesWhatIsNotATensor) {
  EXPECT_EQ(errorOf("func.func @f(%x: f32) { return }", HostTensor::scalar(1.0f), 1),
            "@f: argument 0 is not a tensor");
}

/// Rows of a smaller batch have the bits that they have in a larger one.
TEST_F(InterpreterTest, RandomBitsDoNotDependOnTheRows) {
  constexpr const char *text = R"(
    func.func @bits(%seed: tensor<i64>, %step: tensor<i64>) -> tensor<?x3xi32> {
      %y = lamina.rng_bits %seed, %step, stream = 5 : (tensor<i64>, tensor<i64>) -> tensor<?x3xi32>
      return %y : tensor<?x3xi32>
    })";
  std::vector<HostTensor> arguments{HostTensor::scalar<int64_t>(1234),
                                    HostTensor::scalar<int64_t>(7)};
  HostTensor small = llvm::cantFail(run(text, arguments, 2)).front();
  HostTensor large = llvm::cantFail(run(text, arguments, 9)).front();
  EXPECT_EQ(small.elements<int32_t>(), large.elements<int32_t>().take_front(6));
}

constexpr const char *kNested = R"(
  func.func @f(%a: tensor<i32>, %b: tensor<i32>, %step: tensor<i32>) -> (tensor<i32>, tensor<i32>) {
    %r:2 = "test.repeat"(%a, %b) ({
    ^bb0(%x: tensor<i32>, %y: tensor<i32>):
      %s:2 = "test.repeat"(%x, %y) ({
      ^bb0(%p: tensor<i32>, %q: tensor<i32>):
        %sum = lamina.add %p, %q : tensor<i32>
        %next = lamina.add %sum, %step : tensor<i32>
        "test.yield"(%q, %next) : (tensor<i32>, tensor<i32>) -> ()
      }) {times = 2 : i64} : (tensor<i32>, tensor<i32>) -> (tensor<i32>, tensor<i32>)
      %z:2 = lamina.kernel map(%s#0, %y) : (tensor<i32>, tensor<i32>) -> (tensor<i32>, tensor<i32>) {
      ^bb0(%p: tensor<i32>, %q: tensor<i32>):
        %both = lamina.multiply %p, %q : tensor<i32>
        lamina.yield %both, %p : tensor<i32>, tensor<i32>
      }
      %last = lamina.subtract %s#1, %z#1 : tensor<i32>
      "test.yield"(%z#0, %last) : (tensor<i32>, tensor<i32>) -> ()
    }) {times = 3 : i64} : (tensor<i32>, tensor<i32>) -> (tensor<i32>, tensor<i32>)
    return %r#0, %r#1 : tensor<i32>, tensor<i32>
  })";

/// Bodies in bodies see what is around them, and each time of a body has values of its own.
TEST_F(InterpreterTest, BodiesRunInScopesOfTheirOwn) {
  context.loadDialect<test::TestDialect>();
  int32_t a = 1, b = 2;
  const int32_t step = 5;
  for (int time = 0; time < 3; ++time) {
    int32_t p = a, q = b;
    for (int inner = 0; inner < 2; ++inner)
      p = std::exchange(q, p + q + step);
    a = p * b;
    b = q - p;
  }
  module = parseSourceString<ModuleOp>(kNested, &context);
  std::vector<HostTensor> arguments{HostTensor::scalar(1), HostTensor::scalar(2),
                                    HostTensor::scalar(step)};
  auto results = llvm::cantFail(interpret(*module->getOps<func::FuncOp>().begin(), arguments, 1,
                                          test::evaluatorsWithRepeat()));
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].at(0), a);
  EXPECT_EQ(results[1].at(0), b);
}

TEST_F(InterpreterTest, ErrorsInBodiesComeOut) {
  context.loadDialect<test::TestDialect>();
  constexpr const char *text = R"(
    func.func @f(%a: tensor<f32>) -> tensor<f32> {
      %r = lamina.kernel map(%a) : (tensor<f32>) -> tensor<f32> {
      ^bb0(%p: tensor<f32>):
        %s = "test.repeat"(%p) ({
        ^bb0(%q: tensor<f32>):
          "test.yield"(%q) : (tensor<f32>) -> ()
        }) {times = 2 : i64} : (tensor<f32>) -> tensor<f32>
        lamina.yield %s : tensor<f32>
      }
      return %r : tensor<f32>
    })";
  EXPECT_EQ(errorOf(text, HostTensor::scalar(1.0f), 1),
            "the interpreter does not know the operation 'test.repeat'");
}

/// Every operation of the dialect has an entry in the table, but for symbols and terminators.
TEST_F(InterpreterTest, KnowsEveryOperation) {
  for (RegisteredOperationName name : context.getRegisteredOperations()) {
    if (name.getDialectNamespace() != LaminaDialect::getDialectNamespace() ||
        name.hasInterface<SymbolOpInterface>() || name.hasTrait<OpTrait::IsTerminator>())
      continue;
    EXPECT_TRUE(allEvaluators().contains(name.getTypeID())) << name.getStringRef().str();
  }
}

} // namespace
} // namespace lamina::ir
