#pragma once

#include "ir/operations/winograd.h"

/// Whether Winograd's minimal filtering pays: an estimate in cycles of one thread.
namespace lamina::passes {

/// Cycles of the direct kernel for `multiplyAdds`, which the cost interface counts.
double estimateDirect(double multiplyAdds, int64_t filters, int64_t lanes);

/// Cycles for one image in squares of `side` x `side` outputs and vectors of `lanes` elements.
using WinogradEstimate = double (*)(const ir::WinogradShape &shape, int64_t side, int64_t lanes);
/// Transforms, products, and the filter at the points, which takes its way through memory once per
/// batch.
double estimateWinograd(const ir::WinogradShape &shape, int64_t side, int64_t lanes);
/// The same for the gradient by the filter.
double estimateWinogradGradient(const ir::WinogradShape &shape, int64_t side, int64_t lanes);

/// The squares' side with the least cycles; 0 where the direct kernel with its `direct` cycles for
/// an image takes about as long.
int64_t chooseWinogradSide(double direct, const ir::WinogradShape &shape, int64_t lanes,
                           WinogradEstimate estimate);

} // namespace lamina::passes
