// Plain text is read by several threads, and as RecordReader reads it.
#include "trainer/data/plain_rows.h"

#include <cmath>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lamina::trainer {
namespace {

using ::testing::ElementsAre;

/// The cells of a table as text, those without a value empty.
std::vector<std::string> cellsOf(const Table &table) {
  std::vector<std::string> cells;
  for (size_t row = 0; row < table.rows(); ++row)
    for (size_t column = 0; column < table.width; ++column) {
      const std::string *text = table.text(row, column);
      double value = table.value(row, column);
      cells.push_back(text ? *text : std::isnan(value) ? "" : fmt::format("{}", value));
    }
  return cells;
}

/// Several million bytes, so that there are parts, with all that plain text may have.
std::string largeText(const char *delimiter, const char *lineEnd) {
  std::string text;
  for (int row = 0; row < 50000; ++row) {
    if (row % 1000 == 7)
      text += fmt::format("{}{}# a comment, with commas{}", lineEnd, row % 2000 == 7 ? "  " : "",
                          lineEnd);
    text += fmt::format("{0}{2}{1:.17g}{2} +2e-3 {2}{3}{2}{4}{5}", row, std::sin(row), delimiter,
                        row % 3 ? "?" : "word", row % 5 ? "1e999" : "x y", lineEnd);
  }
  return text;
}

TEST(PlainRows, AreThoseOfRecords) {
  for (const char *lineEnd : {"\n", "\r\n"})
    for (const char *delimiter : {",", ";", "\t"}) {
      std::string text = largeText(delimiter, lineEnd);
      Table plain;
      ASSERT_TRUE(readPlainRows(text, delimiter[0], false, 1, plain));
      // A quoted field makes the reader of records take all of them.
      Table records =
          parseDelimitedText("d.csv", text + fmt::format("\"7\"{0}1{0}2{0}3{0}4", delimiter),
                             {.delimiter = delimiter[0], .header = false});
      EXPECT_EQ(plain.rows() + 1, records.rows());
      EXPECT_EQ(plain.lines.back(), records.lines[plain.rows() - 1]);
      std::vector<std::string> wanted = cellsOf(records);
      wanted.resize(plain.values.size());
      EXPECT_EQ(cellsOf(plain), wanted);
    }
}

TEST(PlainRows, SeparatedByBlanks) {
  Table table;
  ASSERT_TRUE(readPlainRows("  1 \t2   x\t\n\n3 4 NA\n", ' ', false, 5, table));
  EXPECT_THAT(cellsOf(table), ElementsAre("1", "2", "x", "3", "4", ""));
  EXPECT_THAT(table.lines, ElementsAre(5, 7));
}

TEST(PlainRows, OtherTextIsLeftToRecords) {
  for (const char *text : {"1,\"2\"\n", "1,2\n3\n", "1,2\r3,4\r", "1,2\n3,4\r"}) {
    Table table;
    EXPECT_FALSE(readPlainRows(text, ',', false, 1, table)) << text;
  }
}

TEST(DecimalCommas, AreFoundBesideOtherDelimiters) {
  for (const char *text :
       {"size;kind\n1,5;a\n-2;b\n1,25e1;a\n", "size\tkind\n1,5\ta\n-2\tb\n1,25e1\ta\n"}) {
    Table table = parseDelimitedText("d.csv", text);
    EXPECT_THAT(table.names, ElementsAre("size", "kind"));
    EXPECT_THAT(cellsOf(table), ElementsAre("1.5", "a", "-2", "b", "12.5", "a"));
  }
}

TEST(DecimalCommas, AreNoneWhereThereArePoints) {
  Table table = parseDelimitedText("d.csv", "a;b\n1,5;0.5\n2,5;1.5\n");
  EXPECT_THAT(cellsOf(table), ElementsAre("1,5", "0.5", "2,5", "1.5"));
}

} // namespace
} // namespace lamina::trainer
