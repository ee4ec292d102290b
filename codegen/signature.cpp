// What compiled functions take and give, read from a module.
#include <numeric>
#include <set>

#include "codegen/driver.h"
#include "ir/logs.h"
#include "ir/module.h"
#include "passes/plan.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

ElementType elementTypeOf(mlir::Type type) {
  if (type.isF32())
    return ElementType::F32;
  if (type.isF64())
    return ElementType::F64;
  if (type.isUnsignedInteger(8))
    return ElementType::U8;
  switch (type.getIntOrFloatBitWidth()) {
  case 64:
    return ElementType::I64;
  case 32:
    return ElementType::I32;
  case 8:
    return ElementType::I8;
  default:
    return ElementType::I1;
  }
}

std::vector<int64_t> shapeOf(RankedTensorType type) {
  std::vector<int64_t> shape;
  for (int64_t extent : type.getShape())
    shape.push_back(ShapedType::isDynamic(extent) ? -1 : extent);
  return shape;
}

TensorSpec specOf(StringAttr name, mlir::Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return {name.str(), elementTypeOf(tensor.getElementType()), shapeOf(tensor)};
}

std::vector<TensorSpec> argumentsWith(func::FuncOp function, llvm::StringRef attribute) {
  std::vector<TensorSpec> specs;
  for (BlockArgument argument : function.getArguments())
    if (auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), attribute))
      specs.push_back(specOf(name, argument.getType()));
  return specs;
}

std::vector<TensorSpec> resultsWith(func::FuncOp function, llvm::StringRef attribute) {
  std::vector<TensorSpec> specs;
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (auto name = function.getResultAttrOfType<StringAttr>(i, attribute))
      specs.push_back(specOf(name, function.getResultTypes()[i]));
  return specs;
}

int64_t elementsOf(const TensorSpec &spec) {
  return std::accumulate(spec.shape.begin(), spec.shape.end(), int64_t(1), std::multiplies<>());
}

/// The function's logs; `summed` are those that follow from sums.
std::vector<LogSpec> logsOf(func::FuncOp function, const std::set<std::string> &summed) {
  std::vector<LogSpec> logs;
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    auto name = function.getResultAttrOfType<StringAttr>(i, ir::kLogAttr);
    if (!name)
      continue;
    LogMean mean = summed.contains(name.str())                    ? LogMean::Sums
                   : function.getResultAttr(i, ir::kPerBatchAttr) ? LogMean::Batches
                                                                  : LogMean::Rows;
    TensorSpec spec = specOf(name, function.getResultTypes()[i]);
    if (spec.shape.empty())
      logs.push_back({spec.name, mean});
    else
      for (int64_t element = 0; element < elementsOf(spec); ++element)
        logs.push_back({fmt::format("{}[{}]", spec.name, element), mean});
  }
  return logs;
}

size_t bytesOf(ModuleOp module, llvm::StringRef attribute) {
  auto bytes = module->getAttrOfType<IntegerAttr>(attribute);
  return bytes ? bytes.getInt() : 0;
}

} // namespace

int64_t VariableSpec::byteSize() const {
  int64_t bytes = byteWidth(type);
  for (int64_t extent : shape)
    bytes *= extent;
  return bytes;
}

Signature makeSignature(ModuleOp module) {
  Signature signature;
  signature.batchSize = ir::getBatchSize(module);
  signature.stateBytes = bytesOf(module, passes::kStateBytesAttr);
  signature.workspaceBytes = bytesOf(module, passes::kWorkspaceBytesAttr);
  for (ir::VariableOp variable : module.getOps<ir::VariableOp>()) {
    if (variable.getMirrorAttr())
      continue;
    RankedTensorType type = variable.getTensorType();
    signature.variables.push_back({variable.getSymName().str(), variable.getPath().str(),
                                   elementTypeOf(type.getElementType()), shapeOf(type),
                                   variable.getTrainable()});
  }
  if (auto predict = module.lookupSymbol<func::FuncOp>(ir::kPredict)) {
    signature.inputs = argumentsWith(predict, ir::kInputAttr);
    signature.outputs = resultsWith(predict, ir::kOutputAttr);
  }
  std::set<std::string> summed;
  if (auto results = module.lookupSymbol<func::FuncOp>(ir::kResults)) {
    for (const TensorSpec &spec : argumentsWith(results, ir::kSumAttr))
      signature.sums += elementsOf(spec);
    for (const TensorSpec &spec : resultsWith(results, ir::kLogAttr))
      summed.insert(spec.name);
  }
  if (auto evaluate = module.lookupSymbol<func::FuncOp>(ir::kEvaluate)) {
    signature.targets = argumentsWith(evaluate, ir::kTargetAttr);
    signature.weights = argumentsWith(evaluate, ir::kWeightAttr);
    signature.evaluateLogs = logsOf(evaluate, summed);
  }
  if (auto step = module.lookupSymbol<func::FuncOp>(ir::kTrainStep)) {
    signature.targets = argumentsWith(step, ir::kTargetAttr);
    signature.trainLogs = logsOf(step, summed);
  }
  return signature;
}

} // namespace lamina::codegen
