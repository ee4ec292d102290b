// Operations of keras.ops between numbers and classes: keras/src/ops/nn.py, numpy.py
#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

Tensor readLabels(OperationCall &call, const char *key) {
  Tensor x = call.tensor(key);
  if (x.isFloat() || x.elementType().isInteger(1))
    return x.convert(IntegerType::get(call.emit().getContext(), 32));
  return x;
}

/// Whether each class is the one that an element names, along a new last dimension.
Tensor isClass(OperationCall &call, Tensor labels) {
  llvm::SmallVector<int64_t> shape(labels.shape());
  shape.push_back(call.settings.positive("num_classes"));
  checkSize(call.layer.place(), shape);
  return isLabel(labels, shape.back());
}

Tensor convertToAsked(OperationCall &call, Tensor flags) {
  mlir::Type type = call.elementType("dtype");
  return flags.convert(type ? type : call.emit().getFloatType());
}

/// 1 at the class that each element names, along a new dimension; 0 everywhere for others.
Tensors oneHot(OperationCall &call) {
  Tensor x = readLabels(call, "x");
  int64_t axis = call.axis("axis", -1, x.rank() + 1);
  refuseBeforeRows(call, x, axis);
  llvm::SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, x.rank()));
  order.insert(order.begin() + axis, x.rank());
  return {convertToAsked(call, isClass(call, x)).transpose(order)};
}

/// 1 at all classes that the second dimension names.
Tensors multiHot(OperationCall &call) {
  Tensor x = readLabels(call, "inputs");
  if (call.axis("axis", -1, x.rank() + 1) != x.rank())
    call.fail("has an 'axis' other than the last, which is not supported");
  if (x.rank() < 2)
    call.fail(fmt::format("needs several classes in a row, got shape {}; use one_hot",
                          describeShape(x.shape())));
  return {convertToAsked(call, any(isClass(call, x), {1}))};
}

/// The place of each number among ascending ones.
Tensor placeAmong(OperationCall &call, Tensor x, Tensor ascending, bool strictly) {
  if (ascending.rank() != 1 || !ascending.type().hasStaticShape())
    call.fail(fmt::format("looks for places among numbers of shape {}; they must be one row of "
                          "ascending numbers",
                          describeShape(ascending.shape())));
  llvm::SmallVector<int64_t> pairs(x.shape());
  pairs.push_back(ascending.dim(0));
  checkSize(call.layer.place(), pairs);
  auto [numbers, boundaries] = inCommonType(call, x, ascending);
  return countReached(numbers, boundaries, strictly);
}

Tensors digitize(OperationCall &call) {
  return {placeAmong(call, call.tensor("x"), call.floatTensor("bins"), false)};
}

Tensors searchSorted(OperationCall &call) {
  bool isLeft = call.settings.text("side", "left") == "left";
  return {placeAmong(call, call.tensor("values"), call.tensor("sorted_sequence"), isLeft)};
}

} // namespace

llvm::ArrayRef<OperationEntry> labelOperations() {
  static const OperationEntry entries[] = {
      {"Digitize", {"x", "bins"}, digitize},
      {"MultiHot", {"inputs"}, multiHot},
      {"OneHot", {"x"}, oneHot},
      {"SearchSorted", {"sorted_sequence", "values"}, searchSorted},
  };
  return entries;
}

} // namespace lamina::frontend::keras
