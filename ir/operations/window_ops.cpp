// Shape inference and verification of convolutions, windows and lookups.
#include "ir/operations/inference.h"
#include "ir/operations/winograd.h"

using namespace mlir;

namespace lamina::ir {
namespace {

using Extents = ArrayRef<int64_t>;

/// N x S... x C with one to three static spatial dimensions and static channels.
bool isImage(RankedTensorType type) {
  return type.getRank() >= 3 && type.getRank() <= 5 &&
         llvm::none_of(type.getShape().drop_front(), ShapedType::isDynamic);
}

bool areAtLeast(Extents values, int64_t least) {
  return llvm::all_of(values, [&](int64_t value) { return value >= least; });
}

//===--- Convolution -------------------------------------------------------------------------===//

/// Attributes that `convolution` and `filter_gradient` share.
struct ConvolutionAttributes {
  Extents strides, low, high, lhsDilation, rhsDilation;
  int64_t groups;
  bool reversed;

  template <typename Source> static ConvolutionAttributes of(Source &&source) {
    return {source.getStrides(),     source.getLow(),
            source.getHigh(),        source.getLhsDilation(),
            source.getRhsDilation(), static_cast<int64_t>(source.getGroups()),
            source.getReversed()};
  }

  WindowAxis axis(int64_t i, int64_t input, int64_t window) const {
    WindowAxis axis{.input = input,
                    .window = window,
                    .stride = strides[i],
                    .low = low[i],
                    .inputDilation = lhsDilation[i],
                    .windowDilation = rhsDilation[i],
                    .reversed = reversed};
    int64_t padded = (input - 1) * lhsDilation[i] + 1 + low[i] + high[i];
    axis.output = padded < axis.span() ? 0 : (padded - axis.span()) / strides[i] + 1;
    return axis;
  }
};

LogicalResult checkAttributes(std::optional<Location> loc, StringRef name, RankedTensorType lhs,
                              const ConvolutionAttributes &a) {
  if (!isImage(lhs))
    return refuse(loc, name, ": ", lhs,
                  " is not rows x one to three spatial dimensions x channels");
  size_t spatial = lhs.getRank() - 2;
  for (Extents extents : {a.strides, a.low, a.high, a.lhsDilation, a.rhsDilation})
    if (extents.size() != spatial)
      return refuse(loc, name, ": strides, low, high and dilations need one entry for each of ",
                    spatial, " spatial dimensions");
  if (!areAtLeast(a.strides, 1) || !areAtLeast(a.lhsDilation, 1) || !areAtLeast(a.rhsDilation, 1) ||
      a.groups < 1)
    return refuse(loc, name, ": strides, dilations and groups must be positive");
  for (auto [stride, dilation] : llvm::zip(a.strides, a.lhsDilation))
    if (stride != 1 && dilation != 1)
      return refuse(loc, name, ": a dimension has both stride ", stride, " and lhs_dilation ",
                    dilation);
  return success();
}

/// The type of a convolution's result.
FailureOr<RankedTensorType> inferConvolution(std::optional<Location> loc, StringRef name,
                                             RankedTensorType lhs, RankedTensorType rhs,
                                             const ConvolutionAttributes &a) {
  if (failed(checkAttributes(loc, name, lhs, a)))
    return failure();
  if (rhs.getRank() != lhs.getRank() || !rhs.hasStaticShape() ||
      lhs.getElementType() != rhs.getElementType())
    return refuse(loc, name, ": ", rhs, " is not a filter for ", lhs);
  int64_t spatial = lhs.getRank() - 2, channels = lhs.getShape().back();
  int64_t filters = rhs.getShape().back();
  if (rhs.getDimSize(spatial) * a.groups != channels || filters % a.groups != 0)
    return refuse(loc, name, ": ", a.groups, " groups of ", rhs.getDimSize(spatial),
                  " channels do not make the ", channels, " channels of ", lhs, " and ", filters,
                  " filters");
  llvm::SmallVector<int64_t> shape{lhs.getDimSize(0)};
  for (int64_t i = 0; i < spatial; ++i) {
    WindowAxis axis = a.axis(i, lhs.getDimSize(i + 1), rhs.getDimSize(i));
    if (axis.output < 1)
      return refuse(loc, name, ": a window of ", axis.span(), " does not fit ", axis.input,
                    " elements of spatial dimension ", i, " padded by ", a.low[i], " and ",
                    a.high[i]);
    shape.push_back(axis.output);
  }
  shape.push_back(filters);
  return lhs.clone(shape);
}

/// 3 x 3 taps without strides, dilations and groups.
bool isPlain(const ConvolutionAttributes &a, RankedTensorType filter) {
  auto areOnes = [](Extents values) { return llvm::all_equal(values) && values.front() == 1; };
  return filter.getRank() == 4 && filter.getDimSize(0) == kWinogradTaps &&
         filter.getDimSize(1) == kWinogradTaps && a.groups == 1 && areOnes(a.strides) &&
         areOnes(a.lhsDilation) && areOnes(a.rhsDilation);
}

//===--- Windows -----------------------------------------------------------------------------===//

/// Attributes that `reduce_window`, `argmax_window` and `window_scatter` share.
struct WindowAttributes {
  Extents window, strides, low, high;

