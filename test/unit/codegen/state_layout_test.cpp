// Variables in the state, element by element where the layouts' definition puts them.
#include "codegen/jit/state_layout.h"

#include <gtest/gtest.h>

#include <numeric>

#include "ir/module.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

namespace lamina::codegen {
namespace {

class StateLayoutTest : public testing::Test {
protected:
  explicit StateLayoutTest() : context(mlir::MLIRContext::Threading::DISABLED) {
    ir::loadDialects(context);
  }

  mlir::OwningOpRef<mlir::ModuleOp> parse(const char *text) {
    return mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  }

  mlir::MLIRContext context;
};

std::vector<float> countingFrom(float first, size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

/// Loads variable `number` into a state of zeros and returns its floats from byte `offset` on.
std::vector<float> loaded(const StateLayout &layout, size_t number,
                          const std::vector<float> &values, size_t offset, size_t floats) {
  std::vector<float> state(1024);
  auto *bytes = reinterpret_cast<std::byte *>(state.data());
  layout.load(bytes, number, reinterpret_cast<const std::byte *>(values.data()));
  std::vector<float> back(values.size());
  layout.save(bytes, number, reinterpret_cast<std::byte *>(back.data()));
  EXPECT_EQ(back, values);
  auto first = state.begin() + static_cast<ptrdiff_t>(offset / sizeof(float));
  return {first, first + static_cast<ptrdiff_t>(floats)};
}

TEST_F(StateLayoutTest, PanelsOfOneDimension) {
  auto module = parse(R"(module {
    lamina.variable @b : tensor<3xf32> {offset = 64 : i64}
    lamina.variable @w : tensor<2x3x5xf32>
        {layout = #lamina.packed<dimension = 2, width = 4>, offset = 128 : i64}
  })");
  StateLayout layout(*module, 2);
  EXPECT_EQ(loaded(layout, 0, {7, 8, 9}, 64, 3), (std::vector<float>{7, 8, 9}));

  std::vector<float> values = countingFrom(1, 30), wanted(2 * 6 * 4);
  for (size_t line = 0; line < 6; ++line)
    for (size_t column = 0; column < 5; ++column)
      wanted[(column / 4 * 6 + line) * 4 + column % 4] = values[line * 5 + column];
  EXPECT_EQ(loaded(layout, 1, values, 128, wanted.size()), wanted);
}

TEST_F(StateLayoutTest, PanelsOfTheFirstDimensionAndOfGroupsOfLines) {
  auto module = parse(R"(module {
    lamina.variable @w : tensor<5x3xf32>
        {layout = #lamina.packed<dimension = 0, width = 2, group = 2>, offset = 0 : i64}
  })");
  std::vector<float> values = countingFrom(1, 15), wanted(3 * 2 * 2 * 2);
  for (size_t k = 0; k < 3; ++k)
    for (size_t n = 0; n < 5; ++n)
      wanted[((n / 2) * 2 + k / 2) * 2 * 2 + (n % 2) * 2 + k % 2] = values[n * 3 + k];
  EXPECT_EQ(loaded(StateLayout(*module, 1), 0, values, 0, wanted.size()), wanted);
}

TEST_F(StateLayoutTest, MirrorsAreWrittenToo) {
  auto module = parse(R"(module {
    lamina.variable @w : tensor<3x20xf32> {offset = 0 : i64}
    lamina.variable @"w^T" : tensor<20x3xf32>
        {mirror = @w, permutation = array<i64: 1, 0>, offset = 256 : i64}
    lamina.variable @"w^P" : tensor<20x3xf32>
        {layout = #lamina.packed<dimension = 1, width = 2>, mirror = @w,
         permutation = array<i64: 1, 0>, offset = 512 : i64}
  })");
  StateLayout layout(*module, 1);
  std::vector<float> values = countingFrom(1, 60), transposed(60), packed(2 * 20 * 2);
  for (size_t row = 0; row < 20; ++row)
    for (size_t column = 0; column < 3; ++column) {
      transposed[row * 3 + column] = values[column * 20 + row];
      packed[(column / 2 * 20 + row) * 2 + column % 2] = values[column * 20 + row];
    }
  EXPECT_EQ(loaded(layout, 0, values, 256, 60), transposed);
  EXPECT_EQ(loaded(layout, 0, values, 512, packed.size()), packed);
}

TEST_F(StateLayoutTest, ElementsOfAllWidths) {
  auto module = parse(R"(module {
    lamina.variable @flag : tensor<i1> {offset = 0 : i64}
    lamina.variable @w : tensor<2x3xf64>
        {layout = #lamina.packed<dimension = 1, width = 2>, offset = 64 : i64}
  })");
  StateLayout layout(*module, 1);
  std::vector<double> state(64), values = {1, 2, 3, 4, 5, 6};
  auto *bytes = reinterpret_cast<std::byte *>(state.data());
  std::byte flag{1};
  layout.load(bytes, 0, &flag);
  EXPECT_EQ(bytes[0], flag);
  layout.load(bytes, 1, reinterpret_cast<const std::byte *>(values.data()));
  EXPECT_EQ(std::vector<double>(state.begin() + 8, state.begin() + 16),
            (std::vector<double>{1, 2, 4, 5, 3, 0, 6, 0}));
}

} // namespace
} // namespace lamina::codegen
