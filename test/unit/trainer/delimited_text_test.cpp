#include <cmath>

#include <gmock/gmock.h>

#include "test/unit/trainer/fixtures.h"
#include "trainer/data/data_file.h"

using namespace lamina::trainer;
using lamina::trainer::test::errorOf;
using testing::ElementsAre;

namespace {

Table parse(const std::string &text, const TextOptions &options = {}) {
  return parseDelimitedText("data.csv", text, options);
}

std::string textAt(const Table &table, size_t row, size_t column) {
  const std::string *text = table.text(row, column);
  return text ? *text : "(number)";
}

} // namespace

TEST(DelimitedText, NumbersWithAHeader) {
  Table table = parse("a,b,c\n1,2,3\n4,5.5,-6e2\n");
  EXPECT_THAT(table.names, ElementsAre("a", "b", "c"));
  EXPECT_THAT(table.values, ElementsAre(1, 2, 3, 4, 5.5, -600));
  EXPECT_THAT(table.lines, ElementsAre(2, 3));
}

TEST(DelimitedText, NumbersWithoutAHeader) {
  Table table = parse("1,2\n3,4");
  EXPECT_TRUE(table.names.empty());
  EXPECT_EQ(table.rows(), 2u);
}

TEST(DelimitedText, ClassNamesInTheFirstRowAreNoHeader) {
  Table table = parse("5.1,3.5,Iris-setosa\n4.9,3.0,Iris-setosa\n6.0,2.9,Iris-virginica\n\n\n");
  EXPECT_TRUE(table.names.empty());
  EXPECT_EQ(table.rows(), 3u);
  EXPECT_EQ(textAt(table, 2, 2), "Iris-virginica");
}

TEST(DelimitedText, ScikitLearnsFirstRowIsAHeaderOfAnotherWidth) {
  Table table = parse("569,2,malignant,benign\n17.99,10.38,0\n20.57,17.77,1\n");
  EXPECT_TRUE(table.names.empty());
  EXPECT_EQ(table.width, 3u);
  EXPECT_EQ(table.rows(), 2u);
}

TEST(DelimitedText, ScikitLearnsFirstRowOfTheSameWidth) {
  Table table = parse("150,4,setosa,versicolor,virginica\n5.1,3.5,1.4,0.2,0\n4.9,3.0,1.4,0.2,0\n");
  EXPECT_EQ(table.rows(), 2u);
}

TEST(DelimitedText, ACountOfTheRowsIsNoName) {
  EXPECT_TRUE(parse("2,2,no,yes\n5.1,3.5,1.4,0\n4.9,3.0,1.4,1\n").names.empty());
}

TEST(DelimitedText, NumbersOfAnotherWidthAreNoHeader) {
  EXPECT_EQ(errorOf([] { parse("150,4\n5.1,3.5,1.4,0.2,0\n4.9,3.0,1.4,0.2,0\n"); }),
            "data.csv: line 2: 5 values, but the rows before have 2");
  EXPECT_EQ(parse("150,4\n5.1,3.5,0\n4.9,3.0,0\n", {.delimiter = {}, .header = true}).rows(), 2u);
}

TEST(DelimitedText, PandasNumbersColumns) {
  EXPECT_EQ(parse("0,1,2\n5,6,7\n").rows(), 1u);
}

TEST(DelimitedText, TheCallerMayDecideAboutTheHeader) {
  EXPECT_EQ(parse("1,2\n3,4\n", {.delimiter = {}, .header = true}).rows(), 1u);
  EXPECT_EQ(parse("a,b\nc,d\n", {.delimiter = {}, .header = false}).rows(), 2u);
}

TEST(DelimitedText, SemicolonsAndQuotedHeader) {
  Table table = parse("\"fixed acidity\";\"pH\";\"quality\"\n7.4;3.51;5\n7.8;3.2;5\n");
  EXPECT_THAT(table.names, ElementsAre("fixed acidity", "pH", "quality"));
  EXPECT_THAT(table.values, ElementsAre(7.4, 3.51, 5, 7.8, 3.2, 5));
}

