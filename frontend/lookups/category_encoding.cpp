#include "frontend/lookups/category_encoding.h"

#include <algorithm>
#include <cstring>

namespace lamina::frontend {
namespace {

template <typename T> void storeAs(const std::vector<double> &values, Array &array, int64_t place) {
  T *target = array.values<T>().data() + place;
  std::transform(values.begin(), values.end(), target,
                 [](double value) { return static_cast<T>(value); });
}

/// Values as the array's type: i32, i64, f64 or f32.
void storeValues(const std::vector<double> &values, Array &array, int64_t place) {
  switch (array.type) {
  case ElementType::I32:
    return storeAs<int32_t>(values, array, place);
  case ElementType::I64:
    return storeAs<int64_t>(values, array, place);
  case ElementType::F64:
    return storeAs<double>(values, array, place);
  default:
    return storeAs<float>(values, array, place);
  }
}

} // namespace

std::optional<CategoryEncoding::Mode> CategoryEncoding::findMode(const std::string &name) {
  static const std::pair<const char *, Mode> names[] = {
      {"int", Mode::Int},      {"one_hot", Mode::OneHot}, {"multi_hot", Mode::MultiHot},
      {"count", Mode::Count},  {"tf_idf", Mode::TfIdf},   {"binary", Mode::MultiHot},
      {"tf-idf", Mode::TfIdf},
  };
  for (const auto &[known, mode] : names)
    if (name == known)
      return mode;
  return std::nullopt;
}

std::vector<int64_t> CategoryEncoding::rowShape(std::vector<int64_t> indices) const {
  if (mode == Mode::Int)
    return indices;
  bool isReplaced = mode != Mode::OneHot || (!indices.empty() && indices.back() == 1);
  if (isReplaced)
    indices.pop_back();
  indices.push_back(depth);
  return indices;
}

void CategoryEncoding::add(int64_t index, std::vector<double> &vector) const {
  if (index < 0 || index >= depth)
    return;
  double &value = vector[static_cast<size_t>(index)];
  value = mode == Mode::Count || mode == Mode::TfIdf ? value + 1 : 1;
}

void CategoryEncoding::store(const std::vector<double> &vector, Array &array, int64_t place) const {
  if (mode != Mode::TfIdf)
    return storeValues(vector, array, place);
  float *target = array.values<float>().data() + place;
  for (size_t i = 0; i < vector.size(); ++i)
    target[i] = static_cast<float>(vector[i]) * weights[i];
}

Array CategoryEncoding::encode(const std::vector<int64_t> &indices,
                               const std::vector<int64_t> &shape) const {
  std::vector<int64_t> row(shape.begin() + 1, shape.end());
  std::vector<int64_t> result = rowShape(row);
  result.insert(result.begin(), shape[0]);
  Array array = makeArray(type, result);
  if (mode == Mode::Int) {
    if (type == ElementType::I64)
      std::memcpy(array.bytes.data(), indices.data(), array.bytes.size());
    else
      storeValues({indices.begin(), indices.end()}, array, 0);
    return array;
  }
  size_t group = mode == Mode::OneHot ? 1 : static_cast<size_t>(shape.back());
  std::vector<double> vector(static_cast<size_t>(depth));
  int64_t place = 0;
  for (size_t i = 0; i < indices.size(); i += group, place += depth) {
    std::fill(vector.begin(), vector.end(), 0);
    for (size_t j = 0; j < group; ++j)
      add(indices[i + j], vector);
    store(vector, array, place);
  }
  return array;
}

} // namespace lamina::frontend
