// Weights of samples by class: keras/src/trainers/data_adapters/data_adapter_utils.py,
// class_weight_to_sample_weights.
#include <algorithm>
#include <cmath>

#include "support/error.h"
#include "trainer/data/cast.h"
#include "trainer/data/dataset.h"

namespace lamina::trainer {

namespace {

using codegen::TensorSpec;
using frontend::Array;

/// The class of one row: the largest of one-hot values, or the only value, rounded.
int64_t classOf(const Array &target, int64_t row, int64_t width) {
  auto begin = static_cast<size_t>(row * width);
  if (width == 1)
    return static_cast<int64_t>(std::nearbyint(loadValue(target, begin)));
  int64_t best = 0;
  for (int64_t i = 1; i < width; ++i)
    if (loadValue(target, begin + static_cast<size_t>(i)) >
        loadValue(target, begin + static_cast<size_t>(best)))
      best = i;
  return best;
}

} // namespace

void setWeights(Dataset &data, float weight) {
  for (Array &array : data.weights)
    std::ranges::fill(array.values<float>(), weight);
}

std::vector<Array> makeWeights(const Dataset &data, const std::vector<TensorSpec> &targets,
                               const BindOptions &options) {
  std::vector<Array> weights;
  for (const TensorSpec &spec : options.weights) {
    std::vector<int64_t> shape = spec.shape;
    shape[0] = data.rows;
    std::ranges::fill(weights.emplace_back(frontend::makeArray(spec.type, shape)).values<float>(),
                      1);
  }
  const auto &classes = options.weighting.classes;
  if (classes.empty())
    return weights;
  if (targets.size() != 1)
    fail("{}: class weights need a model with one target, this one has {}; give weights of samples",
         data.file, targets.size());
  bool isOneClass = targets[0].shape.size() <= 2 && options.weights[0].shape.size() == 1;
  if (!isOneClass)
    fail("{}: class weights need one class a row, but rows of target '{}' have shape {}; give "
         "weights of samples",
         data.file, printable(targets[0].name),
         frontend::describeShape(std::span(targets[0].shape).subspan(1)));
  int64_t width = valuesPerRow(targets[0].shape);
  for (int64_t row = 0; row < data.rows; ++row)
    if (auto found = classes.find(classOf(data.targets[0], row, width)); found != classes.end())
      weights[0].values<float>()[static_cast<size_t>(row)] = static_cast<float>(found->second);
  return weights;
}

} // namespace lamina::trainer
