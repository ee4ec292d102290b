#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace lamina::trainer {

/// Splits text into records of fields: one record a line, except that quoted fields may contain
/// line breaks (RFC 4180). Unquoted fields lose surrounding blanks; empty lines and comments
/// (lines beginning with '%', '#' or '|') are skipped. Line ends are LF, CR LF or CR.
class RecordReader {
public:
  struct Style {
    char delimiter = ',';      ///< ' ' stands for runs of spaces and tabs
    bool singleQuotes = false; ///< 'text' is quoted too, and a backslash escapes (ARFF)
  };
  struct Record {
    std::vector<std::string_view> fields; ///< valid until the next record is read
    size_t line = 0;                      ///< on which the record begins, from 1
  };

  /// `firstLine` is the number of the first line of `text`.
  RecordReader(const std::string &path, std::string_view text, Style style, size_t firstLine = 1)
      : path_(path), text_(text), style_(style), line_(firstLine) {}

  /// Reads the next record; false at the end. Throws UserError for quotes that are never closed.
  bool next(Record &record);

  /// Where the next record is looked for, and the number of the line there.
  size_t position() const { return position_; }
  size_t line() const { return line_; }

private:
  bool atEnd() const { return position_ >= text_.size(); }
  bool atLineEnd() const { return atEnd() || text_[position_] == '\n' || text_[position_] == '\r'; }
  bool isQuote(char c) const { return c == '"' || (style_.singleQuotes && c == '\''); }
  bool isDelimiter(char c) const;
  void skipBlanks();
  void skipLineEnd();
  bool skipToRecord();
  std::string_view quotedField();
  std::string_view plainField();
  bool afterField();

  const std::string &path_;
  std::string_view text_;
  Style style_;
  size_t position_ = 0, line_;
  std::deque<std::string> unquoted_; ///< texts of fields that are not substrings of the file
};

} // namespace lamina::trainer
