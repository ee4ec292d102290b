#include "trainer/data/columns/column_roles.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "support/error.h"

namespace lamina::trainer {

namespace {

using codegen::TensorSpec;

std::string joinNames(const Table &table) {
  std::string names;
  for (const std::string &name : table.names)
    names += (names.empty() ? "" : ", ") + printable(name);
  return printable(names, 400);
}

size_t totalValues(const std::vector<TensorSpec> &specs) {
  int64_t total = 0;
  for (const TensorSpec &spec : specs)
    total += valuesPerRow(spec.shape);
  return static_cast<size_t>(total);
}

[[noreturn]] void refuseTargetWidth(const Table &table, size_t found,
                                    const std::vector<TensorSpec> &targets) {
  size_t wanted = totalValues(targets);
  if (found == 1 && targets.size() == 1)
    fail("{}: the target is one column, but the model's loss wants rows of {} values (one-hot); "
         "use sparse_categorical_crossentropy for class numbers, or give {} target columns",
         table.path, wanted, wanted);
  fail("{}: there are {} target columns, but the model's targets take {}", table.path, found,
       wanted);
}

/// The column of sample weights, also where it is only to be left out of the features.
std::optional<size_t> findWeights(const Table &table, const BindOptions &options) {
  const std::string &name = options.weighting.name;
  bool isAbsent = std::find(table.names.begin(), table.names.end(), name) == table.names.end();
  if (name.empty() || (options.weighting.mayBeAbsent && !table.names.empty() && isAbsent))
    return std::nullopt;
  return findColumn(table, name);
}

/// The column that rows are split by.
std::optional<size_t> findKey(const Table &table, const BindOptions &options) {
  if (options.keyColumn.empty())
    return std::nullopt;
  return findColumn(table, options.keyColumn);
}

/// The columns with the names in `known`.
Columns findKnown(const Table &table, const std::vector<std::string> &known) {
  Columns columns;
  for (const std::string &name : known) {
    auto found = std::find(table.names.begin(), table.names.end(), name);
    if (found == table.names.end())
      fail("{}: there is no column '{}', which the model was trained on; the file has {}",
           table.path, printable(name), joinNames(table));
    if (std::find(found + 1, table.names.end(), name) != table.names.end())
      fail("{}: two columns have the name '{}', which the model was trained on; rename one",
           table.path, printable(name));
    columns.push_back(static_cast<size_t>(found - table.names.begin()));
  }
  return columns;
}

/// Where columns are known by name, nothing follows from their order, and other columns are left
/// out. The file may lack columns that are to be dropped.
Roles rolesByName(const Table &table, const BindOptions &options) {
  Roles roles;
  roles.features = findKnown(table, options.known.features);
  roles.weights = findWeights(table, options);
  roles.key = findKey(table, options);
  if (!options.targetColumns.empty())
    roles.targets = findColumns(table, options.targetColumns);
  else if (options.wantTargets)
    roles.targets = findKnown(table, options.known.targets);
  for (size_t column : roles.features) {
    const std::string &name = table.names[column];
    if (std::count(options.dropColumns.begin(), options.dropColumns.end(), name))
      fail("{}: column '{}' cannot be dropped: the model was trained on it", table.path,
           printable(name));
    if (!options.windows().foretells() &&
        std::count(roles.targets.begin(), roles.targets.end(), column))
      fail("{}: column '{}' cannot be a target: the model was trained on it as a feature",
           table.path, printable(name));
  }
  return roles;
}

/// The columns that the options name; all others are features.
Roles namedRoles(const Table &table, const BindOptions &options) {
  Columns dropped = findColumns(table, options.dropColumns);
  Roles roles;
  roles.weights = findWeights(table, options);
  roles.key = findKey(table, options);
  roles.targets = findColumns(table, options.targetColumns);
  for (size_t column = 0; column < table.width; ++column) {
    bool taken = std::count(dropped.begin(), dropped.end(), column) ||
                 std::count(roles.targets.begin(), roles.targets.end(), column) ||
                 roles.weights == column || roles.key == column;
    if (!taken)
      roles.features.push_back(column);
  }
  return roles;
}

/// Adds columns in the order of the table.
void addColumns(Columns &columns, const Columns &others) {
  columns.insert(columns.end(), others.begin(), others.end());
  std::ranges::sort(columns);
}

/// Without target columns given, the last ones are; when targets are not wanted, a file may leave
/// them out.
Roles rolesByPosition(const Table &table, const std::vector<TensorSpec> &inputs,
                      const std::vector<TensorSpec> &targets, const BindOptions &options) {
  Roles roles = namedRoles(table, options);
  size_t known = options.known.encodings.size();
  size_t wanted = known ? known : totalValues(inputs);
  bool foretells = options.windows().foretells();
  bool complete = !options.wantTargets && !foretells && roles.features.size() == wanted;
  if (options.targetColumns.empty() && !complete) {
    // A single label column is also recognized where one-hot columns are wanted, to say so.
    size_t last = !foretells && roles.features.size() == wanted + 1 ? 1 : totalValues(targets);
    last = std::min(last, roles.features.size());
    roles.targets.assign(roles.features.end() - static_cast<ptrdiff_t>(last), roles.features.end());
    roles.features.resize(roles.features.size() - last);
  }
  if (foretells)
    addColumns(roles.features, roles.targets);
  return roles;
}

/// Whether the file has the columns of the training in their places, as far as can be seen, and
/// nothing else was said about them.
bool hasKnownPlaces(const Table &table, const BindOptions &options) {
  return options.known.width == table.width && options.targetColumns.empty() &&
         options.dropColumns.empty();
}

Roles rolesByPlace(const Table &table, const BindOptions &options) {
  return {options.known.featurePlaces, options.known.targetPlaces, findWeights(table, options),
          findKey(table, options)};
}

} // namespace

size_t findColumn(const Table &table, const std::string &wanted) {
  auto named = std::find(table.names.begin(), table.names.end(), wanted);
  if (named != table.names.end())
    return static_cast<size_t>(named - table.names.begin());
  int64_t number = 0;
  auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
  auto width = static_cast<int64_t>(table.width);
  if (error == std::errc() && end == wanted.data() + wanted.size()) {
    if (number < -width || number >= width)
      fail("{}: there is no column {}; the file has {} columns, numbered from 0", table.path,
           number, width);
    return static_cast<size_t>(number < 0 ? number + width : number);
  }
  if (table.names.empty())
    fail("{}: there is no column '{}'; the file has no header, so give the column's number",
         table.path, printable(wanted));
  fail("{}: there is no column '{}'; the file has {}", table.path, printable(wanted),
       joinNames(table));
}

Columns findColumns(const Table &table, const std::vector<std::string> &wanted) {
  Columns columns;
  for (const std::string &name : wanted) {
    size_t column = findColumn(table, name);
    if (std::find(columns.begin(), columns.end(), column) != columns.end())
      fail("{}: column {} is given twice", table.path, table.describeColumn(column));
    columns.push_back(column);
  }
  return columns;
}

Roles assignRoles(const Table &table, const std::vector<TensorSpec> &inputs,
                  const std::vector<TensorSpec> &targets, const BindOptions &options) {
  bool byName = !options.known.features.empty() && !table.names.empty();
  Roles roles = byName                           ? rolesByName(table, options)
                : hasKnownPlaces(table, options) ? rolesByPlace(table, options)
                                                 : rolesByPosition(table, inputs, targets, options);
  if (options.wantTargets && roles.targets.size() != totalValues(targets))
    refuseTargetWidth(table, roles.targets.size(), targets);
  return roles;
}

size_t countFeatures(const Table &table, size_t targets, const BindOptions &options) {
  bool byName = !options.known.features.empty() && !table.names.empty();
  if (byName)
    return rolesByName(table, options).features.size();
  size_t others = namedRoles(table, options).features.size();
  bool takesLast = options.wantTargets && options.targetColumns.empty();
  return others - std::min(others, takesLast ? targets : 0);
}

std::vector<std::string> columnNames(const Table &table, const Columns &columns) {
  std::vector<std::string> names;
  for (size_t column : columns)
    if (!table.names.empty() && !table.names[column].empty())
      names.push_back(table.names[column]);
  std::set<std::string> distinct(names.begin(), names.end());
  return distinct.size() == columns.size() ? names : std::vector<std::string>();
}

} // namespace lamina::trainer
