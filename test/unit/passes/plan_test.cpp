// What the memory plan says to people and to code generation.
#include "passes/memory/plan.h"

#include <gtest/gtest.h>

#include "mlir/Parser/Parser.h"

using namespace mlir;

namespace lamina::passes {
namespace {

constexpr const char *kPlanned = R"(
module attributes {lamina.batch_size = 8 : i64, lamina.state_bytes = 4096 : i64} {
  lamina.variable @w : tensor<4x3xf32> {layout = #lamina.packed<dimension = 1, width = 16>, offset = 64 : i64}
  func.func @train_step(%x: tensor<?x3xf32> {lamina.input = "x"},
                        %w: tensor<4x3xf32> {lamina.variable = @w},
                        %y: tensor<?x3xf32> {lamina.target = "y"})
      -> (tensor<4x3xf32> {lamina.variable = @w}, tensor<f32> {lamina.log = "loss"})
      attributes {lamina.arena_bytes = 384 : i64} {
    %a = lamina.kernel map(%x) {buffers = [#lamina.buffer<arena, 0>], wave = 0 : i64} : (tensor<?x3xf32>) -> tensor<?x3xf32> {
    ^bb0(%e: tensor<?x3xf32>):
      lamina.yield %e : tensor<?x3xf32>
    } loc("dense")
    %b = lamina.kernel map(%a, %y) {buffers = [#lamina.buffer<arena, 0>], wave = 1 : i64} : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32> {
    ^bb0(%e: tensor<?x3xf32>, %f: tensor<?x3xf32>):
      %r = lamina.add %e, %f : tensor<?x3xf32>
      lamina.yield %r : tensor<?x3xf32>
    } loc("relu"(fused["step.mlir":1:2, "dense"]))
    %c = lamina.kernel map(%x) {buffers = [#lamina.buffer<arena, 192>], wave = 1 : i64} : (tensor<?x3xf32>) -> tensor<?x3xf32> {
    ^bb0(%e: tensor<?x3xf32>):
      lamina.yield %e : tensor<?x3xf32>
    }
    %d:2 = lamina.kernel row(%w, %b, %c) {buffers = [#lamina.buffer<state, 64>, #lamina.buffer<result, 0>], wave = 2 : i64} : (tensor<4x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>) -> (tensor<4x3xf32>, tensor<f32>) {
    ^bb0(%e: tensor<4x3xf32>, %f: tensor<?x3xf32>, %g: tensor<?x3xf32>):
      %r = lamina.reduce add %f, dims = [0, 1] : (tensor<?x3xf32>) -> tensor<f32>
      lamina.yield %e, %r : tensor<4x3xf32>, tensor<f32>
    }
    return %d#0, %d#1 : tensor<4x3xf32>, tensor<f32>
  }
})";

class Plan : public testing::Test {
protected:
  void SetUp() override {
    ir::loadDialects(context);
    module = parseSourceString<ModuleOp>(kPlanned, &context);
    ASSERT_TRUE(module);
    function = module->lookupSymbol<func::FuncOp>(ir::kTrainStep);
    kernels.assign(function.getOps<ir::KernelOp>().begin(), function.getOps<ir::KernelOp>().end());
  }

  MLIRContext context{MLIRContext::Threading::DISABLED};
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
  std::vector<ir::KernelOp> kernels;
};

TEST_F(Plan, KnowsPlaces) {
  auto packed = ir::PackedAttr::get(&context, 1, 16);
  EXPECT_EQ(locationOf(function.getArgument(0), function),
            (MemoryLocation{ir::MemorySpace::argument, 0, {}}));
  EXPECT_EQ(locationOf(function.getArgument(1), function),
            (MemoryLocation{ir::MemorySpace::state, 64, packed}));
  EXPECT_EQ(locationOf(function.getArgument(2), function),
            (MemoryLocation{ir::MemorySpace::argument, 1, {}}));
  EXPECT_EQ(locationOf(kernels[2].getResult(0), function),
            (MemoryLocation{ir::MemorySpace::arena, 192, {}}));
  EXPECT_EQ(locationOf(kernels[3].getResult(0), function),
            (MemoryLocation{ir::MemorySpace::state, 64, packed}));
  EXPECT_EQ(locationOf(kernels[3].getResult(1), function),
            (MemoryLocation{ir::MemorySpace::result, 0, {}}));
}

TEST_F(Plan, LooksThroughBlockArguments) {
  Block &body = kernels[3].getBlock();
  EXPECT_EQ(variableOf(function.getArgument(1)).getValue(), "w");
  EXPECT_EQ(variableOf(body.getArgument(0)).getValue(), "w");
  EXPECT_FALSE(variableOf(body.getArgument(1)));
  EXPECT_FALSE(variableOf(function.getArgument(0)));
  EXPECT_EQ(locationOf(body.getArgument(0), function),
            locationOf(function.getArgument(1), function));
  EXPECT_EQ(locationOf(body.getArgument(2), function),
            locationOf(kernels[2].getResult(0), function));
}

TEST_F(Plan, IsValid) {
  EXPECT_TRUE(succeeded(verifyMemoryPlan(*module)));
}

TEST_F(Plan, CountsBytes) {
  Type f32 = Float32Type::get(&context), flag = IntegerType::get(&context, 1);
  EXPECT_EQ(getElementBytes(flag), 1);
  EXPECT_EQ(getElementBytes(Float64Type::get(&context)), 8);
  EXPECT_EQ(getBufferBytes(RankedTensorType::get({ShapedType::kDynamic, 3}, f32), 8), 96);
  EXPECT_EQ(
      getBufferBytes(RankedTensorType::get({4, 17}, f32), 8, ir::PackedAttr::get(&context, 1, 16)),
      4 * 32 * 4);
  EXPECT_EQ(getBufferBytes(RankedTensorType::get({5, 17}, f32), 8,
                           ir::PackedAttr::get(&context, 1, 16, /*group=*/2)),
            6 * 32 * 4);
  EXPECT_EQ(getStorageBytes(*module->getOps<ir::VariableOp>().begin()), 4 * 16 * 4);
}

TEST_F(Plan, DescribesTheArena) {
  MemoryPlan plan = describeArena(function);
  EXPECT_EQ(plan.function, "train_step");
  EXPECT_EQ(plan.waves, 3);
  EXPECT_EQ(plan.arenaBytes, 384);
  EXPECT_EQ(plan.liveBytes, 384);
  EXPECT_EQ(plan.totalBytes, 576);
  auto describe = [](const PlannedBuffer &buffer) {
    return std::tuple(buffer.name, buffer.offset, buffer.bytes, buffer.firstWave, buffer.lastWave);
  };
  ASSERT_EQ(plan.buffers.size(), 3u);
  EXPECT_EQ(describe(plan.buffers[0]), std::tuple("dense", 0, 192, 0, 1));
  EXPECT_EQ(describe(plan.buffers[1]), std::tuple("relu", 0, 192, 1, 2));
  EXPECT_EQ(describe(plan.buffers[2]), std::tuple("kernel", 192, 192, 1, 2));
}

} // namespace
} // namespace lamina::passes
