// Products of tensors with named dimensions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/builder/einsum.h"
#include "written_function.h"

namespace lamina::frontend::test {
namespace {

using namespace builder;
using testing::ElementsAre;

const Place kPlace{"model.onnx", "node 'product'"};

ir::HostTensor product(const std::string &equation, std::vector<ir::HostTensor> operands) {
  return evaluate([&](auto x) { return einsum(kPlace, equation, x); }, std::move(operands));
}

const ir::HostTensor kMatrix = floats({2, 3}, {1, 2, 3, 4, 5, 6});

TEST(Einsum, multipliesMatrices) {
  auto result = product("ab,bc->ac", {kMatrix, floats({3, 2}, {1, 0, 0, 1, 1, 1})});
  EXPECT_THAT(result.shape(), ElementsAre(2, 2));
  EXPECT_THAT(values(result), ElementsAre(4, 5, 10, 11));
}

TEST(Einsum, sumsLabelsThatTheOutputLeavesOut) {
  EXPECT_THAT(values(product("ab->b", {kMatrix})), ElementsAre(5, 7, 9));
  EXPECT_THAT(values(product("ab,ab->", {kMatrix, kMatrix})), ElementsAre(91));
}

TEST(Einsum, anEllipsisStandsForTheOtherDimensions) {
  auto batched = floats({1, 2, 3}, {1, 2, 3, 4, 5, 6});
  auto result = product("...a,a->...", {batched, floats({3}, {1, 1, 2})});
  EXPECT_THAT(result.shape(), ElementsAre(1, 2));
  EXPECT_THAT(values(result), ElementsAre(9, 21));
}

TEST(Einsum, withoutAnOutputLabelsAreSorted) {
  EXPECT_THAT(values(product("ba", {kMatrix})), ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(Einsum, refusesExtentsThatDoNotFit) {
  EXPECT_EQ(errorOf([] { product("ab,bc->ac", {kMatrix, kMatrix}); }),
            "model.onnx: node 'product': an einsum has extents (3,) and (2,) for one label");
}

TEST(Einsum, refusesTheWrongNumberOfOperands) {
  EXPECT_EQ(errorOf([] { product("ab,bc->ac", {kMatrix}); }),
            "model.onnx: node 'product': the einsum 'ab,bc->ac' has 2 operands, but 1 are given");
}

} // namespace
} // namespace lamina::frontend::test
