// Winograd's minimal filtering: kernels against the interpreter, and both against convolutions.
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "ir/interpreter/interpreter.h"
#include "ir/module.h"
#include "ir/operations/winograd.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "test/random_graph/comparison.h"
#include "test/random_graph/compiled_runner.h"
#include "test/random_graph/random_graph.h"
#include "test/random_graph/single_function.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

/// A convolution of 3 x 3 taps.
struct SquareConvolution {
  int64_t height, width, channels, filters;
  llvm::SmallVector<int64_t, 2> low, high;
  bool reversed = false;

  static SquareConvolution random(std::mt19937_64 &random) {
    auto choose = [&](int64_t low, int64_t high) {
      return low + static_cast<int64_t>(random() % (high - low + 1));
    };
    SquareConvolution g{choose(3, 11), choose(3, 11), choose(1, 40), choose(1, 70), {}, {}, false};
    for (int64_t i = 0; i < 2; ++i) {
      g.low.push_back(choose(0, 2));
      g.high.push_back(choose(0, 2));
    }
    g.reversed = choose(0, 1);
    return g;
  }

  RankedTensorType image(Type element) const {
    return RankedTensorType::get({ShapedType::kDynamic, height, width, channels}, element);
  }
  RankedTensorType result(Type element) const {
    return RankedTensorType::get({ShapedType::kDynamic, height + low[0] + high[0] - 2,
                                  width + low[1] + high[1] - 2, filters},
                                 element);
  }
  RankedTensorType filter(Type element) const {
    return RankedTensorType::get({3, 3, channels, filters}, element);
  }

  Value convolve(OpBuilder &builder, Value x, Value weights) const {
    llvm::SmallVector<int64_t> ones{1, 1};
    return builder.create<ConvolutionOp>(builder.getUnknownLoc(), x, weights, ones, low, high, ones,
                                         ones, /*groups=*/1, reversed);
  }
  Value gradient(OpBuilder &builder, Value x, Value y, IntegerAttr winograd) const {
    llvm::SmallVector<int64_t> ones{1, 1};
    return builder.create<FilterGradientOp>(
        builder.getUnknownLoc(), filter(cast<RankedTensorType>(x.getType()).getElementType()), x, y,
        ones, low, high, ones, ones, /*groups=*/1, reversed, /*slice=*/IntegerAttr(), winograd);
  }
  Value convolveInSquares(OpBuilder &builder, Value x, Value weights, int64_t tile) const {
    Location loc = builder.getUnknownLoc();
    Value filter = builder.create<WinogradFilterOp>(loc, weights, tile, reversed);
    return builder.create<WinogradConvolutionOp>(loc, x, filter, tile, filters, low, high);
  }
};

/// relu(convolution + bias), so that a kernel has something behind its sums.
Value addBias(OpBuilder &builder, Value y, Value bias) {
  Location loc = builder.getUnknownLoc();
  auto type = cast<RankedTensorType>(y.getType());
  Value shift = builder.create<BroadcastInDimOp>(loc, type, bias, ArrayRef<int64_t>{3});
  return builder.create<AddOp>(loc, y, shift);
}

class Winograd : public TargetTest {};

TEST_P(Winograd, KernelsAgreeWithTheInterpreter) {
  MLIRContext context;
  loadDialects(context);
  for (uint64_t seed = 0; seed < 16; ++seed) {
    std::mt19937_64 random(seed);
    SquareConvolution geometry = SquareConvolution::random(random);
    Type element = seed % 6 == 5 ? Type(Float64Type::get(&context)) : Float32Type::get(&context);
    Type bias = RankedTensorType::get({geometry.filters}, element);
    auto module = makeModule(context, {geometry.image(element), geometry.filter(element), bias},
                             [&](OpBuilder &builder, ValueRange arguments) {
                               Value y = geometry.convolveInSquares(builder, arguments[0],
                                                                    arguments[1], seed % 2 ? 2 : 4);
                               return seed % 3 ? addBias(builder, y, arguments[2]) : y;
                             });
    expectInterpreted(compiledFor(GetParam(), true), *module, seed);
  }
}

/// At the points, such a filter goes to memory past the caches.
TEST_P(Winograd, FilterThatOutgrowsTheCaches) {
  MLIRContext context;
  loadDialects(context);
  SquareConvolution geometry{5, 5, 256, 256, {1, 1}, {1, 1}, false};
  Type element = Float32Type::get(&context);
  auto module = makeModule(context, {geometry.image(element), geometry.filter(element)},
                           [&](OpBuilder &builder, ValueRange arguments) {
                             return geometry.convolveInSquares(builder, arguments[0], arguments[1],
                                                               /*tile=*/4);
                           });
  expectInterpreted(compiledFor(GetParam(), true), *module, /*seed=*/0);
}

