// Attention and its gradient compute what the interpreter says, up to rounding, for shapes, masks
// and schedules of all kinds.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "ir/interpreter/interpreter.h"
#include "test/unit/codegen/kernels/kernel_fixture.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

using ir::HostTensor;

constexpr int64_t kAttentionRows = 3;

constexpr const char *kResults[] = {"output", "maximum", "sum"};
constexpr const char *kGradients[] = {"query", "key", "value"};

/// An attention with random extents.
struct AttentionShape {
  int64_t queries, keys, heads, features, valueFeatures;
  bool isCausal;
  llvm::SmallVector<Extents> masks;
  double scale;

  explicit AttentionShape(Random &random)
      : queries(random.oneOf<int64_t>({1, 3, 7, 16, 33, 64, 70})),
        keys(random.oneOf<int64_t>({1, 5, 6, 17, 48, 49, 100})), heads(random.between(1, 3)),
        features(random.oneOf<int64_t>({1, 4, 7, 16, 20, 64, 70})),
        valueFeatures(random.oneOf<int64_t>({1, 4, 9, 16, 33, 64, 65})),
        isCausal(random.chance(40)), scale(random.chance(30) ? 1 : 0.3) {
    for (int64_t count = random.oneOf<int64_t>({0, 0, 1, 2}); count > 0; --count) {
      Extents mask;
      for (int64_t extent : {ShapedType::kDynamic, heads, queries, keys})
        mask.push_back(random.chance(50) ? 1 : extent);
      masks.push_back(mask);
    }
  }

  Extents query() const { return {ShapedType::kDynamic, queries, heads, features}; }
  Extents key() const { return {ShapedType::kDynamic, keys, heads, features}; }
  Extents value() const { return {ShapedType::kDynamic, keys, heads, valueFeatures}; }
  Extents output() const { return {ShapedType::kDynamic, queries, heads, valueFeatures}; }
  Extents statistics() const { return {ShapedType::kDynamic, heads, queries}; }
};

/// Numbers between -1 and 1; truth values of which one in three is false.
HostTensor draw(Random &random, RankedTensorType type, int64_t rows) {
  HostTensor tensor(type.getElementType().isInteger(1) ? ElementType::I1 : ElementType::F32,
                    ir::concreteShape(type, rows));
  if (tensor.type() == ElementType::I1)
    for (bool &element : tensor.elements<bool>())
      element = !random.chance(33);
  else
    for (float &element : tensor.elements<float>())
      element = static_cast<float>(random.between(-1000, 1000)) / 1000;
  return tensor;
}

class AttentionKernel : public KernelTest {
protected:
  std::vector<RankedTensorType> typesOf(llvm::ArrayRef<Extents> shapes,
                                        const AttentionShape &shape) {
    Builder builder(&context);
    std::vector<RankedTensorType> types;
    for (const Extents &extents : shapes)
      types.push_back(RankedTensorType::get(extents, builder.getF32Type()));
    for (const Extents &mask : shape.masks)
      types.push_back(RankedTensorType::get(mask, builder.getI1Type()));
    return types;
  }

  OwningOpRef<ModuleOp> makeForward(const AttentionShape &shape, const ScheduleMaker &schedule) {
    auto types = typesOf({shape.query(), shape.key(), shape.value()}, shape);
    return makeKernelModule(context, kAttentionRows,
                            llvm::SmallVector<Type>(types.begin(), types.end()), target, schedule,
                            [&](OpBuilder &builder, ValueRange arguments) {
                              auto op = builder.create<ir::AttentionOp>(
                                  builder.getUnknownLoc(), arguments[0], arguments[1], arguments[2],
                                  arguments.drop_front(3), builder.getF64FloatAttr(shape.scale),
                                  shape.isCausal ? builder.getUnitAttr() : UnitAttr());
                              return llvm::SmallVector<Value>(op->getResults());
                            });
  }

  OwningOpRef<ModuleOp> makeBackward(const AttentionShape &shape, const ScheduleMaker &schedule) {
    auto types = typesOf({shape.query(), shape.key(), shape.value(), shape.output(),
                          shape.statistics(), shape.statistics(), shape.output()},
                         shape);
    return makeKernelModule(context, kAttentionRows,
                            llvm::SmallVector<Type>(types.begin(), types.end()), target, schedule,
                            [&](OpBuilder &builder, ValueRange arguments) {
                              auto op = builder.create<ir::AttentionGradientOp>(
                                  builder.getUnknownLoc(), arguments[0], arguments[1], arguments[2],
                                  arguments[3], arguments[4], arguments[5], arguments[6],
                                  arguments.drop_front(7), builder.getF64FloatAttr(shape.scale),
                                  shape.isCausal ? builder.getUnitAttr() : UnitAttr());
                              return llvm::SmallVector<Value>(op->getResults());
                            });
  }

