// Shape inference and verification of operations that are not elementwise.
#include "ir/operations/inference.h"

using namespace mlir;

namespace lamina::ir {
namespace {

/// Dimensions must be increasing and within the rank.
bool areIncreasingDimensions(ArrayRef<int64_t> dimensions, int64_t rank) {
  int64_t previous = -1;
  for (int64_t dimension : dimensions) {
    if (dimension <= previous || dimension >= rank)
      return false;
    previous = dimension;
  }
  return true;
}

bool areDistinctDimensions(ArrayRef<int64_t> dimensions, int64_t rank) {
  llvm::SmallVector<bool> seen(rank, false);
  for (int64_t dimension : dimensions) {
    if (dimension < 0 || dimension >= rank || seen[dimension])
      return false;
    seen[dimension] = true;
  }
  return true;
}

llvm::SmallVector<int64_t> without(ArrayRef<int64_t> shape, ArrayRef<int64_t> dimensions) {
  llvm::SmallVector<int64_t> result;
  for (auto [index, extent] : llvm::enumerate(shape))
    if (!llvm::is_contained(dimensions, static_cast<int64_t>(index)))
      result.push_back(extent);
  return result;
}

llvm::SmallVector<int64_t> freeDimensions(int64_t rank, ArrayRef<int64_t> batching,
                                          ArrayRef<int64_t> contracting) {
  llvm::SmallVector<int64_t> result;
  for (int64_t dimension = 0; dimension < rank; ++dimension)
    if (!llvm::is_contained(batching, dimension) && !llvm::is_contained(contracting, dimension))
      result.push_back(dimension);
  return result;
}

} // namespace

//===--- compare, transpose ------------------------------------------------------------------===//

LogicalResult CompareOp::inferReturnTypes(MLIRContext *context, std::optional<Location>,
                                          ValueRange operands, DictionaryAttr, OpaqueProperties,
                                          RegionRange, Types &types) {
  types.push_back(typeOf(operands[0]).clone(IntegerType::get(context, 1)));
  return success();
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                            ValueRange operands, DictionaryAttr attributes,
                                            OpaqueProperties properties, RegionRange regions,
                                            Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  RankedTensorType type = typeOf(adaptor.getOperand());
  ArrayRef<int64_t> permutation = adaptor.getPermutation();
  if (static_cast<int64_t>(permutation.size()) != type.getRank() ||
      !areDistinctDimensions(permutation, type.getRank()))
    return refuse(loc, "transpose: dims are not a permutation of the dimensions of ", type);
  llvm::SmallVector<int64_t> shape;
  for (int64_t dimension : permutation)
    shape.push_back(type.getDimSize(dimension));
  types.push_back(type.clone(shape));
  return success();
}

//===--- broadcast_in_dim, reshape -----------------------------------------------------------===//

LogicalResult BroadcastInDimOp::verify() {
  RankedTensorType operand = getOperand().getType(), result = getType();
  ArrayRef<int64_t> dimensions = getBroadcastDimensions();
  if (operand.getElementType() != result.getElementType())
    return emitOpError("changes the element type: ") << operand << " to " << result;
  if (static_cast<int64_t>(dimensions.size()) != operand.getRank() ||
      !areIncreasingDimensions(dimensions, result.getRank()))
    return emitOpError("dims must be increasing, one dimension of ")
           << result << " for each of " << operand;
  for (auto [index, dimension] : llvm::enumerate(dimensions)) {
    int64_t from = operand.getDimSize(index), to = result.getDimSize(dimension);
    if (from != to && from != 1)
      return emitOpError("cannot repeat dimension ")
             << index << " of " << operand << " to dimension " << dimension << " of " << result;
  }
  return success();
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType operand = getOperand().getType(), result = getType();
  auto staticElements = [](RankedTensorType type) {
    int64_t elements = 1;
    for (int64_t extent : type.getShape())
      elements *= ShapedType::isDynamic(extent) ? 1 : extent;
    return elements;
  };
  auto leadingRows = [](RankedTensorType type) {
    return type.getRank() > 0 && type.isDynamicDim(0);
  };
  if (operand.getElementType() != result.getElementType())
    return emitOpError("changes the element type: ") << operand << " to " << result;
  if (operand.getNumDynamicDims() > 1 || result.getNumDynamicDims() > 1 ||
      operand.hasStaticShape() != result.hasStaticShape() ||
      (!operand.hasStaticShape() && !(leadingRows(operand) && leadingRows(result))))
    return emitOpError("keeps the rows as the leading dimension, got ")
           << operand << " to " << result;
  if (staticElements(operand) != staticElements(result))
    return emitOpError("changes the number of elements: ") << operand << " to " << result;
  return success();
}

//===--- slice, pad, concatenate -------------------------------------------------------------===//

LogicalResult SliceOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                        ValueRange operands, DictionaryAttr attributes,
                                        OpaqueProperties properties, RegionRange regions,
                                        Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  RankedTensorType type = typeOf(adaptor.getOperand());
  ArrayRef<int64_t> start = adaptor.getStartIndices(), limit = adaptor.getLimitIndices(),
                    strides = adaptor.getStrides();
  size_t rank = type.getRank();
  if (start.size() != rank || limit.size() != rank || strides.size() != rank)
    return refuse(loc, "slice: start, limit and strides need one entry for each dimension of ",
                  type);
  llvm::SmallVector<int64_t> shape;
  for (size_t i = 0; i < rank; ++i) {
    if (type.isDynamicDim(i)) {
      if (start[i] != 0 || limit[i] != -1 || strides[i] != 1)
        return refuse(loc, "slice: the row dimension of ", type, " is taken whole (0, -1, 1)");
      shape.push_back(ShapedType::kDynamic);
      continue;
    }
    if (start[i] < 0 || limit[i] <= start[i] || limit[i] > type.getDimSize(i) || strides[i] < 1)
      return refuse(loc, "slice: ", start[i], " to ", limit[i], " by ", strides[i],
                    " is not within dimension ", i, " of ", type);
    shape.push_back((limit[i] - start[i] + strides[i] - 1) / strides[i]);
  }
  types.push_back(type.clone(shape));
  return success();
}

