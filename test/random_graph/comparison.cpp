#include "test/random_graph/comparison.h"

#include <cmath>

#include <fmt/format.h>

#include "ir/interpreter/interpreter.h"
#include "ir/module.h"
#include "mlir/IR/AttrTypeSubElements.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

bool isFloat(const HostTensor &tensor) {
  return tensor.type() == ElementType::F32 || tensor.type() == ElementType::F64;
}

/// The largest distance of finite elements.
double distance(const HostTensor &a, const HostTensor &b) {
  double largest = 0;
  for (int64_t i = 0; i < a.size(); ++i)
    if (double difference = std::fabs(a.at(i) - b.at(i)); std::isfinite(difference))
      largest = std::max(largest, difference);
  return largest;
}

double magnitude(const HostTensor &tensor) {
  double largest = 0;
  for (int64_t i = 0; i < tensor.size(); ++i)
    if (std::isfinite(tensor.at(i)))
      largest = std::max(largest, std::fabs(tensor.at(i)));
  return largest;
}

/// Compiled code flushes f32 numbers below the smallest normal one to zero, here a few of them.
constexpr double kFlushed = 16 * 0x1p-126;

bool agree(double expected, double actual, double tolerance) {
  if (std::isnan(expected) || std::isnan(actual))
    return std::isnan(expected) && std::isnan(actual);
  if (std::isinf(expected) || std::isinf(actual))
    return expected == actual;
  return std::fabs(expected - actual) <= tolerance;
}

using Results = llvm::Expected<std::vector<HostTensor>>;

Results interpretIn(ModuleOp module, llvm::StringRef name, ArrayRef<HostTensor> arguments,
                    int64_t rows) {
  return interpret(module.lookupSymbol<func::FuncOp>(name), arguments, rows);
}

std::vector<HostTensor> toDoublePrecision(ArrayRef<HostTensor> tensors) {
  std::vector<HostTensor> converted;
  for (const HostTensor &tensor : tensors)
    converted.push_back(test::toDoublePrecision(tensor));
  return converted;
}

} // namespace

//===--- Tensors ------------------------------------------------------------------------------===//

std::optional<std::string> compareTensors(const HostTensor &expected, const HostTensor &precise,
                                          const HostTensor &actual) {
  if (expected.type() != actual.type() || expected.shape() != actual.shape())
    return "differs in type or shape";
  double floor = expected.type() == ElementType::F32 ? 0x1p-18 : 0x1p-40;
  double tolerance =
      isFloat(expected)
          ? std::max({16 * distance(expected, precise), floor * magnitude(precise), kFlushed})
          : 0;
  for (int64_t i = 0; i < expected.size(); ++i) {
    double reference = isFloat(expected) ? precise.at(i) : expected.at(i);
    if (!agree(reference, actual.at(i), tolerance))
      return fmt::format("element {} is {:.9g}, interpreted {:.9g}, in f64 {:.17g}, tolerance {:g}",
                         i, actual.at(i), expected.at(i), precise.at(i), tolerance);
  }
  return std::nullopt;
}

HostTensor toDoublePrecision(const HostTensor &tensor) {
  if (tensor.type() != ElementType::F32)
    return tensor;
  HostTensor result(ElementType::F64, tensor.shape());
  llvm::copy(tensor.elements<float>(), result.elements<double>().begin());
  return result;
}

