// Shape inference of convolutions by Winograd's minimal filtering. They are made from convolutions
// when gradients stand, so they have no gradient rules.
#include "ir/operations/inference.h"
#include "ir/operations/winograd.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace lamina::ir {
namespace {

LogicalResult checkTile(std::optional<Location> loc, StringRef name, int64_t tile) {
  if (isWinogradSide(tile))
    return success();
  return refuse(loc, name, ": squares have 2 or 4 rows and columns, not ", tile);
}

/// The shape of a filter at the points.
llvm::SmallVector<int64_t> filterShape(int64_t channels, int64_t filters, int64_t tile) {
  int64_t points = winogradPoints(tile);
  return {static_cast<int64_t>(llvm::divideCeil(filters, kWinogradPanel)),
          static_cast<int64_t>(llvm::divideCeil(channels, kWinogradChannels)), points * points,
          kWinogradChannels, kWinogradPanel};
}

} // namespace

LogicalResult WinogradFilterOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                                 ValueRange operands, DictionaryAttr attributes,
                                                 OpaqueProperties properties, RegionRange regions,
                                                 Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  RankedTensorType type = typeOf(adaptor.getFilter());
  auto tile = static_cast<int64_t>(adaptor.getTile());
  if (failed(checkTile(loc, "winograd_filter", tile)))
    return failure();
  if (type.getRank() != 4 || !type.hasStaticShape() || type.getDimSize(0) != kWinogradTaps ||
      type.getDimSize(1) != kWinogradTaps)
    return refuse(loc, "winograd_filter: ", type, " is not 3 x 3 x channels x filters");
  types.push_back(type.clone(filterShape(type.getDimSize(2), type.getDimSize(3), tile)));
  return success();
}

LogicalResult WinogradConvolutionOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                                      ValueRange operands,
                                                      DictionaryAttr attributes,
                                                      OpaqueProperties properties,
                                                      RegionRange regions, Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  RankedTensorType lhs = typeOf(adaptor.getLhs());
  auto tile = static_cast<int64_t>(adaptor.getTile());
  auto filters = static_cast<int64_t>(adaptor.getFilters());
  if (failed(checkTile(loc, "winograd_convolution", tile)))
    return failure();
  if (lhs.getRank() != 4 || llvm::any_of(lhs.getShape().drop_front(), ShapedType::isDynamic))
    return refuse(loc, "winograd_convolution: ", lhs,
                  " is not rows x two spatial dimensions x channels");
  if (adaptor.getLow().size() != 2 || adaptor.getHigh().size() != 2)
    return refuse(loc, "winograd_convolution: low and high need one entry for each of 2 spatial "
                       "dimensions");
  if (filters < 1)
    return refuse(loc, "winograd_convolution: filters must be positive");
  RankedTensorType needed = lhs.clone(filterShape(lhs.getShape().back(), filters, tile));
  if (typeOf(adaptor.getFilter()) != needed)
    return refuse(loc, "winograd_convolution: needs a filter of type ", needed, ", got ",
                  typeOf(adaptor.getFilter()));
  llvm::SmallVector<int64_t> shape{lhs.getDimSize(0)};
  for (int64_t i = 0; i < 2; ++i) {
    int64_t padded = lhs.getDimSize(i + 1) + adaptor.getLow()[i] + adaptor.getHigh()[i];
    if (padded < kWinogradTaps)
      return refuse(loc, "winograd_convolution: a window of 3 does not fit ", lhs.getDimSize(i + 1),
                    " elements of spatial dimension ", i, " padded by ", adaptor.getLow()[i],
                    " and ", adaptor.getHigh()[i]);
    shape.push_back(padded - (kWinogradTaps - 1));
  }
  shape.push_back(filters);
  types.push_back(lhs.clone(shape));
  return success();
}

WindowAxis WinogradConvolutionOp::getAxis(int64_t i) {
  return {.input = getLhs().getType().getDimSize(i + 1),
          .output = getType().getDimSize(i + 1),
          .window = kWinogradTaps,
          .low = getLow()[i]};
}

LogicalResult WinogradFilterOp::buildGradient(OpBuilder &, ValueRange, SmallVectorImpl<Value> &) {
  return emitOpError("has no gradient rule: gradients are those of convolutions");
}

LogicalResult WinogradConvolutionOp::buildGradient(OpBuilder &, ValueRange,
                                                   SmallVectorImpl<Value> &) {
  return emitOpError("has no gradient rule: gradients are those of convolutions");
}

} // namespace lamina::ir