LogicalResult PadOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                      ValueRange operands, DictionaryAttr attributes,
                                      OpaqueProperties properties, RegionRange regions,
                                      Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  RankedTensorType type = typeOf(adaptor.getOperand());
  ArrayRef<int64_t> low = adaptor.getLow(), high = adaptor.getHigh(),
                    interior = adaptor.getInterior();
  size_t rank = type.getRank();
  RankedTensorType padding = typeOf(adaptor.getPaddingValue());
  if (padding.getRank() != 0 || padding.getElementType() != type.getElementType())
    return refuse(loc, "pad: the padding value must be a scalar of the type of ", type, ", got ",
                  padding);
  if (low.size() != rank || high.size() != rank || interior.size() != rank)
    return refuse(loc, "pad: low, high and interior need one entry for each dimension of ", type);
  llvm::SmallVector<int64_t> shape;
  for (size_t i = 0; i < rank; ++i) {
    if (low[i] < 0 || high[i] < 0 || interior[i] < 0)
      return refuse(loc, "pad: negative padding of dimension ", i, " of ", type);
    if (type.isDynamicDim(i)) {
      if (low[i] != 0 || high[i] != 0 || interior[i] != 0)
        return refuse(loc, "pad: the row dimension of ", type, " cannot be padded");
      shape.push_back(ShapedType::kDynamic);
      continue;
    }
    int64_t extent = type.getDimSize(i);
    shape.push_back(low[i] + high[i] + extent + (extent - 1) * interior[i]);
  }
  types.push_back(type.clone(shape));
  return success();
}

LogicalResult ConcatenateOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                              ValueRange operands, DictionaryAttr attributes,
                                              OpaqueProperties properties, RegionRange regions,
                                              Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  if (operands.empty())
    return refuse(loc, "concatenate: needs at least one operand");
  RankedTensorType first = typeOf(operands[0]);
  int64_t dimension = static_cast<int64_t>(adaptor.getDimension());
  if (dimension < 0 || dimension >= first.getRank() || first.isDynamicDim(dimension))
    return refuse(loc, "concatenate: dimension ", dimension, " of ", first,
                  " is not one to concatenate along");
  int64_t extent = 0;
  for (Value operand : operands) {
    RankedTensorType type = typeOf(operand);
    if (type.getRank() != first.getRank() || type.getElementType() != first.getElementType() ||
        without(type.getShape(), {dimension}) != without(first.getShape(), {dimension}))
      return refuse(loc, "concatenate: ", first, " and ", type, " differ in more than dimension ",
                    dimension);
    extent += type.getDimSize(dimension);
  }
  llvm::SmallVector<int64_t> shape(first.getShape());
  shape[dimension] = extent;
  types.push_back(first.clone(shape));
  return success();
}

