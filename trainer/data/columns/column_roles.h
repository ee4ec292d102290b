#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trainer/data/dataset.h"

namespace lamina::trainer {

using Columns = std::vector<size_t>;

/// A column by name or by number from 0, negative from the end; a name wins, since headers may
/// consist of numbers. Throws UserError when there is none.
size_t findColumn(const Table &table, const std::string &wanted);
/// Several of them. Throws UserError also when one is given twice.
Columns findColumns(const Table &table, const std::vector<std::string> &wanted);

/// The roles of a table's columns.
struct Roles {
  Columns features, targets;     ///< in the order in which inputs and targets take them
  std::optional<size_t> weights; ///< of the rows
  std::optional<size_t> key;     ///< that rows are split by
};

/// Finds them: by name where the file has a header and the columns' names are known, by
/// position otherwise. Throws UserError when there are too few or too many.
Roles assignRoles(const Table &table, const std::vector<codegen::TensorSpec> &inputs,
                  const std::vector<codegen::TensorSpec> &targets, const BindOptions &options);

/// How many columns are features where the model leaves open how many it takes. Of the `targets`
/// whose columns nobody named each has one, the last ones.
size_t countFeatures(const Table &table, size_t targets, const BindOptions &options);

/// The names by which columns can be found again: none unless each has one of its own.
std::vector<std::string> columnNames(const Table &table, const Columns &columns);

} // namespace lamina::trainer
