#include "trainer/data/cast.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "test/unit/trainer/fixtures.h"

using namespace lamina;
using namespace lamina::trainer;
using namespace lamina::trainer::test;

namespace {

bool fits(ElementType type, double value) {
  std::byte bytes[8];
  return storeValue(type, bytes, value);
}

} // namespace

TEST(Cast, IntegerTypesTakeWholeNumbersInRange) {
  EXPECT_TRUE(fits(ElementType::I32, 2147483647.0));
  EXPECT_FALSE(fits(ElementType::I32, 2147483648.0));
  EXPECT_TRUE(fits(ElementType::I32, -2147483648.0));
  EXPECT_FALSE(fits(ElementType::I32, -2147483649.0));
  EXPECT_FALSE(fits(ElementType::I32, 2.5));
  EXPECT_FALSE(fits(ElementType::I32, std::nan("")));
  EXPECT_FALSE(fits(ElementType::I64, 9223372036854775808.0));
  EXPECT_TRUE(fits(ElementType::I64, -9223372036854775808.0));
  EXPECT_TRUE(fits(ElementType::U8, 255));
  EXPECT_FALSE(fits(ElementType::U8, 256));
  EXPECT_FALSE(fits(ElementType::U8, -1));
  EXPECT_TRUE(fits(ElementType::I8, -128));
  EXPECT_FALSE(fits(ElementType::I8, 128));
  EXPECT_TRUE(fits(ElementType::I1, 1));
  EXPECT_FALSE(fits(ElementType::I1, 2));
  EXPECT_FALSE(fits(ElementType::I1, 0.5));
  EXPECT_TRUE(fits(ElementType::F32, 0.1));
}

TEST(Cast, ArraysBetweenTypes) {
  auto never = [](size_t, double) { FAIL(); };
  auto doubles = test::makeArray<double>(ElementType::F64, {3}, {1, -2, 3});
  EXPECT_THAT(valuesOf<float>(castArray(doubles, ElementType::F32, never)),
              testing::ElementsAre(1, -2, 3));
  EXPECT_THAT(valuesOf<int64_t>(castArray(doubles, ElementType::I64, never)),
              testing::ElementsAre(1, -2, 3));
  auto bytes = test::makeArray<uint8_t>(ElementType::U8, {2}, {200, 7});
  EXPECT_THAT(valuesOf<int32_t>(castArray(bytes, ElementType::I32, never)),
              testing::ElementsAre(200, 7));
}

TEST(Cast, LargeIntegersKeepTheirBits) {
  int64_t large = (int64_t(1) << 62) + 1;
  auto array = test::makeArray<int64_t>(ElementType::I64, {1}, {large});
  auto same = castArray(array, ElementType::I64, [](size_t, double) { FAIL(); });
  EXPECT_EQ(valuesOf<int64_t>(same)[0], large);
}

TEST(Cast, RefusesWithTheIndex) {
  auto refused = [](const frontend::Array &array, ElementType type) {
    size_t found = SIZE_MAX;
    castArray(array, type, [&](size_t index, double) { found = std::min(found, index); });
    return found;
  };
  EXPECT_EQ(refused(floats({3}, {1, 2, 2.5}), ElementType::I32), 2u);
  EXPECT_EQ(refused(test::makeArray<uint8_t>(ElementType::U8, {2}, {1, 200}), ElementType::I8), 1u);
  EXPECT_EQ(refused(test::makeArray<int64_t>(ElementType::I64, {1}, {-1}), ElementType::U8), 0u);
}
