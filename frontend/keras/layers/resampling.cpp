// keras/src/backend/tensorflow/image.py and TensorFlow's kernels below it:
// resize_nearest_neighbor_op, resize_bilinear_op, resize_bicubic_op, resize_area_op and
// scale_and_translate_op.
#include "frontend/keras/layers/resampling.h"

#include <cmath>
#include <numbers>

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

constexpr std::pair<llvm::StringLiteral, Interpolation> kInterpolations[] = {
    {"nearest", Interpolation::Nearest},   {"bilinear", Interpolation::Bilinear},
    {"bicubic", Interpolation::Bicubic},   {"lanczos3", Interpolation::Lanczos3},
    {"lanczos5", Interpolation::Lanczos5}, {"area", Interpolation::Area}};

/// Where the n elements of a dimension are looked at for `outputs` ones: at the centers of equal
/// parts, in single precision as TensorFlow computes them.
llvm::SmallVector<float> findCenters(int64_t n, int64_t outputs) {
  float scale = static_cast<float>(n) / static_cast<float>(outputs);
  llvm::SmallVector<float> centers;
  for (int64_t i = 0; i < outputs; ++i)
    centers.push_back((static_cast<float>(i) + 0.5f) * scale);
  return centers;
}

Tensor resampleNearest(Tensor x, int64_t dimension, int64_t outputs) {
  int64_t n = x.dim(dimension);
  llvm::SmallVector<int64_t> places;
  for (float center : findCenters(n, outputs))
    places.push_back(std::min(static_cast<int64_t>(std::floor(center)), n - 1));
  return pick(x, dimension, places);
}

/// Between the two elements around each center; at the border the outermost one.
Tensor resampleLinear(Tensor x, int64_t dimension, int64_t outputs) {
  int64_t n = x.dim(dimension);
  llvm::SmallVector<int64_t> low, high, shape(x.rank() - dimension, 1);
  llvm::SmallVector<double> fractions;
  for (float center : findCenters(n, outputs)) {
    float place = center - 0.5f, below = std::floor(place);
    low.push_back(std::max<int64_t>(static_cast<int64_t>(below), 0));
    high.push_back(std::min(static_cast<int64_t>(std::ceil(place)), n - 1));
    fractions.push_back(place - below);
  }
  shape[0] = outputs;
  Tensor first = pick(x, dimension, low), second = pick(x, dimension, high);
  return first + (second - first) * x.emit().constant(fractions, shape);
}

/// Weights of n elements in each of `outputs` ones: a matrix, row by row.
class Weights {
public:
  Weights(int64_t n, int64_t outputs) : n(n), outputs(outputs), values(n * outputs) {}

  /// The weights that `weigh` gives the elements [begin, end) for an output, divided by their sum.
  void set(int64_t output, int64_t begin, int64_t end, llvm::function_ref<double(int64_t)> weigh) {
    double sum = 0;
    for (int64_t i = std::max<int64_t>(begin, 0); i < std::min(end, n); ++i)
      sum += values[output * n + i] = weigh(i);
    for (int64_t i = 0; i < n; ++i)
      values[output * n + i] /= sum;
  }

  Tensor apply(Tensor x, int64_t dimension) const {
    Tensor y = dot(x, x.emit().constant(x.elementType(), values, {outputs, n}), dimension, 1);
    auto order = llvm::to_vector(llvm::seq<int64_t>(0, y.rank() - 1));
    order.insert(order.begin() + dimension, y.rank() - 1);
    return y.transpose(order);
  }

private:
  int64_t n, outputs;
  std::vector<double> values;
};

/// Keys' cubic convolution (1981) at a distance, with a = -1/2.
double cubicKernel(double x) {
  x = std::abs(x);
  if (x >= 2)
    return 0;
  return x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : (1.5 * x - 2.5) * x * x + 1;
}

double lanczosKernel(double x, double radius) {
  x = std::abs(x);
  if (x >= radius)
    return 0;
  double angle = std::numbers::pi * x;
  return x <= 1e-3 ? 1 : radius * std::sin(angle) * std::sin(angle / radius) / (angle * angle);
}

