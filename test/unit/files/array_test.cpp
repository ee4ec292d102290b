#include "frontend/files/arrays/array.h"

#include <limits>
#include <stdexcept>

#include "frontend/files/bytes.h"
#include "test/unit/files/test_files.h"

namespace lamina::frontend {
namespace {

constexpr int64_t huge = std::numeric_limits<int64_t>::max();

TEST(Array, CountsElements) {
  EXPECT_EQ(checkedElementCount(std::vector<int64_t>{}), 1u);
  EXPECT_EQ(checkedElementCount(std::vector<int64_t>{2, 3, 4}), 24u);
  EXPECT_EQ(checkedElementCount(std::vector<int64_t>{2, 0, 4}), 0u);
  EXPECT_EQ(checkedByteSize(ElementType::F64, std::vector<int64_t>{2, 3}), 48u);
}

TEST(Array, RefusesImpossibleShapes) {
  EXPECT_FALSE(checkedElementCount(std::vector<int64_t>{-1}));
  EXPECT_FALSE(checkedElementCount(std::vector<int64_t>{huge, huge}));
  EXPECT_FALSE(checkedElementCount(std::vector<int64_t>{int64_t(1) << 32, int64_t(1) << 32}));
  // Zero elements, but strides that overflow.
  EXPECT_FALSE(checkedElementCount(std::vector<int64_t>{0, huge, huge}));
  EXPECT_FALSE(checkedByteSize(ElementType::F64, std::vector<int64_t>{int64_t(1) << 54}));
  EXPECT_THROW(makeArray(ElementType::F32, {huge}), std::length_error);
}

TEST(Array, DescribesItselfAsNumPyDoes) {
  EXPECT_EQ(describe(makeArray(ElementType::F32, {64, 128})), "float32 (64, 128)");
  EXPECT_EQ(describe(makeArray(ElementType::I64, {3})), "int64 (3,)");
  EXPECT_EQ(describe(makeArray(ElementType::I1, {})), "bool ()");
}

TEST(Array, KeepsText) {
  Array array = textArray(std::string_view("a\0\xff", 3));
  EXPECT_EQ(describe(array), "uint8 (3,)");
  EXPECT_EQ(asText(array.bytes), std::string_view("a\0\xff", 3));
  EXPECT_EQ(describe(textArray("")), "uint8 (0,)");
}

} // namespace
} // namespace lamina::frontend
