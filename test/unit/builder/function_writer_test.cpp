// Functions of variables: what becomes an argument, what a result, and in which order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/module.h"
#include "written_function.h"

namespace lamina::frontend::test {
namespace {

using namespace builder;
using testing::ElementsAre;

Variable makeVariable(const char *symbol, size_t index) {
  Variable variable;
  variable.symbol = symbol;
  variable.shape = {2};
  variable.index = index;
  return variable;
}

TEST(FunctionWriter, variablesComeFirstAmongArgumentsAndLastAmongResults) {
  WrittenModule written;
  Variable weight = makeVariable("dense/kernel", 0), total = makeVariable("dense/total", 1);
  for (const Variable *variable : {&weight, &total})
    declareVariable(*written.module, *variable);
  FunctionWriter writer(*written.module, "step");
  mlir::OpBuilder &builder = writer.getBuilder();
  Emitter emitter(builder, builder.getUnknownLoc());
  auto type = mlir::RankedTensorType::get({2}, builder.getF32Type());
  Tensor x(emitter, writer.addArgument(type, ir::kInputAttr, builder.getStringAttr("x")));
  Tensor sum = x + Tensor(emitter, writer.read(total)); // read first, but second in the module
  writer.assign(total, sum);
  writer.addResult(Tensor(emitter, writer.read(total)) * Tensor(emitter, writer.read(weight)),
                   ir::kOutputAttr, builder.getStringAttr("y"));
  mlir::func::FuncOp function = writer.finish();

  EXPECT_EQ(ir::getArgumentVariable(function, 0).getValue(), "dense/kernel");
  EXPECT_EQ(ir::getArgumentVariable(function, 1).getValue(), "dense/total");
  EXPECT_EQ(ir::getResultVariable(function, 1).getValue(), "dense/total");
  auto results =
      written.run("step", {floats({2}, {10, 100}), floats({2}, {1, 1}), floats({2}, {2, 3})});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_THAT(values(results[0]), ElementsAre(30, 400)); // a later read sees the new value
  EXPECT_THAT(values(results[1]), ElementsAre(3, 4));
}

TEST(FunctionWriter, anErasedFunctionLeavesNothing) {
  WrittenModule written;
  FunctionWriter writer(*written.module, "");
  Emitter emitter(writer.getBuilder(), writer.getBuilder().getUnknownLoc());
  emitter.constant(1);
  writer.erase();
  EXPECT_TRUE(written.module->getBody()->empty());
}

TEST(Variable, isDeclaredWithItsPlacesInTheFile) {
  WrittenModule written;
  Variable variable = makeVariable("dense/kernel", 0);
  variable.path = "layers/dense/vars/0";
  variable.copyPath = "layers/dense/vars/1";
  variable.isTrainable = true;
  declareVariable(*written.module, variable);
  auto declared = written.module->lookupSymbol<ir::VariableOp>("dense/kernel");
  EXPECT_EQ(declared.getPath(), "layers/dense/vars/0");
  EXPECT_TRUE(declared.getTrainable());
  EXPECT_EQ(declared->getAttrOfType<mlir::StringAttr>(kCopyAttr).getValue(), "layers/dense/vars/1");
}

} // namespace
} // namespace lamina::frontend::test
