#pragma once

#include <string_view>

#include "trainer/data/data_file.h"

namespace lamina::trainer {

/// Lines of text as the rows of a table, read by several threads. Plain text only: false, and the
/// table is of no use, where a field is quoted, a line has another number of fields than the first
/// one, or ends in a carriage return alone. Otherwise the rows are those of RecordReader.
///
/// `delimiter` ' ' stands for runs of spaces and tabs; `line` is the number of the first line.
bool readPlainRows(std::string_view text, char delimiter, bool decimalComma, size_t line,
                   Table &table);

} // namespace lamina::trainer
