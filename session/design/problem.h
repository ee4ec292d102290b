#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "session/recipe.h"
#include "trainer/data/data_file.h"

namespace lamina::session {

/// What a model is to do. Images and series say what the rows of the input are; whether their
/// targets are classes or numbers, the targets decide.
enum class Task { Classification, Regression, Image, Series };

/// "classification", "regression", "image", "series".
const char *nameOf(Task task);
std::optional<Task> findTask(const std::string &name);

/// Mean and standard deviation (of all rows, not of a sample).
struct Spread {
  double mean = 0, deviation = 1;
};

/// What data ask of a model.
struct Problem {
  enum class Input { Features, Image, Series };
  std::string file;
  int64_t rows = 0;
  Input input = Input::Features;
  std::vector<int64_t> rowShape; ///< (values), (height, width, channels) or (steps, channels)
  /// Of each value along the last dimension; a value of a category keeps 0 and 1.
  std::vector<Spread> values;
  double largest = 0;           ///< of an image's values
  int64_t classes = 0;          ///< 0: the targets are numbers
  bool isOneHot = false;        ///< whether a row's class is a vector of that many values
  std::vector<Spread> targets;  ///< of numbers
  trainer::ColumnRecipe recipe; ///< of a table
  /// What was decided, and by what: lines for people.
  std::vector<std::string> reasons;
  int64_t rowsWithoutTarget = 0; ///< which training has to leave out
};

struct ProblemOptions {
  std::optional<Task> task;                            ///< nothing: by the data
  std::vector<std::string> targetColumns, dropColumns; ///< as trainer::BindOptions
  bool flagMissing = false;                            ///< as trainer::BindOptions
};

/// Finds what the data ask for. Throws UserError `FILE: reason; what to do` where no model can be
/// made for them.
Problem findProblem(trainer::DataFile &file, const ProblemOptions &options);

/// Its two parts, for tables and for arrays `x` and `y`.
Problem findTableProblem(const trainer::Table &table, const ProblemOptions &options);
Problem findArrayProblem(trainer::DataFile &file, const ProblemOptions &options);

} // namespace lamina::session
