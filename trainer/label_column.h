#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trainer/data_file.h"

namespace lamina::trainer {

/// A target column of a table as numbers: numbers stay as they are, texts become class numbers.
class LabelColumn {
public:
  /// `rows` are the rows that take part. The order of the classes is that of `classes` if given,
  /// else the one an ARFF file declares, else alphabetical. `needed` is the model's number of
  /// classes, 0 when its targets are not class numbers (then two texts may still stand for 0 and
  /// 1). Throws UserError when texts and model do not fit.
  LabelColumn(const Table &table, size_t column, const std::vector<size_t> &rows,
              const std::vector<std::string> &classes, int64_t needed);

  /// Texts by class number; empty for a column of plain numbers.
  const std::vector<std::string> &names() const { return names_; }

  /// Throws UserError for a label that is none of the classes.
  double number(size_t row) const;

private:
  std::string text(size_t row) const;
  void chooseNames(size_t firstTextRow, const std::vector<size_t> &rows, int64_t needed);

  const Table &table_;
  size_t column_;
  std::vector<std::string> names_;
};

} // namespace lamina::trainer
