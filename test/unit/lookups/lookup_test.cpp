#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/lookups/vocabulary.h"
#include "support/error.h"

namespace lamina::frontend {
namespace {

using testing::ElementsAre;
using Mode = CategoryEncoding::Mode;

Array floatArray(std::vector<float> values) {
  Array array = makeArray(ElementType::F32, {static_cast<int64_t>(values.size()), 1});
  std::copy(values.begin(), values.end(), array.values<float>().begin());
  return array;
}

LookupPlan planOf(std::unique_ptr<Lookup> lookup) {
  LookupPlan plan;
  plan.inputs = {{"words", true, ElementType::U8, {1}}};
  plan.calls.push_back({"look", std::move(lookup), {0}});
  plan.results = {1};
  return plan;
}

/// What `run` says about a row; "no error" where it says nothing.
std::string errorOf(const LookupPlan &plan, std::vector<std::string> words) {
  try {
    auto rows = static_cast<int64_t>(words.size());
    plan.run({Texts{{rows, 1}, std::move(words)}},
             [](int64_t row) { return fmt::format("a.csv: line {}", row + 2); });
  } catch (const UserError &error) {
    return error.what();
  }
  return "no error";
}

TEST(Lookups, SayWhichRowIsUnknown) {
  Vocabulary<std::string> vocabulary;
  vocabulary.indices = {{"a", 0}, {"b", 1}};
  vocabulary.unknown.buckets = 0;
  LookupPlan plan = planOf(makeLookup(vocabulary, CategoryEncoding()));
  EXPECT_EQ(errorOf(plan, {"a", "b"}), "no error");
  EXPECT_EQ(errorOf(plan, {"a", "c"}),
            "a.csv: line 3: layer 'look': 'c' is not in the vocabulary, and with num_oov_indices 0 "
            "nothing stands for such values; leave the row out, or build the layer with "
            "num_oov_indices=1");
}

TEST(Lookups, CutFractionsOffAsTensorFlowCasts) {
  EXPECT_THAT(wholeNumbers(floatArray({-1.9f, 2.9f, 1e30f, -1e30f})),
              ElementsAre(-1, 2, INT64_MIN, INT64_MIN));
}

TEST(Lookups, RemaindersAreNotNegative) {
  Vocabulary<int64_t> vocabulary;
  vocabulary.unknown = {.buckets = 3, .byRemainder = true};
  EXPECT_EQ(vocabulary.find(-4), 2);
  EXPECT_EQ(vocabulary.find(INT64_MIN), 1);
}

TEST(Lookups, EncodeRows) {
  CategoryEncoding count = {.mode = Mode::Count, .depth = 3, .type = ElementType::F32};
  Array array = count.encode({2, 2, kNoCategory, 0, 1, 5}, {2, 3});
  EXPECT_EQ(array.shape, (std::vector<int64_t>{2, 3}));
  EXPECT_THAT(array.values<float>(), ElementsAre(0, 0, 2, 1, 1, 0));
  CategoryEncoding oneHot = {.mode = Mode::OneHot, .depth = 2, .type = ElementType::F32};
  EXPECT_EQ(oneHot.rowShape({3}), (std::vector<int64_t>{3, 2}));
  EXPECT_EQ(oneHot.rowShape({1}), (std::vector<int64_t>{2}));
  EXPECT_EQ(oneHot.rowShape({}), (std::vector<int64_t>{2}));
}

} // namespace
} // namespace lamina::frontend
