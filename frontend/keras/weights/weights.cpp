#include "frontend/keras/weights/weights.h"

#include "frontend/builder/variable.h"
#include "frontend/keras/import.h"
#include "ir/host_tensor.h"
#include "ir/module.h"
#include "support/error.h"
#include "llvm/ADT/StringRef.h"

using namespace mlir;

namespace lamina::frontend {
namespace {

constexpr llvm::StringLiteral kOptimizerPrefix = "optimizer/vars/";

ElementType elementTypeOf(RankedTensorType type) {
  return ir::toElementType(type.getElementType());
}

bool hasSameShape(RankedTensorType type, const Array &array) {
  return type.getShape() == llvm::ArrayRef<int64_t>(array.shape);
}

/// "layer 'dense': kernel", from the variable's symbol "dense/kernel".
std::string describeVariable(ir::VariableOp variable) {
  auto [layer, role] = variable.getSymName().rsplit('/');
  return fmt::format("layer '{}': {}", printable(layer.str()), role.str());
}

bool isFloat(ElementType type) {
  return type == ElementType::F32 || type == ElementType::F64;
}

const Array &findModelWeight(ir::VariableOp variable, const KerasFile &file) {
  const std::string &source = file.weightsPath.empty() ? file.path : file.weightsPath;
  auto entry = file.weights.find(variable.getPath().str());
  RankedTensorType type = variable.getTensorType();
  if (entry == file.weights.end())
    fail("{}: {} is missing in the weights ({})", source, describeVariable(variable),
         variable.getPath().str());
  const Array &array = entry->second;
  if (!hasSameShape(type, array))
    fail("{}: {} has shape {} in the model but {} in the weights", source,
         describeVariable(variable), describeShape(std::span<const int64_t>(type.getShape())),
         describeShape(std::span<const int64_t>(array.shape)));
  if (array.type != elementTypeOf(type) && !(isFloat(array.type) && isFloat(elementTypeOf(type))))
    fail("{}: {} is {} in the model but {} in the weights", source, describeVariable(variable),
         typeName(elementTypeOf(type)), typeName(array.type));
  return array;
}

bool isInteger(ElementType type) {
  return type == ElementType::I32 || type == ElementType::I64;
}

/// Numbers of one floating-point type as the other one, which the model has.
template <typename From, typename To> Array converted(const Array &array, ElementType type) {
  Array result = makeArray(type, array.shape);
  llvm::transform(array.values<From>(), result.values<To>().begin(),
                  [](From value) { return static_cast<To>(value); });
  return result;
}

/// A 32-bit counter (Keras on JAX writes those) as the 64-bit one that the module has.
Array widened(const Array &array) {
  Array wide = makeArray(ElementType::I64, array.shape);
  llvm::copy(array.values<int32_t>(), wide.values<int64_t>().begin());
  return wide;
}

/// Whether a value of the file can become the optimizer variable's.
bool fits(RankedTensorType type, const Array &array) {
  ElementType wanted = elementTypeOf(type);
  return hasSameShape(type, array) &&
         (array.type == wanted || (wanted == ElementType::I64 && isInteger(array.type)) ||
          (isFloat(wanted) && isFloat(array.type)));
}

/// Whether the file's optimizer state is that of the module's optimizer.
bool matchesOptimizer(ModuleOp module, const KerasFile &file) {
  size_t expected = 0;
  for (ir::VariableOp variable : module.getOps<ir::VariableOp>()) {
    if (!isOptimizerPath(variable.getPath()))
      continue;
    ++expected;
    auto entry = file.weights.find(variable.getPath().str());
    if (entry == file.weights.end() || !fits(variable.getTensorType(), entry->second))
      return false;
  }
  size_t stored = 0;
  for (const auto &[path, array] : file.weights)
    stored += isOptimizerPath(path);
  return expected > 0 && expected == stored;
}

} // namespace

std::string optimizerPath(size_t index) {
  return kOptimizerPrefix.str() + std::to_string(index);
}

bool isOptimizerPath(llvm::StringRef path) {
  return path.starts_with(kOptimizerPrefix);
}

WeightBinding bindWeights(ModuleOp module, const KerasFile &file) {
  WeightBinding binding;
  binding.hasWeights = file.hasWeights;
  binding.hasOptimizerState = file.hasWeights && matchesOptimizer(module, file);
  for (ir::VariableOp variable : module.getOps<ir::VariableOp>()) {
    llvm::StringRef path = variable.getPath();
    const Array *array = nullptr;
    if (isOptimizerPath(path))
      array = binding.hasOptimizerState ? &file.weights.at(path.str()) : nullptr;
    else if (!path.empty() && file.hasWeights)
      array = &findModelWeight(variable, file);
    ElementType wanted = elementTypeOf(variable.getTensorType());
    if (array && array->type == ElementType::I32 && wanted == ElementType::I64)
      array = &binding.converted.emplace_back(widened(*array));
    else if (array && array->type == ElementType::F64 && wanted == ElementType::F32)
      array = &binding.converted.emplace_back(converted<double, float>(*array, wanted));
    else if (array && array->type == ElementType::F32 && wanted == ElementType::F64)
      array = &binding.converted.emplace_back(converted<float, double>(*array, wanted));
    binding.arrays.push_back(array);
  }
  return binding;
}

std::string describeLostState(ModuleOp module, const KerasFile &file) {
  size_t expected = 0, stored = 0;
  for (ir::VariableOp variable : module.getOps<ir::VariableOp>())
    expected += isOptimizerPath(variable.getPath());
  for (const auto &[path, array] : file.weights)
    stored += isOptimizerPath(path);
  // An optimizer that has not run yet has a counter and a learning rate alone.
  if (expected == 0 || stored <= 2 || matchesOptimizer(module, file))
    return "";
  return fmt::format("the optimizer's state is not taken over, it starts afresh: the file has {} "
                     "values of another form than the optimizer's {}",
                     stored, expected);
}

void addCopies(ModuleOp module, std::map<std::string, Array> &weights) {
  for (ir::VariableOp variable : module.getOps<ir::VariableOp>())
    if (auto copy = variable->getAttrOfType<StringAttr>(builder::kCopyAttr))
      weights.insert_or_assign(copy.str(), weights.at(variable.getPath().str()));
}

} // namespace lamina::frontend
