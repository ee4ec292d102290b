#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "trainer/data/data_file.h"

namespace lamina::trainer {

/// Where the class numbers of labels come from.
struct LabelOptions {
  std::vector<std::string> named; ///< by the user, in class order: all labels are among them
  std::vector<std::string> known; ///< from the data that the model was trained on
  /// The model's number of classes, 0 when its targets are not class numbers (then two texts may
  /// still stand for 0 and 1).
  int64_t needed = 0;
  bool mayNumber = true; ///< whether the labels of this file may decide
};

/// "a,b,c" for messages; long lists are cut.
std::string joinNames(const std::vector<std::string> &names);

/// The columns of a target as numbers: numbers stay as they are, texts become class numbers, the
/// same in all columns.
class LabelColumns {
public:
  /// `rows` are the rows that take part. The order of the classes is that of `named` or else
  /// `known` if given, else the one an ARFF file declares, else alphabetical. Throws UserError when
  /// texts and model do not fit.
  LabelColumns(const Table &table, std::span<const size_t> columns, const std::vector<size_t> &rows,
               const LabelOptions &options);

  /// Texts by class number; empty for plain numbers.
  const std::vector<std::string> &names() const { return names_; }

  /// Throws UserError for a label that is none of the classes.
  double number(size_t row, size_t column) const;

private:
  std::string text(size_t row, size_t column) const;
  std::vector<std::string> declared(std::span<const size_t> columns) const;
  void chooseNames(std::span<const size_t> columns, const std::vector<size_t> &rows,
                   const LabelOptions &options);
  void requireFit(size_t column, const std::vector<size_t> &rows, int64_t needed) const;

  const Table &table_;
  std::vector<std::string> names_;
  bool takesNumbers_ = false; ///< a number is a class number, and no text of a label
};

} // namespace lamina::trainer