  template <typename Source> static WindowAttributes of(Source &&source) {
    return {source.getWindow(), source.getStrides(), source.getLow(), source.getHigh()};
  }

  WindowAxis axis(int64_t i, int64_t input) const {
    WindowAxis axis{.input = input, .window = window[i], .stride = strides[i], .low = low[i]};
    int64_t padded = input + low[i] + high[i];
    axis.output = padded < window[i] ? 0 : (padded - window[i]) / strides[i] + 1;
    return axis;
  }

  int64_t volume() const {
    int64_t elements = 1;
    for (int64_t extent : window)
      elements *= extent;
    return elements;
  }
};

/// The shape of the result of windows over `operand`.
FailureOr<llvm::SmallVector<int64_t>> inferWindows(std::optional<Location> loc, StringRef name,
                                                   RankedTensorType operand,
                                                   const WindowAttributes &a) {
  if (!isImage(operand))
    return refuse(loc, name, ": ", operand,
                  " is not rows x one to three spatial dimensions x channels");
  size_t spatial = operand.getRank() - 2;
  for (Extents extents : {a.window, a.strides, a.low, a.high})
    if (extents.size() != spatial)
      return refuse(loc, name, ": window, strides, low and high need one entry for each of ",
                    spatial, " spatial dimensions");
  if (!areAtLeast(a.window, 1) || !areAtLeast(a.strides, 1) || !areAtLeast(a.low, 0) ||
      !areAtLeast(a.high, 0))
    return refuse(loc, name, ": windows and strides must be positive, padding not negative");
  llvm::SmallVector<int64_t> shape{operand.getDimSize(0)};
  for (size_t i = 0; i < spatial; ++i) {
    WindowAxis axis = a.axis(i, operand.getDimSize(i + 1));
    if (a.low[i] >= a.window[i] || a.high[i] >= a.window[i])
      return refuse(loc, name, ": padding of ", a.low[i], " and ", a.high[i],
                    " is not smaller than the window of ", a.window[i]);
    if (axis.output < 1)
      return refuse(loc, name, ": a window of ", axis.window, " does not fit ", axis.input,
                    " elements of spatial dimension ", i, " padded by ", a.low[i], " and ",
                    a.high[i]);
    shape.push_back(axis.output);
  }
  shape.push_back(operand.getShape().back());
  return shape;
}

Type placesType(MLIRContext *context, const WindowAttributes &a) {
  return IntegerType::get(context, a.volume() <= 128 ? 8 : 32);
}

//===--- Lookup ------------------------------------------------------------------------------===//

FailureOr<llvm::SmallVector<int64_t>> inferGather(std::optional<Location> loc, StringRef name,
                                                  RankedTensorType operand,
                                                  RankedTensorType indices, int64_t dimension,
                                                  int64_t batching) {
  if (dimension < 0 || dimension >= operand.getRank() || operand.isDynamicDim(dimension))
    return refuse(loc, name, ": dimension ", dimension, " of ", operand, " is not one to look up");
  if (batching < 0 || batching > dimension || batching > indices.getRank() ||
      operand.getShape().take_front(batching) != indices.getShape().take_front(batching))
    return refuse(loc, name, ": ", operand, " and ", indices, " do not begin with the same ",
                  batching, " dimensions before dimension ", dimension);
  llvm::SmallVector<int64_t> shape(operand.getShape().take_front(dimension));
  shape.append(indices.getShape().begin() + batching, indices.getShape().end());
  shape.append(operand.getShape().begin() + dimension + 1, operand.getShape().end());
  if (llvm::count_if(shape, ShapedType::isDynamic) > 1)
    return refuse(loc, name, ": both ", operand, " and ", indices, " have rows");
  return shape;
}

} // namespace

//===--- convolution, filter_gradient --------------------------------------------------------===//

LogicalResult ConvolutionOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                              ValueRange operands, DictionaryAttr attributes,
                                              OpaqueProperties properties, RegionRange regions,
                                              Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  FailureOr<RankedTensorType> type =
      inferConvolution(loc, "convolution", typeOf(adaptor.getLhs()), typeOf(adaptor.getRhs()),
                       ConvolutionAttributes::of(adaptor));
  if (failed(type))
    return failure();
  types.push_back(*type);
  return success();
}

WindowAxis ConvolutionOp::getAxis(int64_t i) {
  return ConvolutionAttributes::of(*this).axis(i, getLhs().getType().getDimSize(i + 1),
                                               getRhs().getType().getDimSize(i));
}