TEST_P(Winograd, GradientByFilter) {
  MLIRContext context;
  loadDialects(context);
  for (uint64_t seed = 100; seed < 112; ++seed) {
    std::mt19937_64 random(seed);
    SquareConvolution geometry = SquareConvolution::random(random);
    geometry.reversed = false;
    Type element = seed % 6 == 5 ? Type(Float64Type::get(&context)) : Float32Type::get(&context);
    auto module =
        makeModule(context, {geometry.image(element), geometry.result(element)},
                   [&](OpBuilder &builder, ValueRange arguments) {
                     return geometry.gradient(builder, arguments[0], arguments[1],
                                              builder.getI64IntegerAttr(seed % 2 ? 2 : 4));
                   });
    expectInterpreted(compiledFor(GetParam(), true), *module, seed);
  }
}

/// The root of the mean square of the difference.
double errorOf(const HostTensor &actual, const HostTensor &exact) {
  double sum = 0;
  for (int64_t i = 0; i < exact.size(); ++i)
    sum += (actual.at(i) - exact.at(i)) * (actual.at(i) - exact.at(i));
  return std::sqrt(sum / static_cast<double>(exact.size()));
}

/// A convolution computed directly and in squares, compared with f64.
class WinogradError : public testing::TestWithParam<int64_t> {
protected:
  using Body = llvm::function_ref<Value(OpBuilder &, ValueRange)>;

  void expectSmall(ArrayRef<Type> arguments, Body direct, Body squares) {
    auto plain = makeModule(context, arguments, direct);
    auto transformed = makeModule(context, arguments, squares);
    auto main = plain->lookupSymbol<func::FuncOp>("main");
    std::vector<HostTensor> values = makeRandomArguments(main, 1, kRows), precise;
    for (const HostTensor &value : values)
      precise.push_back(toDoublePrecision(value));
    auto inDouble = toDoublePrecision(*plain);
    HostTensor exact =
        llvm::cantFail(interpret(inDouble->lookupSymbol<func::FuncOp>("main"), precise, kRows))[0];
    Runner run = compiledFor("host", true);
    double directly = errorOf(llvm::cantFail(run(*plain, values, kRows))[0], exact);
    double inSquares = errorOf(llvm::cantFail(run(*transformed, values, kRows))[0], exact);
    EXPECT_GT(directly, 0);
    EXPECT_LE(inSquares, 4 * directly);
    RecordProperty("ratio", std::to_string(inSquares / directly));
  }

  static constexpr int64_t kRows = 2;
  MLIRContext context;
};

TEST_P(WinogradError, OfConvolutions) {
  loadDialects(context);
  Type element = Float32Type::get(&context);
  for (int64_t channels : {64, 256}) {
    SquareConvolution geometry{14, 14, channels, 32, {1, 1}, {1, 1}, false};
    expectSmall(
        {geometry.image(element), geometry.filter(element)},
        [&](OpBuilder &builder, ValueRange arguments) {
          return geometry.convolve(builder, arguments[0], arguments[1]);
        },
        [&](OpBuilder &builder, ValueRange arguments) {
          return geometry.convolveInSquares(builder, arguments[0], arguments[1], GetParam());
        });
  }
}

TEST_P(WinogradError, OfGradientsByFilters) {
  loadDialects(context);
  Type element = Float32Type::get(&context);
  SquareConvolution geometry{14, 14, 64, 64, {1, 1}, {1, 1}, false};
  auto gradient = [&](OpBuilder &builder, ValueRange arguments, IntegerAttr winograd) {
    return geometry.gradient(builder, arguments[0], arguments[1], winograd);
  };
  expectSmall(
      {geometry.image(element), geometry.result(element)},
      [&](OpBuilder &builder, ValueRange arguments) {
        return gradient(builder, arguments, nullptr);
      },
      [&](OpBuilder &builder, ValueRange arguments) {
        return gradient(builder, arguments, builder.getI64IntegerAttr(GetParam()));
      });
}

INSTANTIATE_TEST_SUITE_P(Squares, WinogradError, testing::Values(2, 4));

INSTANTIATE_TEST_SUITE_P(Targets, Winograd, testing::ValuesIn(kTargets), nameTarget);

} // namespace
} // namespace lamina::test