TEST(DelimitedText, BlanksAfterCommasAndQuestionMarks) {
  Table table = parse("|1x3 Cross validator\n39, State-gov, 77516, <=50K.\n50, ?, 83311, >50K.\n");
  EXPECT_EQ(textAt(table, 0, 1), "State-gov");
  EXPECT_EQ(textAt(table, 1, 1), "(number)");
  EXPECT_TRUE(std::isnan(table.value(1, 1)));
  EXPECT_EQ(table.value(1, 2), 83311);
}

TEST(DelimitedText, RunsOfSpacesWithATabAndQuotedNames) {
  Table table = parse("18.0   8   307.0      3504.\t\"chevrolet chevelle malibu\"\n"
                      "15.0   8   ?          3693.\t\"buick skylark 320\"\n");
  EXPECT_EQ(table.width, 5u);
  EXPECT_EQ(table.value(0, 3), 3504);
  EXPECT_TRUE(std::isnan(table.value(1, 2)));
  EXPECT_EQ(textAt(table, 1, 4), "buick skylark 320");
}

TEST(DelimitedText, DoubledTabs) {
  Table table = parse("15.26\t14.84\t0.871\t1\n14.88\t14.57\t\t0.8811\t1\n");
  EXPECT_EQ(table.width, 4u);
  EXPECT_EQ(table.value(1, 2), 0.8811);
}

TEST(DelimitedText, TabsMayEncloseNothing) {
  Table table = parse("a b\t\t1\nc d\t2\t3\n");
  EXPECT_EQ(table.width, 3u);
  EXPECT_TRUE(std::isnan(table.value(0, 1)));
}

TEST(DelimitedText, QuotesHoldDelimitersQuotesAndLineBreaks) {
  Table table = parse("\"a, \"\"b\"\"\nc\",1\nd,2\n");
  EXPECT_EQ(textAt(table, 0, 0), "a, \"b\"\nc");
  EXPECT_THAT(table.lines, ElementsAre(1, 3));
}

TEST(DelimitedText, LineEndsOfEverySystemAndAByteOrderMark) {
  for (const char *text : {"\xef\xbb\xbf"
                           "a,b\r\n1,2\r\n3,4\r\n",
                           "a,b\r1,2\r3,4", "a,b\n1,2\n3,4\n"}) {
    Table table = parse(text);
    EXPECT_THAT(table.names, ElementsAre("a", "b"));
    EXPECT_THAT(table.values, ElementsAre(1, 2, 3, 4));
  }
}

TEST(DelimitedText, NumbersInManyForms) {
  EXPECT_EQ(parseNumber("+1.5"), 1.5);
  EXPECT_EQ(parseNumber(".5"), 0.5);
  EXPECT_EQ(parseNumber("5."), 5);
  EXPECT_EQ(parseNumber("1e-3"), 1e-3);
  EXPECT_EQ(parseNumber("True"), 1);
  EXPECT_EQ(parseNumber("1e-400"), 0);
  EXPECT_FALSE(parseNumber("1,5"));
  EXPECT_FALSE(parseNumber("nan"));
  EXPECT_FALSE(parseNumber("0x10"));
  EXPECT_FALSE(parseNumber(""));
}

TEST(DelimitedText, ErrorsNameTheLine) {
  EXPECT_EQ(errorOf([] { parse("1,2,3\n4,5,6\n7,8\n"); }),
            "data.csv: line 3: 2 values, but the rows before have 3");
  EXPECT_EQ(errorOf([] { parse("a,b\n1,\"2\n"); }),
            "data.csv: line 2: a quoted field is never closed");
  EXPECT_EQ(errorOf([] { parse("1,\"2\"x\n", {.delimiter = ',', .header = false}); }),
            "data.csv: line 1: there is text after the end of a quoted field");
  EXPECT_EQ(errorOf([] { parse("a,b\n"); }), "data.csv: there are no rows of data in it");
}
