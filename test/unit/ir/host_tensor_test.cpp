#include "ir/host_tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mlir/IR/MLIRContext.h"

using namespace mlir;
using testing::ElementsAre;

namespace lamina::ir {
namespace {

TEST(ElementTypes, UnknownOnesAreNoIntegers) {
  MLIRContext context;
  EXPECT_EQ(findElementType(IntegerType::get(&context, 8)), ElementType::I8);
  const Type unknown[] = {Float16Type::get(&context), BFloat16Type::get(&context),
                          IndexType::get(&context), IntegerType::get(&context, 16),
                          IntegerType::get(&context, 32, IntegerType::Unsigned)};
  for (Type type : unknown)
    EXPECT_EQ(findElementType(type), std::nullopt);
  EXPECT_DEATH(toElementType(unknown[0]), "no tensor has elements of type f16");
}

TEST(HostTensor, StartsWithZeros) {
  HostTensor tensor(ElementType::I32, {2, 3});
  EXPECT_EQ(tensor.size(), 6);
  EXPECT_EQ(tensor.rank(), 2);
  EXPECT_THAT(tensor.elements<int32_t>(), ElementsAre(0, 0, 0, 0, 0, 0));
  EXPECT_EQ(HostTensor(ElementType::F32, {}).size(), 1);
  EXPECT_EQ(HostTensor(ElementType::F32, {3, 0}).size(), 0);
}

template <typename T> void expectAttributeRoundTrip(std::vector<T> values) {
  MLIRContext context;
  llvm::SmallVector<T> list(values.begin(), values.end());
  HostTensor tensor = HostTensor::of<T>({static_cast<int64_t>(list.size())}, list);
  DenseElementsAttr attribute = tensor.toAttribute(&context);
  EXPECT_EQ(toElementType(attribute.getElementType()), tensor.type());
  HostTensor back = llvm::cantFail(HostTensor::fromAttribute(attribute));
  EXPECT_EQ(back.shape(), tensor.shape());
  EXPECT_TRUE(back.raw() == tensor.raw());
}

TEST(HostTensor, AttributesKeepEveryBit) {
  expectAttributeRoundTrip<float>({1.5f, -0.0f, NAN, INFINITY});
  expectAttributeRoundTrip<double>({0.1, -0.0});
  expectAttributeRoundTrip<int64_t>({INT64_MIN, INT64_MAX});
  expectAttributeRoundTrip<int32_t>({-1, 2});
  expectAttributeRoundTrip<int8_t>({-128, 127});
  expectAttributeRoundTrip<uint8_t>({0, 255});
  expectAttributeRoundTrip<bool>({true, false, true});
  expectAttributeRoundTrip<bool>({true, true});
}

TEST(HostTensor, SplatFillsAllElements) {
  MLIRContext context;
  auto type = RankedTensorType::get({2, 2}, Float32Type::get(&context));
  HostTensor tensor = llvm::cantFail(HostTensor::fromAttribute(DenseElementsAttr::get(type, 3.0f)));
  EXPECT_THAT(tensor.elements<float>(), ElementsAre(3, 3, 3, 3));
  EXPECT_TRUE(tensor.toAttribute(&context).isSplat());
}

TEST(HostTensor, ReshapesAndReads) {
  HostTensor tensor = HostTensor::of<uint8_t>({2, 2}, {1, 2, 3, 200});
  EXPECT_THAT(tensor.reshaped({4}).shape(), ElementsAre(4));
  EXPECT_EQ(tensor.at(3), 200.0);
}

TEST(Shapes, RowsReplaceTheDynamicDimension) {
  MLIRContext context;
  auto type = RankedTensorType::get({2, ShapedType::kDynamic}, Float32Type::get(&context));
  EXPECT_THAT(concreteShape(type, 5), ElementsAre(2, 5));
  EXPECT_EQ(elementCount({2, 5}), 10);
  EXPECT_THAT(rowMajorStrides({2, 3, 4}), ElementsAre(12, 4, 1));
}

TEST(Shapes, IndicesRunInRowMajorOrder) {
  std::vector<std::vector<int64_t>> seen;
  forEachIndex({2, 2}, [&](ArrayRef<int64_t> index) { seen.push_back(index.vec()); });
  EXPECT_THAT(seen, ElementsAre(ElementsAre(0, 0), ElementsAre(0, 1), ElementsAre(1, 0),
                                ElementsAre(1, 1)));
  int count = 0;
  forEachIndex({}, [&](ArrayRef<int64_t>) { ++count; });
  EXPECT_EQ(count, 1);
  forEachIndex({3, 0}, [&](ArrayRef<int64_t>) { ++count; });
  EXPECT_EQ(count, 1);
}

} // namespace
} // namespace lamina::ir
