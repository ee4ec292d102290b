#include "written_function.h"

#include <cmath>
#include <stdexcept>

#include "ir/interpreter/interpreter.h"
#include "ir/module.h"
#include "mlir/IR/Verifier.h"
#include "support/error.h"

namespace lamina::frontend::test {

using namespace builder;

WrittenModule::WrittenModule() {
  ir::loadDialects(context);
  mlir::OpBuilder builder(&context);
  module = mlir::ModuleOp::create(builder.getUnknownLoc());
  (*module)->setAttr(ir::kBatchSizeAttr, builder.getI64IntegerAttr(64));
}

std::vector<ir::HostTensor>
WrittenModule::run(llvm::StringRef function, std::vector<ir::HostTensor> arguments, int64_t rows) {
  if (failed(mlir::verify(*module)))
    throw std::runtime_error("what was written is not valid");
  auto results = ir::interpret(module->lookupSymbol<mlir::func::FuncOp>(function), arguments, rows);
  if (!results)
    throw std::runtime_error(llvm::toString(results.takeError()));
  return *results;
}

ir::HostTensor evaluate(const Formula &formula, std::vector<ir::HostTensor> arguments) {
  WrittenModule written;
  FunctionWriter writer(*written.module, "formula");
  mlir::OpBuilder &builder = writer.getBuilder();
  Emitter emitter(builder, builder.getUnknownLoc());
  Tensors tensors;
  for (auto [index, argument] : llvm::enumerate(arguments)) {
    auto type = mlir::RankedTensorType::get(argument.shape(),
                                            ir::toMlirType(&written.context, argument.type()));
    auto name = builder.getStringAttr(std::string(1, static_cast<char>('a' + index)));
    tensors.push_back(Tensor(emitter, writer.addArgument(type, ir::kInputAttr, name)));
  }
  writer.addResult(formula(tensors), ir::kOutputAttr, builder.getStringAttr("result"));
  writer.finish();
  return written.run("formula", arguments).front();
}

ir::HostTensor floats(std::vector<int64_t> shape, std::vector<float> values) {
  return ir::HostTensor::of<float>(shape, values);
}

std::vector<float> values(const ir::HostTensor &tensor) {
  return tensor.elements<float>().vec();
}

double largest(const std::vector<float> &values) {
  double result = 0;
  for (float value : values)
    result = std::max(result, std::abs(static_cast<double>(value)));
  return result;
}

std::string errorOf(const std::function<void()> &action) {
  try {
    action();
  } catch (const UserError &error) {
    return error.what();
  }
  return "no error";
}

} // namespace lamina::frontend::test