//===--- reduce, argmax, dot_general ---------------------------------------------------------===//

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         ValueRange operands, DictionaryAttr attributes,
                                         OpaqueProperties properties, RegionRange regions,
                                         Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  RankedTensorType type = typeOf(adaptor.getOperand());
  ArrayRef<int64_t> dimensions = adaptor.getDimensions();
  if (!areIncreasingDimensions(dimensions, type.getRank()))
    return refuse(loc, "reduce: dims must be increasing dimensions of ", type);
  bool logical =
      adaptor.getKind() == ReductionKind::and_ || adaptor.getKind() == ReductionKind::or_;
  if (logical != type.getElementType().isInteger(1))
    return refuse(loc, "reduce: ", stringifyReductionKind(adaptor.getKind()), " does not apply to ",
                  type);
  types.push_back(type.clone(without(type.getShape(), dimensions)));
  return success();
}

LogicalResult ArgmaxOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                         ValueRange operands, DictionaryAttr attributes,
                                         OpaqueProperties properties, RegionRange regions,
                                         Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  RankedTensorType type = typeOf(adaptor.getOperand());
  int64_t dimension = static_cast<int64_t>(adaptor.getDimension());
  if (dimension < 0 || dimension >= type.getRank() || type.isDynamicDim(dimension))
    return refuse(loc, "argmax: dimension ", dimension, " of ", type, " is not one to search");
  types.push_back(
      RankedTensorType::get(without(type.getShape(), {dimension}), IntegerType::get(context, 32)));
  return success();
}

llvm::SmallVector<int64_t> DotGeneralOp::getLhsFreeDimensions() {
  return freeDimensions(getLhs().getType().getRank(), getLhsBatchingDimensions(),
                        getLhsContractingDimensions());
}

llvm::SmallVector<int64_t> DotGeneralOp::getRhsFreeDimensions() {
  return freeDimensions(getRhs().getType().getRank(), getRhsBatchingDimensions(),
                        getRhsContractingDimensions());
}

LogicalResult DotGeneralOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                             ValueRange operands, DictionaryAttr attributes,
                                             OpaqueProperties properties, RegionRange regions,
                                             Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  RankedTensorType lhs = typeOf(adaptor.getLhs()), rhs = typeOf(adaptor.getRhs());
  ArrayRef<int64_t> lhsBatching = adaptor.getLhsBatchingDimensions(),
                    rhsBatching = adaptor.getRhsBatchingDimensions(),
                    lhsContracting = adaptor.getLhsContractingDimensions(),
                    rhsContracting = adaptor.getRhsContractingDimensions();
  auto joined = [](ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
    llvm::SmallVector<int64_t> all(a);
    all.append(b.begin(), b.end());
    return all;
  };
  if (lhs.getElementType() != rhs.getElementType())
    return refuse(loc, "dot_general: element types of ", lhs, " and ", rhs, " differ");
  if (!areDistinctDimensions(joined(lhsBatching, lhsContracting), lhs.getRank()) ||
      !areDistinctDimensions(joined(rhsBatching, rhsContracting), rhs.getRank()))
    return refuse(loc, "dot_general: batching and contracting dimensions must be distinct ones of ",
                  lhs, " and ", rhs);
  if (lhsBatching.size() != rhsBatching.size() || lhsContracting.size() != rhsContracting.size())
    return refuse(loc, "dot_general: needs as many dimensions of ", lhs, " as of ", rhs);
  llvm::SmallVector<int64_t> shape;
  for (auto [l, r] : llvm::zip(lhsBatching, rhsBatching)) {
    if (lhs.getDimSize(l) != rhs.getDimSize(r))
      return refuse(loc, "dot_general: batching dimension ", l, " of ", lhs,
                    " does not match dimension ", r, " of ", rhs);
    shape.push_back(lhs.getDimSize(l));
  }
  for (auto [l, r] : llvm::zip(lhsContracting, rhsContracting))
    if (lhs.getDimSize(l) != rhs.getDimSize(r))
      return refuse(loc, "dot_general: contracting dimension ", l, " of ", lhs,
                    " does not match dimension ", r, " of ", rhs);
  for (int64_t dimension : freeDimensions(lhs.getRank(), lhsBatching, lhsContracting))
    shape.push_back(lhs.getDimSize(dimension));
  for (int64_t dimension : freeDimensions(rhs.getRank(), rhsBatching, rhsContracting))
    shape.push_back(rhs.getDimSize(dimension));
  types.push_back(RankedTensorType::get(shape, lhs.getElementType()));
  return success();
}

} // namespace lamina::ir
