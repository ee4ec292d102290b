// Operations of keras.ops that change shapes: keras/src/ops/numpy.py
#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

using nlohmann::json;

//===--- Other shapes, same elements ---------------------------------------------------------===//

/// Rows stay the first dimension: with them, the first of "newshape" is -1 (or open).
Tensors reshape(OperationCall &call) {
  Tensor x = call.tensor("x");
  llvm::SmallVector<int64_t> shape;
  for (const json &extent : call.settings.raw("newshape"))
    shape.push_back(extent.is_number_integer() ? extent.get<int64_t>() : -1);
  bool hasRows = !x.type().hasStaticShape();
  int64_t known = 1, open = -1;
  for (auto [i, extent] : llvm::enumerate(shape)) {
    if (hasRows && i == 0 && extent == -1)
      continue;
    if (extent == -1 && open == -1)
      open = static_cast<int64_t>(i);
    else if (extent < 1 || llvm::MulOverflow(known, extent, known))
      call.fail("'newshape' must have positive extents and one -1 at the most");
  }
  bool keepsRows = !hasRows || (!shape.empty() && shape[0] == -1);
  int64_t elements = x.elementsPerRow();
  if (!keepsRows || (open == -1 ? elements != known : elements % known != 0))
    call.fail(fmt::format("cannot reshape {} to {} with the rows of the batch as they are",
                          describeShape(x.shape()),
                          printable(call.settings.raw("newshape").dump())));
  if (open != -1)
    shape[open] = elements / known;
  if (hasRows)
    shape[0] = ShapedType::kDynamic;
  return {x.reshape(shape)};
}

Tensors expandDimensions(OperationCall &call) {
  Tensor x = call.tensor("x");
  std::vector<int64_t> axes = readIntegers(call, "axis");
  int64_t rank = x.rank() + static_cast<int64_t>(axes.size());
  for (int64_t &axis : axes)
    axis = normalizeAxis(call.layer.place(), axis, rank);
  llvm::sort(axes);
  refuseRepeated(call.layer.place(), axes);
  llvm::SmallVector<int64_t> shape(x.shape());
  for (int64_t axis : axes)
    shape.insert(shape.begin() + axis, 1);
  if (!axes.empty())
    refuseBeforeRows(call, x, axes.front());
  return {x.reshape(shape)};
}

Tensors squeeze(OperationCall &call) {
  Tensor x = call.tensor("x");
  llvm::SmallVector<int64_t> axes = call.axes("axis", x.rank()), shape;
  bool all = !call.settings.has("axis");
  for (int64_t i = 0; i < x.rank(); ++i) {
    bool isNamed = llvm::is_contained(axes, i);
    if (isNamed && !all && x.dim(i) != 1)
      call.fail(
          fmt::format("cannot squeeze dimension {} of shape {}", i, describeShape(x.shape())));
    if (!isNamed || x.dim(i) != 1)
      shape.push_back(x.dim(i));
  }
  return {x.reshape(shape)};
}

//===--- Other orders of dimensions ----------------------------------------------------------===//

/// Refuses to move the rows from the first place.
Tensors permute(OperationCall &call, Tensor x, ArrayRef<int64_t> permutation) {
  if (x.rank() > 0 && permutation[0] != 0)
    refuseRows(call, x, 0, "moves");
  return {x.transpose(permutation)};
}

llvm::SmallVector<int64_t> identityPermutation(int64_t rank) {
  return llvm::to_vector(llvm::seq<int64_t>(0, rank));
}

Tensors transpose(OperationCall &call) {
  Tensor x = call.tensor("x");
  llvm::SmallVector<int64_t> permutation = identityPermutation(x.rank());
  if (!call.settings.has("axes")) {
    std::reverse(permutation.begin(), permutation.end());
    return permute(call, x, permutation);
  }
  std::vector<int64_t> axes = readIntegers(call, "axes");
  for (int64_t &axis : axes)
    axis = normalizeAxis(call.layer.place(), axis, x.rank());
  if (!std::is_permutation(axes.begin(), axes.end(), permutation.begin(), permutation.end()))
    call.fail(fmt::format("'axes' is no permutation of the dimensions of shape {}",
                          describeShape(x.shape())));
  return permute(call, x, axes);
}

Tensors swapAxes(OperationCall &call) {
  Tensor x = call.tensor("x");
  llvm::SmallVector<int64_t> permutation = identityPermutation(x.rank());
  std::swap(permutation[call.axis("axis1", 0, x.rank())],
            permutation[call.axis("axis2", 1, x.rank())]);
  return permute(call, x, permutation);
}

Tensors moveAxis(OperationCall &call) {
  Tensor x = call.tensor("x");
  std::vector<int64_t> from = readIntegers(call, "source"), to = readIntegers(call, "destination");
  if (from.size() != to.size())
    call.fail("'source' and 'destination' name different numbers of axes");
  llvm::SmallVector<int64_t> permutation(x.rank(), -1);
  llvm::SmallVector<bool> isMoved(x.rank(), false);
  for (auto [source, destination] : llvm::zip(from, to)) {
    int64_t s = normalizeAxis(call.layer.place(), source, x.rank());
    int64_t d = normalizeAxis(call.layer.place(), destination, x.rank());
    if (isMoved[s] || permutation[d] != -1)
      call.fail("'source' or 'destination' names an axis twice");
    permutation[d] = s;
    isMoved[s] = true;
  }
  int64_t next = 0;
  for (int64_t &dimension : permutation) {
    if (dimension != -1)
      continue;
    while (isMoved[next])
      ++next;
    dimension = next++;
  }
  return permute(call, x, permutation);
}

Tensors broadcastTo(OperationCall &call) {
  Tensor x = call.tensor("x");
  llvm::SmallVector<int64_t> shape;
  for (const json &extent : call.settings.raw("shape"))
    shape.push_back(extent.is_number_integer() ? extent.get<int64_t>() : ShapedType::kDynamic);
  int64_t added = static_cast<int64_t>(shape.size()) - x.rank();
  bool fits = added >= 0;
  for (int64_t i = 0; fits && i < x.rank(); ++i)
    fits = x.dim(i) == 1 || x.dim(i) == shape[added + i];
  if (!fits)
    call.fail(
        fmt::format("cannot broadcast {} to {}", describeShape(x.shape()), describeShape(shape)));
  return {x.broadcastTo(shape)};
}

} // namespace

llvm::ArrayRef<OperationEntry> shapeOperations() {
  static const OperationEntry entries[] = {
      {"BroadcastTo", {"x"}, broadcastTo}, {"ExpandDims", {"x"}, expandDimensions},
      {"Moveaxis", {"x"}, moveAxis},       {"Reshape", {"x"}, reshape},
      {"Squeeze", {"x"}, squeeze},         {"Swapaxes", {"x"}, swapAxes},
      {"Transpose", {"x"}, transpose},
  };
  return entries;
}

} // namespace lamina::frontend::keras