RankedTensorType FilterGradientOp::getFilterType() {
  return getSlice()
             ? RankedTensorType::get(getType().getShape().drop_front(), getType().getElementType())
             : getType();
}

LogicalResult FilterGradientOp::verify() {
  if (getSlice() && (*getSlice() < 1 || getType().getRank() == 0 || getType().isDynamicDim(0)))
    return emitOpError("needs slices of at least one image and a known number of them");
  FailureOr<RankedTensorType> type =
      inferConvolution(getLoc(), "filter_gradient", getLhs().getType(), getFilterType(),
                       ConvolutionAttributes::of(*this));
  if (failed(type))
    return failure();
  if (*type != getGradient().getType())
    return emitOpError("needs a gradient of type ") << *type << ", got " << getGradient().getType();
  if (getWinograd() && (!isWinogradSide(*getWinograd()) || !fitsWinograd(*this)))
    return emitOpError("needs squares of 2 or 4 rows and columns, and 3 x 3 taps without strides, "
                       "dilations, groups and reversal, for winograd = ")
           << *getWinograd();
  return success();
}

bool fitsWinograd(ConvolutionOp op) {
  return isPlain(ConvolutionAttributes::of(op), op.getRhs().getType());
}

bool fitsWinograd(FilterGradientOp op) {
  return isPlain(ConvolutionAttributes::of(op), op.getFilterType()) && !op.getReversed();
}

WindowAxis FilterGradientOp::getAxis(int64_t i) {
  return ConvolutionAttributes::of(*this).axis(i, getLhs().getType().getDimSize(i + 1),
                                               getFilterType().getDimSize(i));
}

//===--- reduce_window, argmax_window, window_scatter ----------------------------------------===//

LogicalResult ReduceWindowOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                               ValueRange operands, DictionaryAttr attributes,
                                               OpaqueProperties properties, RegionRange regions,
                                               Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  RankedTensorType type = typeOf(adaptor.getOperand());
  if (adaptor.getKind() != ReductionKind::add && adaptor.getKind() != ReductionKind::maximum)
    return refuse(loc, "reduce_window: windows combine by add or maximum");
  auto shape = inferWindows(loc, "reduce_window", type, WindowAttributes::of(adaptor));
  if (failed(shape))
    return failure();
  types.push_back(type.clone(*shape));
  return success();
}

WindowAxis ReduceWindowOp::getAxis(int64_t i) {
  return WindowAttributes::of(*this).axis(i, getOperand().getType().getDimSize(i + 1));
}

LogicalResult ArgmaxWindowOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                               ValueRange operands, DictionaryAttr attributes,
                                               OpaqueProperties properties, RegionRange regions,
                                               Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  WindowAttributes windows = WindowAttributes::of(adaptor);
  auto shape = inferWindows(loc, "argmax_window", typeOf(adaptor.getOperand()), windows);
  if (failed(shape))
    return failure();
  types.push_back(RankedTensorType::get(*shape, placesType(context, windows)));
  return success();
}

WindowAxis ArgmaxWindowOp::getAxis(int64_t i) {
  return WindowAttributes::of(*this).axis(i, getOperand().getType().getDimSize(i + 1));
}

LogicalResult WindowScatterOp::verify() {
  WindowAttributes windows = WindowAttributes::of(*this);
  auto shape = inferWindows(getLoc(), "window_scatter", getType(), windows);
  if (failed(shape))
    return failure();
  RankedTensorType source = getType().clone(*shape);
  if (source != getSource().getType())
    return emitOpError("needs a source of type ") << source << ", got " << getSource().getType();
  auto places = RankedTensorType::get(*shape, placesType(getContext(), windows));
  if (getPlaces() && getPlaces().getType() != places)
    return emitOpError("needs places of type ") << places << ", got " << getPlaces().getType();
  return success();
}

WindowAxis WindowScatterOp::getAxis(int64_t i) {
  return WindowAttributes::of(*this).axis(i, getType().getDimSize(i + 1));
}

//===--- gather, scatter ---------------------------------------------------------------------===//

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         ValueRange operands, DictionaryAttr attributes,
                                         OpaqueProperties properties, RegionRange regions,
                                         Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  RankedTensorType type = typeOf(adaptor.getOperand());
  auto shape = inferGather(loc, "gather", type, typeOf(adaptor.getIndices()),
                           adaptor.getDimension(), adaptor.getBatching());
  if (failed(shape))
    return failure();
  types.push_back(type.clone(*shape));
  return success();
}

LogicalResult ScatterOp::verify() {
  auto shape = inferGather(getLoc(), "scatter", getType(), getIndices().getType(), getDimension(),
                           getBatching());
  if (failed(shape))
    return failure();
  RankedTensorType updates = getType().clone(*shape);
  if (updates != getUpdates().getType())
    return emitOpError("needs updates of type ") << updates << ", got " << getUpdates().getType();
  return success();
}

} // namespace lamina::ir
