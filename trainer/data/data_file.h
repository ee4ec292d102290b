#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/files/arrays/array.h"
#include "frontend/files/arrays/npy.h"

namespace lamina::trainer {

/// Rows and columns of a text file. Numbers are in `values`; a cell that is missing is NaN there,
/// and one of text is a NaN that carries the number of its text, which `text` gives.
struct Table {
  std::string path;
  std::vector<std::string> names; ///< of the columns; empty when the file gives none
  /// Per column the values that an ARFF file declares; empty for other columns and files.
  std::vector<std::vector<std::string>> declared;
  std::vector<bool> dates; ///< per column, whether its numbers stand for dates; may be empty
  size_t width = 0;
  std::vector<double> values; ///< row-major
  std::vector<size_t> lines;  ///< line on which each row begins, from 1
  bool keepsCells = false;    ///< TextOptions::keepsCells, set before there are rows

  size_t rows() const { return lines.size(); }
  /// Adds a row from the texts of its cells.
  void append(const std::vector<std::string_view> &cells, size_t line, bool decimalComma = false);
  /// Adds the rows of another table of the same width, whose lines count from `line`.
  void append(Table &&other, size_t line);
  /// Adds a cell to the row at the end. With `decimalComma` "1,5" is a number too.
  void appendCell(std::string_view cell, bool decimalComma);
  double value(size_t row, size_t column) const { return values[row * width + column]; }
  /// Null for numbers and what is missing.
  const std::string *text(size_t row, size_t column) const;
  /// The text of any cell as it stands in the file, where the table keeps them.
  const std::string &cell(size_t row, size_t column) const;
  /// Where all texts of a column without numbers are dates, puts their numbers in their place
  /// (parseDate).
  void convertDates();
  /// "petal_length", or "3" for a column without a name.
  std::string columnName(size_t column) const;
  /// The same for messages, a name in quotes.
  std::string describeColumn(size_t column) const;

private:
  bool isNamed(size_t column) const;
  /// The number of a text, from 1.
  uint32_t keepText(std::string_view text);

  std::vector<std::string> texts_;                       ///< all different
  std::map<std::string, uint32_t, std::less<>> numbers_; ///< of the texts
  std::vector<uint32_t> cells_; ///< texts of all cells, where they are kept
};

/// How to read delimited text. Where nothing is said, the text decides.
struct TextOptions {
  std::optional<char> delimiter; ///< ' ' stands for runs of spaces and tabs
  std::optional<bool> header;
  /// Cells of numbers, and empty ones, are kept as texts too.
  bool keepsCells = false;
};

/// A data file of any kind, not yet fitted to a model: arrays by name ("x" for .npy), or a table.
struct DataFile {
  std::string path;
  std::string part; ///< of arrays x_PART, y_PART; empty: train where both are there
  std::map<std::string, frontend::Array> arrays;
  std::map<std::string, frontend::Texts> texts; ///< arrays of texts
  bool isSingleArray = false;                   ///< a .npy file
  /// Where further arrays are, read when somebody asks for them.
  std::optional<frontend::NpzFile> archive;
  std::optional<Table> table;

  /// Null when there is no such array. "x" and "y" are also found under the names that data sets
  /// give them: x_train, images, data, features, X; y_train, labels, target, targets, Y.
  frontend::Array *find(const std::string &name);
  /// The same of an array of texts. One of numbers is refused.
  frontend::Texts *findTexts(const std::string &name);
  std::vector<std::string> arrayNames() const;

private:
  /// The name under which the array is there that somebody asks for; empty for none.
  std::string nameOf(const std::string &wanted) const;
};

/// Opens .npz, .npy, IDX, HDF5, CSV, TSV, .data, ARFF, JSON lines and libsvm's format, compressed
/// by gzip or Zstandard too; the content decides, not the name. "-" is standard input; of a pattern
/// with *, ? or [] all files that fit it are read, tables of the same columns one below the other.
/// Throws UserError `FILE: reason; what to do`.
DataFile openDataFile(const std::string &path, const TextOptions &options = {});

/// Delimited text and ARFF text as tables. `path` is for messages.
Table parseDelimitedText(const std::string &path, std::string_view text,
                         const TextOptions &options = {});
Table parseArff(const std::string &path, std::string_view text, const TextOptions &options = {});
bool looksLikeArff(std::string_view text);

/// A number, true/false counting as 1/0; nothing for other text.
std::optional<double> parseNumber(std::string_view text);

/// The same where "1,5" is a number.
std::optional<double> parseDecimalComma(std::string_view text);

/// Days from 1970-01-01 to "2026-01-31", "2026/01/31" or "2026-01-31T12:30:05.5Z" (also with a
/// blank for the T); nothing for other text.
std::optional<double> parseDate(std::string_view text);

/// Whether a cell stands for a missing value: empty, "?", "NA", "NaN", "null" and the like.
bool isMissing(std::string_view text);

} // namespace lamina::trainer