/// Distances are rounded to multiples of 1/1024: TensorFlow reads its weights from a table.
Weights cubicWeights(int64_t n, int64_t outputs) {
  constexpr double kSteps = 1024;
  Weights weights(n, outputs);
  for (auto [output, center] : llvm::enumerate(findCenters(n, outputs))) {
    float place = center - 0.5f, below = std::floor(place);
    double fraction = std::nearbyint((place - below) * kSteps) / kSteps;
    auto first = static_cast<int64_t>(below);
    weights.set(output, first - 1, first + 3,
                [&](int64_t i) { return cubicKernel(static_cast<double>(i - first) - fraction); });
  }
  return weights;
}

/// The part of each element that lies below the output.
Weights areaWeights(int64_t n, int64_t outputs) {
  Weights weights(n, outputs);
  float scale = static_cast<float>(n) / static_cast<float>(outputs);
  for (int64_t output = 0; output < outputs; ++output) {
    float low = static_cast<float>(output) * scale, high = static_cast<float>(output + 1) * scale;
    weights.set(output, static_cast<int64_t>(std::floor(low)),
                static_cast<int64_t>(std::ceil(high)), [&](int64_t i) {
                  auto begin = static_cast<float>(i);
                  return std::min(begin + 1, high) - std::max(begin, low);
                });
  }
  return weights;
}

double kernelAt(Interpolation interpolation, double x) {
  switch (interpolation) {
  case Interpolation::Lanczos3:
    return lanczosKernel(x, 3);
  case Interpolation::Lanczos5:
    return lanczosKernel(x, 5);
  case Interpolation::Bicubic:
    return cubicKernel(x);
  default:
    return std::max(0.0, 1 - std::abs(x));
  }
}

/// A kernel around each center, as wide as the parts where those are antialiased.
Weights kernelWeights(Interpolation interpolation, bool antialias, int64_t n, int64_t outputs) {
  constexpr double kLargestRadius = 5;
  double scale = static_cast<double>(n) / static_cast<double>(outputs);
  double width = antialias ? std::max(scale, 1.0) : 1;
  Weights weights(n, outputs);
  for (int64_t output = 0; output < outputs; ++output) {
    double center = (static_cast<double>(output) + 0.5) * scale;
    weights.set(output, static_cast<int64_t>(std::floor(center - kLargestRadius * width)),
                static_cast<int64_t>(std::ceil(center + kLargestRadius * width)), [&](int64_t i) {
                  return kernelAt(interpolation, (static_cast<double>(i) + 0.5 - center) / width);
                });
  }
  return weights;
}

Tensor resampleAlong(const Place &place, Tensor x, int64_t dimension, int64_t outputs,
                     const Resampling &resampling) {
  constexpr int64_t kLargestTable = int64_t(1) << 24;
  auto [interpolation, antialias] = resampling;
  int64_t n = x.dim(dimension);
  bool isLinear = interpolation == Interpolation::Bilinear && !antialias;
  bool looksUp = isLinear || interpolation == Interpolation::Nearest;
  if (outputs > kLargestTable / (looksUp ? 1 : n))
    place.fail(fmt::format("cannot interpolate {} pixels from {}; use a smaller size", outputs, n));
  if (interpolation == Interpolation::Nearest)
    return resampleNearest(x, dimension, outputs);
  if (isLinear)
    return resampleLinear(x, dimension, outputs);
  if (interpolation == Interpolation::Area)
    return areaWeights(n, outputs).apply(x, dimension);
  if (interpolation == Interpolation::Bicubic && !antialias)
    return cubicWeights(n, outputs).apply(x, dimension);
  return kernelWeights(interpolation, antialias, n, outputs).apply(x, dimension);
}

} // namespace

std::optional<Interpolation> findInterpolation(llvm::StringRef name) {
  for (const auto &[known, interpolation] : kInterpolations)
    if (known == name)
      return interpolation;
  return std::nullopt;
}

llvm::SmallVector<std::string> interpolationNames() {
  llvm::SmallVector<std::string> names;
  for (const auto &[name, interpolation] : kInterpolations)
    names.push_back(name.str());
  return names;
}

/// From the last dimension on, as TensorFlow interpolates along rows first.
Tensor resample(const Place &place, Tensor x, ArrayRef<int64_t> size,
                const Resampling &resampling) {
  for (int64_t dimension : {2, 1})
    if (x.dim(dimension) != size[dimension - 1])
      x = resampleAlong(place, x, dimension, size[dimension - 1], resampling);
  return x;
}

} // namespace lamina::frontend::keras
