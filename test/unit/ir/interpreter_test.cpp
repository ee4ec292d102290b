#include "ir/interpreter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/interpreter_table.h"
#include "ir/module.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;
using testing::ElementsAre;

namespace lamina::ir {
namespace {

class InterpreterTest : public testing::Test {
protected:
  InterpreterTest() { loadDialects(context); }

  llvm::Expected<std::vector<Tensor>> run(const char *text, ArrayRef<Tensor> arguments,
                                          int64_t rows) {
    module = parseSourceString<ModuleOp>(text, &context);
    return interpret(*module->getOps<func::FuncOp>().begin(), arguments, rows);
  }

  std::string errorOf(const char *text, ArrayRef<Tensor> arguments, int64_t rows) {
    llvm::Expected<std::vector<Tensor>> results = run(text, arguments, rows);
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
  auto results = llvm::cantFail(run(kDouble, Tensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6}), 3));
  ASSERT_EQ(results.size(), 1u);
  EXPECT_THAT(results[0].shape(), ElementsAre(3, 2));
  EXPECT_THAT(results[0].elements<float>(), ElementsAre(2, 4, 6, 8, 10, 12));
}

TEST_F(InterpreterTest, RefusesArgumentsThatDoNotFit) {
  EXPECT_EQ(errorOf(kDouble, {}, 3), "@double takes 1 arguments, got 0");
  EXPECT_EQ(errorOf(kDouble, Tensor(ElementType::F32, {2, 2}), 3),
            "@double: argument 0 must be tensor<?x2xf32> with 3 rows, got tensor<2x2xf32>");
  EXPECT_EQ(errorOf(kDouble, Tensor(ElementType::F64, {3, 2}), 3),
            "@double: argument 0 must be tensor<?x2xf32> with 3 rows, got tensor<3x2xf64>");
}

TEST_F(InterpreterTest, RefusesRowsBeyondTheBatchSize) {
  Tensor argument(ElementType::F32, {5, 2});
  EXPECT_EQ(errorOf(kDouble, argument, 5), "@double: 5 rows are not within the batch size 4");
  EXPECT_EQ(errorOf(kDouble, argument, 0), "@double: 0 rows are not within the batch size 4");
}

TEST_F(InterpreterTest, RefusesWhatIsNotATensor) {
  EXPECT_EQ(errorOf("func.func @f(%x: f32) { return }", Tensor::scalar(1.0f), 1),
            "@f: argument 0 is not a tensor");
}

/// Rows of a smaller batch have the bits that they have in a larger one.
TEST_F(InterpreterTest, RandomBitsDoNotDependOnTheRows) {
  constexpr const char *text = R"(
    func.func @bits(%seed: tensor<i64>, %step: tensor<i64>) -> tensor<?x3xi32> {
      %y = lamina.rng_bits %seed, %step, stream = 5 : (tensor<i64>, tensor<i64>) -> tensor<?x3xi32>
      return %y : tensor<?x3xi32>
    })";
  std::vector<Tensor> arguments{Tensor::scalar<int64_t>(1234), Tensor::scalar<int64_t>(7)};
  Tensor small = llvm::cantFail(run(text, arguments, 2)).front();
  Tensor large = llvm::cantFail(run(text, arguments, 9)).front();
  EXPECT_EQ(small.elements<int32_t>(), large.elements<int32_t>().take_front(6));
}

/// Every operation of the dialect has an entry in the table or is handled by the interpreter.
TEST_F(InterpreterTest, KnowsEveryOperation) {
  EvaluatorTable table;
  addElementwiseEvaluators(table);
  addShapeEvaluators(table);
  addReductionEvaluators(table);
  addWindowEvaluators(table);
  addWinogradEvaluators(table);
  for (RegisteredOperationName name : context.getRegisteredOperations()) {
    llvm::StringRef text = name.getStringRef();
    if (name.getDialectNamespace() != LaminaDialect::getDialectNamespace() ||
        llvm::is_contained({"lamina.variable", "lamina.kernel", "lamina.yield"}, text))
      continue;
    EXPECT_TRUE(table.contains(name.getTypeID())) << text.str();
  }
}

} // namespace
} // namespace lamina::ir
