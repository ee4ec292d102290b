#pragma once

#include <optional>

#include "mlir/IR/PatternMatch.h"

/// The rewrites of the `simplify` pass by topic.
namespace lamina::passes {

/// Of arithmetic: signs, selections, powers, divisions (declared in simplify.td).
void populateArithmeticPatterns(mlir::RewritePatternSet &patterns);
/// Of repeated elements: work is done before they are repeated.
void populateBroadcastPatterns(mlir::RewritePatternSet &patterns);
/// Of dot_general with transposed operands or result.
void populateContractionPatterns(mlir::RewritePatternSet &patterns);
/// Zeros around the images of convolutions, and parts of what they make.
void populateConvolutionPatterns(mlir::RewritePatternSet &patterns);
/// Of sums of padded tensors.
void populatePadPatterns(mlir::RewritePatternSet &patterns);
/// Loops: what does not change or is not needed.
void populateScanPatterns(mlir::RewritePatternSet &patterns);
/// Loops: work in front of them and behind them that need not be in them.
void populateHoistPatterns(mlir::RewritePatternSet &patterns);

/// The number that all elements of a constant or of a repeated constant have.
std::optional<double> matchSplat(mlir::Value value);

} // namespace lamina::passes
