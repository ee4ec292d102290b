#include <algorithm>

#include "support/error.h"
#include "trainer/cast.h"
#include "trainer/dataset.h"

namespace lamina::trainer {

namespace {

using codegen::TensorSpec;
using frontend::Array;

std::string arrayNames(const DataFile &file) {
  std::string names;
  for (const std::string &name : file.arrayNames())
    names += (names.empty() ? "'" : ", '") + printable(name) + "'";
  return names.empty() ? "none" : names;
}

/// The names under which the array of the tensor number `index` may stand, best first: its own,
/// the letter with its number, and the letter alone for an only one.
std::vector<std::string> acceptedNames(const std::vector<TensorSpec> &specs, size_t index,
                                       char letter) {
  std::vector<std::string> names = {specs[index].name, letter + std::to_string(index)};
  if (specs.size() == 1)
    names.insert(names.begin(), std::string(1, letter));
  return names;
}

Array *findArray(DataFile &file, const std::vector<std::string> &names) {
  for (const std::string &name : names)
    if (Array *found = file.find(name))
      return found;
  return nullptr;
}

/// The dimensions of a row without those of extent 1: Keras adds or drops such dimensions itself.
std::vector<int64_t> essentialRowShape(const std::vector<int64_t> &shape) {
  std::vector<int64_t> result;
  for (size_t i = 1; i < shape.size(); ++i)
    if (shape[i] != 1)
      result.push_back(shape[i]);
  return result;
}

std::string rowShape(const std::vector<int64_t> &shape) {
  return frontend::describeShape(std::span(shape).subspan(shape.empty() ? 0 : 1));
}

std::string labelFormHint(const Array &array, const TensorSpec &spec, std::string_view role,
                          int64_t classes) {
  if (role != "target")
    return "";
  int64_t wanted = valuesPerRow(spec.shape), given = valuesPerRow(array.shape);
  if (wanted > 1 && given == 1)
    return fmt::format("; class numbers want sparse_categorical_crossentropy, this model's loss "
                       "wants one-hot rows of {}",
                       wanted);
  if (classes > 0 && wanted == 1 && given == classes)
    return "; one-hot rows want categorical_crossentropy, this model's loss wants class numbers";
  return "";
}

/// Checks the array against the tensor's shape and gives it the tensor's shape and type.
Array fitArray(const std::string &file, Array array, const TensorSpec &spec, const char *role,
               int64_t classes) {
  if (array.shape.empty())
    fail("{}: the array for {} '{}' is a single value; it wants one row per sample", file, role,
         printable(spec.name));
  if (essentialRowShape(array.shape) != essentialRowShape(spec.shape))
    fail("{}: rows for {} '{}' have shape {}, but the model wants {}{}", file, role,
         printable(spec.name), rowShape(array.shape), rowShape(spec.shape),
         labelFormHint(array, spec, role, classes));
  int64_t rows = array.shape[0];
  int64_t perRow = valuesPerRow(array.shape);
  array = castArray(std::move(array), spec.type, [&](size_t index, double value) {
    fail("{}: row {}: {} '{}' takes {} values, {} is none; convert the data or the model", file,
         static_cast<int64_t>(index) / perRow, role, printable(spec.name), typeName(spec.type),
         value);
  });
  array.shape = spec.shape;
  array.shape[0] = rows;
  return array;
}

std::vector<Array> fitAll(DataFile &file, const std::vector<TensorSpec> &specs, char letter,
                          const char *role, const std::vector<int64_t> &classes) {
  std::vector<Array> result;
  for (size_t i = 0; i < specs.size(); ++i) {
    auto names = acceptedNames(specs, i, letter);
    Array *array = findArray(file, names);
    if (!array && letter == 'y' && file.isSingleArray)
      fail("{}: a .npy file holds inputs only; give inputs and targets as x and y of a .npz file",
           file.path);
    if (!array)
      fail("{}: there is no array '{}' for {} '{}'; the file has {}", file.path, names.front(),
           role, printable(specs[i].name), arrayNames(file));
    // Two tensors may share an array, so it is copied unless this is the last use.
    bool lastUse = specs.size() == 1;
    Array source = lastUse ? std::move(*array) : *array;
    result.push_back(fitArray(file.path, std::move(source), specs[i], role,
                              i < classes.size() ? classes[i] : 0));
  }
  return result;
}

/// The weights of samples; empty where there are none, or none are wanted.
std::vector<Array> findWeights(DataFile &file, const BindOptions &options) {
  const std::string &name = options.weighting.name;
  std::vector<Array> weights;
  if (name.empty())
    return weights;
  for (size_t i = 0; i < options.weights.size(); ++i) {
    Array *array = findArray(file, {name, name + std::to_string(i)});
    if (!array && options.weighting.mayBeAbsent)
      return {};
    if (!array)
      fail("{}: there is no array '{}' of sample weights; the file has {}", file.path,
           printable(name), arrayNames(file));
    weights.push_back(fitArray(file.path, *array, options.weights[i], "sample weights of", 0));
  }
  return weights;
}

void requireEqualRows(const Dataset &data, const std::vector<Array> &arrays, const char *role) {
  for (const Array &array : arrays)
    if (array.shape[0] != data.rows)
      fail("{}: the first input has {} rows, but one {} has {}", data.file, data.rows, role,
           array.shape[0]);
}

} // namespace

Dataset bindArrays(DataFile file, const std::vector<TensorSpec> &inputs,
                   const std::vector<TensorSpec> &targets, const BindOptions &options) {
  Dataset data;
  data.file = file.path;
  data.inputs = fitAll(file, inputs, 'x', "input", {});
  data.rows = data.inputs.empty() ? 0 : data.inputs[0].shape[0];
  requireEqualRows(data, data.inputs, "input");
  if (options.wantTargets) {
    data.targets = fitAll(file, targets, 'y', "target", options.targetClasses);
    requireEqualRows(data, data.targets, "target");
  }
  data.weights = findWeights(file, options);
  requireEqualRows(data, data.weights, "array of weights");
  if (data.rows == 0)
    fail("{}: there are no rows of data in it", data.file);
  return data;
}

} // namespace lamina::trainer