OwningOpRef<ModuleOp> toDoublePrecision(ModuleOp module) {
  OwningOpRef<ModuleOp> copy = module.clone();
  AttrTypeReplacer replacer;
  replacer.addReplacement(
      [](Float32Type type) -> Type { return Float64Type::get(type.getContext()); });
  replacer.addReplacement([](DenseElementsAttr attribute) -> std::optional<Attribute> {
    if (!attribute.getElementType().isF32())
      return std::nullopt;
    HostTensor tensor = llvm::cantFail(HostTensor::fromAttribute(attribute));
    return toDoublePrecision(tensor).toAttribute(attribute.getContext());
  });
  replacer.recursivelyReplaceElementsIn(*copy, /*replaceAttrs=*/true, /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
  return copy;
}

//===--- Programs ----------------------------------------------------------------------------===//

std::optional<std::string> compareWithInterpreter(ModuleOp module, llvm::StringRef function,
                                                  ArrayRef<HostTensor> arguments, int64_t rows,
                                                  const Runner &runner) {
  OwningOpRef<ModuleOp> inDouble = toDoublePrecision(module);
  Results expected = interpretIn(module, function, arguments, rows);
  if (!expected)
    return llvm::toString(expected.takeError());
  Results precise = interpretIn(*inDouble, function, toDoublePrecision(arguments), rows);
  if (!precise)
    return llvm::toString(precise.takeError());
  OwningOpRef<ModuleOp> copy = module.clone();
  Results actual = runner(*copy, arguments, rows);
  if (!actual)
    return llvm::toString(actual.takeError());
  if (actual->size() != expected->size())
    return fmt::format("{} results instead of {}", actual->size(), expected->size());
  for (size_t i = 0; i < expected->size(); ++i)
    if (auto difference = compareTensors((*expected)[i], (*precise)[i], (*actual)[i]))
      return fmt::format("result {}: {}", i, *difference);
  return std::nullopt;
}

//===--- Gradients ---------------------------------------------------------------------------===//

namespace {

/// The loss as a function of one element of one argument.
class LossProbe {
public:
  LossProbe(func::FuncOp loss, ArrayRef<HostTensor> arguments, int64_t rows)
      : loss(loss), arguments(arguments), rows(rows) {}

  double at(unsigned argument, int64_t element, double step) {
    double &value = arguments[argument].elements<double>()[element];
    double before = value;
    value += step;
    std::vector<HostTensor> results = llvm::cantFail(interpret(loss, arguments, rows));
    value = before;
    return results.front().at(0);
  }

private:
  func::FuncOp loss;
  std::vector<HostTensor> arguments;
  int64_t rows;
};

/// What is wrong with one element of a gradient.
std::optional<std::string> checkElement(LossProbe &probe, unsigned argument, int64_t element,
                                        double gradient) {
  constexpr double step = 1e-6;
  double before = probe.at(argument, element, -step), here = probe.at(argument, element, 0),
         after = probe.at(argument, element, step);
  double left = (here - before) / step, right = (after - here) / step;
  double difference = (after - before) / (2 * step);
  double scale = 1 + std::fabs(difference) + std::fabs(gradient);
  if (std::fabs(left - right) > 1e-3 * scale)
    return std::nullopt;
  if (std::fabs(difference - gradient) <= 1e-5 * scale)
    return std::nullopt;
  return fmt::format("element {}: gradient {:.9g}, difference {:.9g}", element, gradient,
                     difference);
}

} // namespace

std::optional<std::string> checkGradients(ModuleOp module, ModuleOp differentiated,
                                          ArrayRef<HostTensor> arguments, int64_t rows) {
  auto loss = module.lookupSymbol<func::FuncOp>(kLoss);
  auto gradient = differentiated.lookupSymbol<func::FuncOp>(kGradient);
  if (!gradient)
    return "there is no @gradient";
  Results results = interpret(gradient, arguments, rows);
  if (!results)
    return llvm::toString(results.takeError());
  LossProbe probe(loss, arguments, rows);
  for (auto [index, result] : llvm::enumerate(*results)) {
    auto variable = gradient.getResultAttrOfType<FlatSymbolRefAttr>(index, kGradientAttr);
    if (!variable)
      continue;
    auto argument = cast<BlockArgument>(findVariableArgument(loss, variable.getValue()));
    int64_t stride = std::max<int64_t>(1, result.size() / 8);
    for (int64_t element = 0; element < result.size(); element += stride)
      if (auto wrong = checkElement(probe, argument.getArgNumber(), element, result.at(element)))
        return fmt::format("@{} {}", variable.getValue().str(), *wrong);
  }
  return std::nullopt;
}

} // namespace lamina::test
