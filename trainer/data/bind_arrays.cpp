#include <algorithm>
#include <set>

#include "support/error.h"
#include "trainer/data/array_names.h"
#include "trainer/data/cast.h"
#include "trainer/data/dataset.h"

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

/// The arrays of a file, and which of them are used.
class Arrays {
public:
  Arrays(DataFile &file, const BindOptions &options) : file(file), options(options) {}

  std::vector<Array> fitInputs(const std::vector<TensorSpec> &inputs) {
    return fitAll(inputs, outputPlaces(inputs, {}), 'x', "input", {});
  }
  std::vector<Array> fitTargets(const std::vector<TensorSpec> &targets) {
    return fitAll(targets, outputPlaces(targets, options.outputs), 'y', "target",
                  options.targetClasses);
  }
  /// The weights of samples; empty where there are none, or none are wanted.
  std::vector<Array> fitWeights();
  /// Refuses arrays with the letter and a number that nothing was made of: x2 of a model with two
  /// inputs. Targets of outputs without a loss may be there.
  void refuseUnused(char letter, size_t count, const char *role) const;

private:
  Array *find(const std::vector<std::string> &names) {
    for (const std::string &name : names)
      if (Array *found = file.find(name)) {
        used.insert(name);
        return found;
      }
    return nullptr;
  }
  std::vector<Array> fitAll(const std::vector<TensorSpec> &specs, const std::vector<size_t> &places,
                            char letter, const char *role, const std::vector<int64_t> &classes);

  DataFile &file;
  const BindOptions &options;
  std::set<std::string> used;
};

/// The dimensions of a row without those of extent 1: Keras adds or drops such dimensions itself.
std::vector<int64_t> essentialRowShape(const std::vector<int64_t> &shape) {
  std::vector<int64_t> result;
  for (size_t i = 1; i < shape.size(); ++i)
    if (shape[i] != 1)
      result.push_back(shape[i]);
  return result;
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

std::vector<Array> Arrays::fitAll(const std::vector<TensorSpec> &specs,
                                  const std::vector<size_t> &places, char letter, const char *role,
                                  const std::vector<int64_t> &classes) {
  std::vector<Array> result;
  for (size_t i = 0; i < specs.size(); ++i) {
    auto names = acceptedNames(specs[i], places[i], specs.size() == 1, letter);
    Array *array = find(names);
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

std::vector<Array> Arrays::fitWeights() {
  const std::string &name = options.weighting.name;
  std::vector<Array> weights;
  if (name.empty())
    return weights;
  std::vector<size_t> places = outputPlaces(options.weights, options.outputs);
  for (size_t i = 0; i < options.weights.size(); ++i) {
    Array *array = find({name, name + std::to_string(places[i])});
    if (!array && options.weighting.mayBeAbsent)
      return {};
    if (!array)
      fail("{}: there is no array '{}' of sample weights; the file has {}", file.path,
           printable(name), arrayNames(file));
    weights.push_back(fitArray(file.path, *array, options.weights[i], "sample weights of", 0));
  }
  return weights;
}

void Arrays::refuseUnused(char letter, size_t count, const char *role) const {
  for (const std::string &name : file.arrayNames()) {
    bool isNumbered =
        name.size() > 1 && name.size() < 6 && name[0] == letter &&
        std::all_of(name.begin() + 1, name.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!isNumbered || used.contains(name) || name == options.weighting.name)
      continue;
    if (std::stoul(name.substr(1)) >= count)
      fail("{}: there is an array '{}', but the model has {} {}{}", file.path, name, count, role,
           count == 1 ? "" : "s");
    if (letter == 'x')
      fail("{}: the array '{}' is not used, for another one has the name of that input", file.path,
           name);
  }
}

void requireEqualRows(const Dataset &data, const std::vector<Array> &arrays, const char *role) {
  for (const Array &array : arrays)
    if (array.shape[0] != data.rows)
      fail("{}: the first input has {} rows, but one {} has {}", data.file, data.rows, role,
           array.shape[0]);
}

} // namespace

/// The values that rows are split by.
static std::vector<double> keysOf(DataFile &file, const std::string &name, int64_t rows) {
  const Array *array = file.find(name);
  if (!array || array->shape.empty() || array->shape[0] != rows || valuesPerRow(array->shape) != 1)
    fail("{}: rows are split by an array '{}' of a value a row, and there is none; the file has {}",
         file.path, printable(name), arrayNames(file));
  std::vector<double> keys;
  for (int64_t row = 0; row < rows; ++row)
    keys.push_back(loadValue(*array, static_cast<size_t>(row)));
  return keys;
}

Dataset bindArrays(DataFile file, const std::vector<TensorSpec> &inputs,
                   const std::vector<TensorSpec> &targets, const BindOptions &options) {
  Dataset data;
  data.file = file.path;
  Arrays arrays(file, options);
  data.inputs = arrays.fitInputs(inputs);
  arrays.refuseUnused('x', inputs.size(), "input");
  data.rows = data.inputs.empty() ? 0 : data.inputs[0].shape[0];
  requireEqualRows(data, data.inputs, "input");
  if (options.wantTargets) {
    data.targets = arrays.fitTargets(targets);
    arrays.refuseUnused('y', std::max(options.outputs.size(), targets.size()), "output");
    requireEqualRows(data, data.targets, "target");
  }
  data.weights = arrays.fitWeights();
  requireEqualRows(data, data.weights, "array of weights");
  if (data.rows == 0)
    fail("{}: there are no rows of data in it", data.file);
  if (!options.keyColumn.empty())
    data.keys = keysOf(file, options.keyColumn, data.rows);
  return data;
}

} // namespace lamina::trainer
