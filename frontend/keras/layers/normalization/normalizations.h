#pragma once

#include "frontend/keras/layers/layers.h"

/// Formulas that the normalization layers have in common.
namespace lamina::frontend::keras {

struct Moments {
  Tensor mean, variance; ///< biased
};

/// Mean and variance over `dimensions`, which vanish. The variance's gradient by the mean is zero.
Moments computeMoments(Tensor x, llvm::ArrayRef<int64_t> dimensions);

/// x * inverse + (beta - mean * inverse) with inverse = gamma / sqrt(variance + epsilon); all but x
/// broadcast to x. Gamma and beta may be null.
Tensor normalize(Tensor x, Moments moments, Tensor gamma, Tensor beta, double epsilon);

/// Each row normalized over `dimensions`; with `rmsScaling` only divided by the deviation. Gamma
/// and beta broadcast to x and may be null.
Tensor normalizeLayer(Tensor x, llvm::ArrayRef<int64_t> dimensions, Tensor gamma, Tensor beta,
                      double epsilon, bool rmsScaling);
/// x / sqrt(mean x^2 + epsilon) over `dimensions`.
Tensor normalizeMagnitude(Tensor x, llvm::ArrayRef<int64_t> dimensions, double epsilon);

/// `axes` counted from the front, in their order: different ones, at least one, not the rows.
llvm::SmallVector<int64_t> findDimensions(const Place &place, llvm::ArrayRef<int64_t> axes,
                                          int64_t rank);

/// Gamma and beta, as most of these layers have them.
struct ScaleAndCenter {
  bool scale, center;
  VariableDeclaration gamma, beta;

  explicit ScaleAndCenter(Config &config);

  std::vector<VariableDeclaration> declare(llvm::ArrayRef<int64_t> shape) const;
  size_t count() const { return size_t(scale) + size_t(center); }
  /// In `shape`; null where there is none.
  Tensor readGamma(LayerCall &call, llvm::ArrayRef<int64_t> shape) const {
    return scale ? call.variable(0).reshape(shape) : Tensor();
  }
  Tensor readBeta(LayerCall &call, llvm::ArrayRef<int64_t> shape) const {
    return center ? call.variable(scale ? 1 : 0).reshape(shape) : Tensor();
  }
};

/// Refuses an input whose extents at `dimensions` are not `shape`, that of the layer's weights.
void checkWeightShape(const LayerCall &call, Tensor x, llvm::ArrayRef<int64_t> dimensions,
                      llvm::ArrayRef<int64_t> shape);

} // namespace lamina::frontend::keras
