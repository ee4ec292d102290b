#include "trainer/data/record_reader.h"

#include "support/error.h"

namespace lamina::trainer {

namespace {

bool isBlank(char c) {
  return c == ' ' || c == '\t';
}

} // namespace

bool RecordReader::isDelimiter(char c) const {
  return style_.delimiter == ' ' ? isBlank(c) : c == style_.delimiter;
}

/// Blanks that do not delimit.
void RecordReader::skipBlanks() {
  while (!atEnd() && isBlank(text_[position_]) &&
         (style_.delimiter == ' ' || text_[position_] != style_.delimiter))
    ++position_;
}

void RecordReader::skipLineEnd() {
  if (atEnd())
    return;
  if (text_[position_] == '\r' && position_ + 1 < text_.size() && text_[position_ + 1] == '\n')
    ++position_;
  ++position_;
  ++line_;
}

/// Moves to the first field of the next line that has any; false at the end.
bool RecordReader::skipToRecord() {
  while (!atEnd()) {
    size_t lineStart = position_;
    while (!atEnd() && isBlank(text_[position_]))
      ++position_;
    char first = atEnd() ? '\n' : text_[position_];
    if (first == '%' || first == '#' || first == '|') {
      while (!atLineEnd())
        ++position_;
    } else if (!atLineEnd()) {
      position_ = lineStart;
      skipBlanks();
      return true;
    }
    skipLineEnd();
  }
  return false;
}

std::string_view RecordReader::quotedField() {
  char quote = text_[position_++];
  size_t startLine = line_;
  std::string &content = unquoted_.emplace_back();
  for (;; ++position_) {
    if (atEnd())
      fail("{}: line {}: a quoted field is never closed", path_, startLine);
    char c = text_[position_];
    if (c == '\\' && style_.singleQuotes && position_ + 1 < text_.size()) {
      content += text_[++position_];
    } else if (c == quote) {
      bool doubled = position_ + 1 < text_.size() && text_[position_ + 1] == quote;
      if (!doubled)
        break;
      content += quote;
      ++position_;
    } else {
      line_ += c == '\n';
      content += c;
    }
  }
  ++position_;
  return content;
}

std::string_view RecordReader::plainField() {
  size_t start = position_;
  while (!atLineEnd() && !isDelimiter(text_[position_]))
    ++position_;
  size_t end = position_;
  while (end > start && isBlank(text_[end - 1]))
    --end;
  return text_.substr(start, end - start);
}

/// Steps over the separator behind a field; true if another field of the same record comes.
bool RecordReader::afterField() {
  skipBlanks();
  if (atLineEnd())
    return false;
  if (style_.delimiter == ' ')
    return true;
  if (!isDelimiter(text_[position_]))
    fail("{}: line {}: there is text after the end of a quoted field", path_, line_);
  ++position_;
  skipBlanks();
  return true;
}

bool RecordReader::next(Record &record) {
  record.fields.clear();
  unquoted_.clear();
  if (!skipToRecord())
    return false;
  record.line = line_;
  do
    record.fields.push_back(!atEnd() && isQuote(text_[position_]) ? quotedField() : plainField());
  while (afterField());
  skipLineEnd();
  return true;
}

} // namespace lamina::trainer
