// What arguments and results are to their functions, and every error of attributes that say so.
#include "ir/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/logs.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;

namespace lamina::ir {
namespace {

using ::testing::ElementsAre;

class SignatureTest : public testing::Test {
protected:
  SignatureTest() { loadDialects(context); }

  /// The signature of @f(`arguments`) -> (`results`); its body is not looked at.
  FailureOr<FunctionSignature> read(const std::string &arguments, const std::string &results = "") {
    std::string returned = results.empty() ? "" : " -> (" + results + ")";
    module = parseSourceString<ModuleOp>("func.func private @f(" + arguments + ")" + returned,
                                         ParserConfig(&context));
    return readSignature(module->lookupSymbol<func::FuncOp>("f"));
  }

  std::string errorOf(const std::string &arguments, const std::string &results = "") {
    std::string message = "no error";
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      message = diagnostic.str();
      return success();
    });
    EXPECT_EQ(succeeded(read(arguments, results)), message == "no error");
    return message;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

TEST_F(SignatureTest, RolesAreNumberedApart) {
  auto signature = read(R"(tensor<4xf32> {lamina.variable = @w},
                           tensor<?x2xf32> {lamina.input = "a"},
                           tensor<?xi32> {lamina.target = "t", lamina.classes = 5 : i64},
                           tensor<?x3xi32> {lamina.input = "b", lamina.entries = 7 : i64},
                           tensor<?xf32> {lamina.weight = "t"})",
                        R"(tensor<4xf32> {lamina.variable = @w},
                           tensor<f32> {lamina.log = "loss", lamina.per_batch},
                           tensor<3xf32> {lamina.log = "f1"},
                           tensor<f32> {lamina.log = "mae"},
                           tensor<2xf32> {lamina.sum = "auc"})");
  ASSERT_TRUE(succeeded(signature));
  std::vector<Port> arguments = signature->externalArguments();
  auto describe = [](const std::vector<Port> &ports) {
    std::vector<std::tuple<std::string, PortRole, unsigned, size_t>> all;
    for (const Port &port : ports)
      all.emplace_back(port.name.str(), port.role, port.position, port.index);
    return all;
  };
  EXPECT_THAT(describe(arguments), ElementsAre(std::tuple("a", PortRole::Input, 1, 0),
                                               std::tuple("t", PortRole::Target, 2, 0),
                                               std::tuple("b", PortRole::Input, 3, 1),
                                               std::tuple("t", PortRole::SampleWeight, 4, 0)));
  EXPECT_EQ(arguments[1].bound, 5);
  EXPECT_EQ(arguments[2].bound, 7);
  EXPECT_EQ(arguments[0].bound, 0);
  std::vector<Port> results = signature->externalResults();
  EXPECT_THAT(describe(results), ElementsAre(std::tuple("loss", PortRole::Log, 1, 0),
                                             std::tuple("f1", PortRole::Log, 2, 1),
                                             std::tuple("mae", PortRole::Log, 3, 4),
                                             std::tuple("auc", PortRole::Sum, 4, 0)));
  EXPECT_TRUE(results[0].isPerBatch);
  EXPECT_FALSE(results[2].isPerBatch);
  EXPECT_EQ(portsOf(signature->results, PortRole::Variable).size(), 1u);
}

TEST_F(SignatureTest, ErrorsNameThePort) {
  EXPECT_EQ(errorOf("tensor<2xf32>"), "argument 0 of @f has no attribute that says what it is");
  EXPECT_EQ(errorOf(R"(i32 {lamina.input = "x"})"), "argument 0 of @f is no tensor");
  EXPECT_EQ(
      errorOf(R"(tensor<2xf16> {lamina.input = "x"})"),
      "argument 0 of @f has elements of type 'f16'; tensors have f32, f64, i64, i32, i8, ui8 or "
      "i1");
  EXPECT_EQ(errorOf(R"(tensor<2xf32> {lamina.input = "x", lamina.target = "y"})"),
            "argument 0 of @f has both 'lamina.input' and 'lamina.target'");
  EXPECT_EQ(errorOf(R"(tensor<2xf32> {lamina.output = "y"})"),
            "argument 0 of @f has 'lamina.output', which no argument has");
  EXPECT_EQ(errorOf("", R"(tensor<2xf32> {lamina.output = "y"}, tensor<f32> {lamina.seed})"),
            "result 1 of @f has 'lamina.seed', which no result has");
  EXPECT_EQ(errorOf("tensor<2xf32> {lamina.input}"),
            "argument 0 of @f has 'lamina.input' without a name");
  EXPECT_EQ(errorOf(R"(tensor<2xf32> {lamina.input = "x"}, tensor<3xf32> {lamina.input = "x"})"),
            "argument 1 of @f has 'lamina.input' of 'x', as another argument has");
  EXPECT_EQ(errorOf("tensor<i32> {lamina.seed}"), "argument 0 of @f is a seed but no i64");
  EXPECT_EQ(errorOf("", R"(tensor<?xf32> {lamina.log = "loss"})"),
            "result 0 of @f is a log or a sum but has no fixed number of floats");
  EXPECT_EQ(errorOf("", R"(tensor<i32> {lamina.sum = "auc"})"),
            "result 0 of @f is a log or a sum but has no fixed number of floats");
}

TEST_F(SignatureTest, RolesOfVariablesAreKept) {
  auto parsed =
      parseSourceString<ModuleOp>("lamina.variable @v : tensor<f32>", ParserConfig(&context));
  auto variable = parsed->lookupSymbol<VariableOp>("v");
  EXPECT_EQ(roleOf(variable), VariableRole::Model);
  for (VariableRole role :
       {VariableRole::OptimizerState, VariableRole::LearningRate, VariableRole::Iteration}) {
    setRole(variable, role);
    EXPECT_EQ(roleOf(variable), role);
  }
}

} // namespace
} // namespace lamina::ir
