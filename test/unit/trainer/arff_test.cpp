#include <cmath>

#include <gmock/gmock.h>

#include "test/unit/trainer/fixtures.h"
#include "trainer/data/data_file.h"

using namespace lamina::trainer;
using lamina::trainer::test::errorOf;
using testing::ElementsAre;

TEST(Arff, AttributesAndData) {
  std::string text = "% comment\n@RELATION iris\n\n@attribute 'sepal length' REAL\n"
                     "@attribute width numeric % inline\n@ATTRIBUTE class {setosa, 'a b',c}\n\n"
                     "@DATA\n% another\n5.1,3.5,setosa\n4.9,?,'a b'\n";
  ASSERT_TRUE(looksLikeArff(text));
  Table table = parseArff("iris.arff", text);
  EXPECT_THAT(table.names, ElementsAre("sepal length", "width", "class"));
  EXPECT_THAT(table.declared[2], ElementsAre("setosa", "a b", "c"));
  EXPECT_TRUE(table.declared[0].empty());
  EXPECT_EQ(table.rows(), 2u);
  EXPECT_EQ(table.value(0, 1), 3.5);
  EXPECT_TRUE(std::isnan(table.value(1, 1)));
  EXPECT_EQ(*table.text(1, 2), "a b");
  EXPECT_THAT(table.lines, ElementsAre(10, 11));
}

TEST(Arff, IsToldFromDelimitedText) {
  EXPECT_FALSE(looksLikeArff("a,b\n1,2\n"));
  EXPECT_TRUE(looksLikeArff("%c\n\n  @Relation x\n"));
}

TEST(Arff, Errors) {
  auto error = [](const std::string &text) { return errorOf([&] { parseArff("f.arff", text); }); };
  EXPECT_EQ(error("@relation a\n@attribute x real\n"), "f.arff: this ARFF file has no @data line");
  EXPECT_EQ(error("@relation a\n@attribute x\n@data\n"),
            "f.arff: line 2: an @attribute line wants a name and a type");
  EXPECT_EQ(error("@relation a\n@attribute x {a,b\n@data\n"),
            "f.arff: line 2: the list of values is never closed");
  EXPECT_EQ(error("@relation a\nx real\n"),
            "f.arff: line 2: expected @relation, @attribute or @data");
  EXPECT_EQ(error("@relation a\n@attribute x real\n@data\n1,2\n"),
            "f.arff: line 4: 2 values, but the file declares 1 attributes");
  EXPECT_EQ(error("@relation a\n@attribute x real\n@data\n{0 5}\n"),
            "f.arff: line 4: sparse ARFF rows are not supported; write the rows in full");
  EXPECT_EQ(error("@relation a\n@attribute x real\n@data\n"),
            "f.arff: there are no rows of data in it");
}