  /// Tiles that fit the registers, and blocks of all sizes.
  struct Extent {
    int64_t rows, vectors, keys, units;

    explicit Extent(Random &random)
        : rows(random.between(1, 4)), vectors(random.between(1, 2)),
          keys(rows * random.between(1, 9)), units(random.between(1, 4)) {}
  };
};

std::vector<HostTensor> interpretMain(ModuleOp module, llvm::ArrayRef<HostTensor> arguments,
                                      int64_t rows) {
  auto results = ir::interpret(module.lookupSymbol<func::FuncOp>("main"), arguments, rows);
  if (!results) {
    ADD_FAILURE() << llvm::toString(results.takeError());
    return {};
  }
  return std::vector<HostTensor>(results->begin(), results->end());
}

void expectNear(const HostTensor &expected, const HostTensor &actual, const std::string &what) {
  ASSERT_EQ(expected.size(), actual.size()) << what;
  double scale = 1e-3;
  for (float element : expected.elements<float>())
    scale = std::max(scale, static_cast<double>(std::abs(element)));
  for (int64_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(expected.at(i), actual.at(i), 3e-6 * scale) << what << ", element " << i;
}

TEST_P(AttentionKernel, AgreesWithTheInterpreter) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Random random(seed);
    AttentionShape shape(random);
    Extent extent(random);
    auto forward = makeForward(shape, [&](ir::KernelOp, int64_t lanes) {
      return ir::AttentionScheduleAttr::get(&context, lanes, extent.rows, extent.vectors,
                                            extent.keys, extent.units, 0);
    });
    auto backward = makeBackward(shape, [&](ir::KernelOp, int64_t lanes) {
      return ir::AttentionGradientScheduleAttr::get(&context, lanes, extent.rows, extent.vectors,
                                                    extent.keys, extent.units, 0);
    });
    int64_t rows = random.between(1, kAttentionRows);
    std::vector<HostTensor> arguments;
    for (RankedTensorType type : typesOf({shape.query(), shape.key(), shape.value()}, shape))
      arguments.push_back(draw(random, type, rows));
    std::vector<HostTensor> expected = interpretMain(*forward, arguments, rows);
    std::vector<HostTensor> actual = runKernelModule(*forward, target, arguments, rows);
    std::string name = "seed " + std::to_string(seed);
    for (auto [number, what] : llvm::enumerate(kResults))
      expectNear(expected[number], actual[number], name + ": " + what);
    std::vector<HostTensor> further = expected;
    further.push_back(draw(random, typesOf({shape.output()}, shape)[0], rows));
    arguments.insert(arguments.begin() + 3, further.begin(), further.end());
    expected = interpretMain(*backward, arguments, rows);
    actual = runKernelModule(*backward, target, arguments, rows);
    for (auto [number, what] : llvm::enumerate(kGradients))
      expectNear(expected[number], actual[number], name + ": gradient of the " + what);
    if (HasFatalFailure())
      FAIL() << name;
  }
}

/// Queries whose keys are all masked get the mean of the values, without NaN; NaN stays NaN.
TEST_P(AttentionKernel, NothingAndNan) {
  Random random(1);
  AttentionShape shape(random);
  shape.queries = 20;
  shape.keys = 7;
  shape.heads = 1;
  shape.masks = {{1, 1, 1, 7}};
  shape.isCausal = true;
  auto forward = makeForward(shape, [&](ir::KernelOp, int64_t lanes) {
    return ir::AttentionScheduleAttr::get(&context, lanes, 3, 1, 3, 1, 0);
  });
  std::vector<HostTensor> arguments;
  for (RankedTensorType type : typesOf({shape.query(), shape.key(), shape.value()}, shape))
    arguments.push_back(draw(random, type, 1));
  std::ranges::fill(arguments[3].elements<bool>(), false);
  auto mean = [&] {
    double sum = 0;
    for (int64_t key = 0; key < shape.keys; ++key)
      sum += arguments[2].at(key * shape.valueFeatures);
    return sum / static_cast<double>(shape.keys);
  };
  EXPECT_NEAR(runKernelModule(*forward, target, arguments, 1)[0].at(0), mean(), 1e-6);
  std::ranges::fill(arguments[3].elements<bool>(), true);
  arguments[0].elements<float>()[0] = std::nanf("");
  std::vector<HostTensor> results = runKernelModule(*forward, target, arguments, 1);
  EXPECT_TRUE(std::isnan(results[0].at(0)));
  EXPECT_FALSE(std::isnan(results[0].at(shape.valueFeatures)));
}

INSTANTIATE_TEST_SUITE_P(Targets, AttentionKernel, testing::ValuesIn(kKernelTargets), nameTarget);

} // namespace
} // namespace lamina::codegen
