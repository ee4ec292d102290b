#include "frontend/keras/layers/normalization/normalizations.h"

using namespace mlir;

namespace lamina::frontend::keras {

Moments computeMoments(Tensor x, ArrayRef<int64_t> dimensions) {
  Tensor average = mean(x, dimensions);
  Tensor deviation = x - spread(stopGradient(average), dimensions, x);
  return {average, mean(square(deviation), dimensions)};
}

Tensor normalize(Tensor x, Moments moments, Tensor gamma, Tensor beta, double epsilon) {
  Tensor inverse = rsqrt(moments.variance + epsilon);
  if (gamma)
    inverse = inverse * gamma;
  Tensor shift = moments.mean * inverse;
  return x * inverse + (beta ? beta - shift : -shift);
}

Tensor normalizeLayer(Tensor x, ArrayRef<int64_t> dimensions, Tensor gamma, Tensor beta,
                      double epsilon, bool rmsScaling) {
  llvm::SmallVector<int64_t> kept(x.shape());
  for (int64_t dimension : dimensions)
    kept[dimension] = 1;
  Moments moments = computeMoments(x, dimensions);
  moments = {moments.mean.reshape(kept), moments.variance.reshape(kept)};
  if (!rmsScaling)
    return normalize(x, moments, gamma, beta, epsilon);
  Tensor y = x * rsqrt(moments.variance + epsilon);
  return gamma ? y * gamma : y;
}

Tensor normalizeMagnitude(Tensor x, ArrayRef<int64_t> dimensions, double epsilon) {
  return x * spread(rsqrt(mean(square(x), dimensions) + epsilon), dimensions, x);
}

llvm::SmallVector<int64_t> findDimensions(const Place &place, ArrayRef<int64_t> axes,
                                          int64_t rank) {
  llvm::SmallVector<int64_t> dimensions;
  for (int64_t axis : axes) {
    dimensions.push_back(normalizeAxis(place, axis, rank));
    if (dimensions.back() == 0 || llvm::count(dimensions, dimensions.back()) > 1)
      place.fail("'axis' must name different dimensions other than the rows");
  }
  if (dimensions.empty())
    place.fail("'axis' must name a dimension");
  return dimensions;
}

ScaleAndCenter::ScaleAndCenter(Config &config)
    : scale(config.boolean("scale", true)), center(config.boolean("center", true)),
      gamma(readVariable(config, "gamma", "ones")), beta(readVariable(config, "beta", "zeros")) {}

std::vector<VariableDeclaration> ScaleAndCenter::declare(ArrayRef<int64_t> shape) const {
  std::vector<VariableDeclaration> variables;
  if (scale)
    variables.push_back(gamma);
  if (center)
    variables.push_back(beta);
  for (VariableDeclaration &variable : variables)
    variable.shape.assign(shape.begin(), shape.end());
  return variables;
}

void checkWeightShape(const LayerCall &call, Tensor x, ArrayRef<int64_t> dimensions,
                      ArrayRef<int64_t> shape) {
  for (auto [dimension, extent] : llvm::zip_equal(dimensions, shape))
    if (x.dim(dimension) != extent)
      call.fail(fmt::format("its weights have shape {} but the input has shape {}",
                            describeShape(shape), describeShape(x.shape())));
}

} // namespace lamina::frontend::keras
