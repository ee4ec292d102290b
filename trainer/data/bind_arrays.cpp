#include <algorithm>
#include <set>

#include "support/error.h"
#include "trainer/data/array_names.h"
#include "trainer/data/cast.h"
#include "trainer/data/columns/look_up.h"
#include "trainer/data/dataset.h"

namespace lamina::trainer {

namespace {

using codegen::TensorSpec;
using frontend::Array;
using frontend::Column;

std::string arrayNames(const DataFile &file) {
  std::string names;
  for (const std::string &name : file.arrayNames())
    names += (names.empty() ? "'" : ", '") + printable(name) + "'";
  return names.empty() ? "none" : names;
}

/// The arrays of a file, and which of them are used.
class Arrays {
public:
  /// With `takes` arrays that are used once are taken out of the file.
  Arrays(DataFile &file, const BindOptions &options, bool takes)
      : file(file), options(options), takes(takes) {}

  std::vector<Column> fitInputs(const std::vector<TensorSpec> &inputs);
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
  /// What `search` finds under the first of the names that has something.
  template <typename Search> auto find(const std::vector<std::string> &names, Search search) {
    decltype(search(names[0])) found = nullptr;
    for (const std::string &name : names)
      if (!found && (found = search(name)))
        used.insert(name);
    return found;
  }
  Array *find(const std::vector<std::string> &names) {
    return find(names, [&](const std::string &name) { return file.find(name); });
  }
  [[noreturn]] void refuseMissing(const std::string &name, const char *role,
                                  const TensorSpec &spec) const {
    fail("{}: there is no array '{}' for {} '{}'; the file has {}", file.path, name, role,
         printable(spec.name), arrayNames(file));
  }
  Array fitOne(const TensorSpec &spec, size_t place, bool isOnly, char letter, const char *role,
               int64_t classes);
  frontend::Texts fitTexts(const TensorSpec &spec, size_t place, bool isOnly);
  std::vector<Array> fitAll(const std::vector<TensorSpec> &specs, const std::vector<size_t> &places,
                            char letter, const char *role, const std::vector<int64_t> &classes);

  DataFile &file;
  const BindOptions &options;
  bool takes;
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

/// The tensor with the extents of an array where a lookup takes rows of any.
TensorSpec closed(TensorSpec spec, const std::vector<int64_t> &shape) {
  for (size_t i = 1; i < spec.shape.size() && shape.size() == spec.shape.size(); ++i)
    spec.shape[i] = spec.shape[i] < 0 ? shape[i] : spec.shape[i];
  return spec;
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

Array Arrays::fitOne(const TensorSpec &spec, size_t place, bool isOnly, char letter,
                     const char *role, int64_t classes) {
  auto names = acceptedNames(spec, place, isOnly, letter);
  Array *array = find(names);
  if (!array && letter == 'y' && file.isSingleArray)
    fail("{}: a .npy file holds inputs only; give inputs and targets as x and y of a .npz file",
         file.path);
  if (!array)
    refuseMissing(names.front(), role, spec);
  // Two tensors may share an array, so it is copied unless this is the last use.
  Array source = isOnly && takes ? std::move(*array) : *array;
  TensorSpec wanted = closed(spec, source.shape);
  return fitArray(file.path, std::move(source), wanted, role, classes);
}

std::vector<Array> Arrays::fitAll(const std::vector<TensorSpec> &specs,
                                  const std::vector<size_t> &places, char letter, const char *role,
                                  const std::vector<int64_t> &classes) {
  std::vector<Array> result;
  for (size_t i = 0; i < specs.size(); ++i)
    result.push_back(fitOne(specs[i], places[i], specs.size() == 1, letter, role,
                            i < classes.size() ? classes[i] : 0));
  return result;
}

frontend::Texts Arrays::fitTexts(const TensorSpec &spec, size_t place, bool isOnly) {
  auto names = acceptedNames(spec, place, isOnly, 'x');
  frontend::Texts *found =
      find(names, [&](const std::string &name) { return file.findTexts(name); });
  if (!found)
    refuseMissing(names.front(), "input", spec);
  frontend::Texts texts = isOnly && takes ? std::move(*found) : *found;
  TensorSpec wanted = closed(spec, texts.shape);
  if (texts.shape.empty() || essentialRowShape(texts.shape) != essentialRowShape(wanted.shape))
    fail("{}: texts for input '{}' have the shape {}, but the model wants rows of shape {}",
         file.path, printable(spec.name), frontend::describeShape(texts.shape),
         rowShape(spec.shape));
  int64_t rows = texts.shape[0];
  texts.shape = wanted.shape;
  texts.shape[0] = rows;
  return texts;
}

std::vector<Column> Arrays::fitInputs(const std::vector<TensorSpec> &inputs) {
  std::vector<size_t> places = outputPlaces(inputs, {});
  std::vector<Column> columns;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].isText)
      columns.push_back(fitTexts(inputs[i], places[i], inputs.size() == 1));
    else
      columns.push_back(fitOne(inputs[i], places[i], inputs.size() == 1, 'x', "input", 0));
  return columns;
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

void requireEqualRows(const Dataset &data, int64_t rows, const char *role) {
  if (rows != data.rows)
    fail("{}: the first input has {} rows, but one {} has {}", data.file, data.rows, role, rows);
}

void requireEqualRows(const Dataset &data, const std::vector<Array> &arrays, const char *role) {
  for (const Array &array : arrays)
    requireEqualRows(data, array.shape[0], role);
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

namespace {

/// Rows, and inputs from the arrays.
void bindInputs(Arrays &arrays, Dataset &data, const std::vector<TensorSpec> &inputs,
                const BindOptions &options) {
  std::vector<TensorSpec> given = givenInputs(inputs, options);
  std::vector<Column> columns = arrays.fitInputs(given);
  arrays.refuseUnused('x', given.size(), "input");
  data.rows = columns.empty() ? 0 : shapeOf(columns[0])[0];
  for (const Column &column : columns)
    requireEqualRows(data, shapeOf(column)[0], "input");
  if (data.rows == 0)
    fail("{}: there are no rows of data in it", data.file);
  data.inputs = lookUp(std::move(columns), data, options);
}

} // namespace

std::vector<Array> lookUpInputs(DataFile &file, const std::vector<TensorSpec> &inputs,
                                const BindOptions &options) {
  Dataset data;
  data.file = file.path;
  Arrays arrays(file, options, /*takes=*/false);
  bindInputs(arrays, data, inputs, options);
  return std::move(data.inputs);
}

Dataset bindArrays(DataFile file, const std::vector<TensorSpec> &inputs,
                   const std::vector<TensorSpec> &targets, const BindOptions &options) {
  Dataset data;
  data.file = file.path;
  Arrays arrays(file, options, /*takes=*/true);
  bindInputs(arrays, data, inputs, options);
  if (options.wantTargets) {
    data.targets = arrays.fitTargets(targets);
    arrays.refuseUnused('y', std::max(options.outputs.size(), targets.size()), "output");
    requireEqualRows(data, data.targets, "target");
  }
  data.weights = arrays.fitWeights();
  requireEqualRows(data, data.weights, "array of weights");
  if (!options.keyColumn.empty())
    data.keys = keysOf(file, options.keyColumn, data.rows);
  return data;
}

} // namespace lamina::trainer
