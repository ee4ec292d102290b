// Zeros around images are the padding of the convolution that reads them, and of the gradient by
// its filter; what is cut off its result, as the gradient of such zeros is, need not be computed.
#include "passes/simplify/simplify_patterns.h"

#include "ir/dialect.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::passes {
namespace {

/// The padding of a convolution, or of a gradient by its filter, along the spatial dimensions.
struct Padding {
  llvm::SmallVector<int64_t, 3> low, high;
};

/// The padding of `op` together with the zeros of `pad` around its image; nothing where these are
/// along other dimensions or between elements, or are no zeros.
template <typename Op> std::optional<Padding> joinPadding(Op op, PadOp pad) {
  int64_t rank = op.getSpatialRank();
  auto isNone = [](ArrayRef<int64_t> extents, int64_t d) { return extents[d] == 0; };
  if (matchSplat(pad.getPaddingValue()) != 0.0 ||
      llvm::any_of(pad.getInterior(), [](int64_t count) { return count != 0; }) ||
      !isNone(pad.getLow(), 0) || !isNone(pad.getHigh(), 0) || !isNone(pad.getLow(), rank + 1) ||
      !isNone(pad.getHigh(), rank + 1))
    return std::nullopt;
  Padding result{llvm::SmallVector<int64_t, 3>(op.getLow()),
                 llvm::SmallVector<int64_t, 3>(op.getHigh())};
  for (int64_t d = 0; d < rank; ++d) {
    result.low[d] += pad.getLow()[d + 1] * op.getLhsDilation()[d];
    result.high[d] += pad.getHigh()[d + 1] * op.getLhsDilation()[d];
  }
  return result;
}

template <typename Op> struct TakeOverPadding : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    auto pad = op.getLhs().template getDefiningOp<PadOp>();
    std::optional<Padding> padding = pad ? joinPadding(op, pad) : std::nullopt;
    if (!padding)
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      op.getLhsMutable().assign(pad.getOperand());
      op.setLow(padding->low);
      op.setHigh(padding->high);
    });
    return success();
  }
};

/// A part of each image that a convolution makes, where nothing else reads them.
struct ConvolvePart : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SliceOp op, PatternRewriter &rewriter) const override {
    auto convolution = op.getOperand().getDefiningOp<ConvolutionOp>();
    if (!convolution || !convolution->hasOneUse() ||
        llvm::any_of(op.getStrides(), [](int64_t stride) { return stride != 1; }))
      return failure();
    RankedTensorType whole = convolution.getType(), part = op.getType();
    int64_t rank = convolution.getSpatialRank();
    if (whole.getDimSize(0) != part.getDimSize(0) ||
        whole.getDimSize(rank + 1) != part.getDimSize(rank + 1))
      return failure();
    llvm::SmallVector<int64_t> low(convolution.getLow()), high(convolution.getHigh());
    for (int64_t d = 0; d < rank; ++d) {
      int64_t stride = convolution.getStrides()[d], begin = op.getStartIndices()[d + 1];
      low[d] -= begin * stride;
      high[d] -= (whole.getDimSize(d + 1) - begin - part.getDimSize(d + 1)) * stride;
    }
    rewriter.modifyOpInPlace(convolution, [&] {
      convolution.setLow(low);
      convolution.setHigh(high);
      convolution.getOutput().setType(part);
    });
    rewriter.replaceOp(op, convolution);
    return success();
  }
};

} // namespace

void populateConvolutionPatterns(RewritePatternSet &patterns) {
  patterns.add<TakeOverPadding<ConvolutionOp>, TakeOverPadding<FilterGradientOp>, ConvolvePart>(
      patterns.getContext());
}

} // namespace lamina::passes
