// What a function runs, loops among it, and where its values then live.
#include "passes/memory/program.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/layer_name.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/memory/plan.h"
#include "passes/passes.h"

using namespace mlir;
using testing::ElementsAre;

namespace lamina::passes {
namespace {

constexpr int64_t kBytes = 64; ///< of a tensor<4x4xf32>

/// A kernel named after its result, whose body computes `last` from its argument %e.
std::string kernel(const char *result, const char *operand, const char *body, const char *last) {
  return fmt::format(R"(
    %{} = lamina.kernel map(%{}) : (tensor<4x4xf32>) -> tensor<4x4xf32> {{
    ^bb0(%e: tensor<4x4xf32>):
      {}
      lamina.yield {} : tensor<4x4xf32>
    }} loc("{}"))",
                     result, operand, body, last, result);
}
std::string copied(const char *result, const char *operand) {
  return kernel(result, operand, "", "%e");
}
/// A transpose cannot be written over its operand.
std::string transposed(const char *result, const char *operand) {
  return kernel(result, operand,
                "%t = lamina.transpose %e, dims = [1, 0] : (tensor<4x4xf32>) -> tensor<4x4xf32>",
                "%t");
}

class Program : public testing::Test {
protected:
  Program() { ir::loadDialects(context); }

  void parse(const std::string &text) {
    module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module) << text;
    collect();
  }

  /// Parses `text`, assigns waves and plans memory.
  void plan(const std::string &text) {
    parse(text);
    PassManager passes(&context);
    passes.addNestedPass<func::FuncOp>(createAssignWaves());
    passes.addPass(createPlanMemory());
    ASSERT_TRUE(succeeded(passes.run(*module)));
    collect();
    program = *readProgram(function);
  }

  void collect() {
    kernels.clear();
    loops.clear();
    function = *module->getOps<func::FuncOp>().begin();
    module->walk<WalkOrder::PreOrder>([&](ir::KernelOp op) { kernels.push_back(op); });
    module->walk<WalkOrder::PreOrder>([&](ir::ScanOp op) { loops.push_back(op); });
  }

  ir::KernelOp find(llvm::StringRef name) {
    auto found =
        llvm::find_if(kernels, [&](ir::KernelOp op) { return ir::layerOf(op.getLoc()) == name; });
    return found == kernels.end() ? ir::KernelOp() : *found;
  }

  std::pair<int64_t, int64_t> lifetimeOf(ir::KernelOp kernel) {
    auto [first, last] = Timeline(program).lifetimeOf(cast<OpResult>(kernel.getResult(0)));
    return {first, last};
  }

  int64_t offsetOf(ir::KernelOp kernel) {
    return cast<ir::BufferAttr>((*kernel.getBuffers())[0]).getOffset();
  }
  int64_t offsetOf(ir::ScanOp loop, size_t result) {
    return cast<ir::BufferAttr>((*loop.getBuffers())[result]).getOffset();
  }
  MemoryLocation locationIn(Value value) { return locationOf(value, function); }

  /// What the replay of the plan says.
  std::string verify() {
    std::string said;
    ScopedDiagnosticHandler handler(&context,
                                    [&](Diagnostic &diagnostic) { said += diagnostic.str(); });
    EXPECT_EQ(succeeded(verifyArena(function, program)), said.empty());
    return said;
  }

  MLIRContext context{MLIRContext::Threading::DISABLED};
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
  std::vector<ir::KernelOp> kernels;
  std::vector<ir::ScanOp> loops;
  Sequence program;
};

TEST_F(Program, IsReadFromTheWavesOfKernels) {
  parse(R"(
    func.func @f(%x: tensor<f32>) {
      %a = lamina.kernel map(%x) {wave = 1 : i64} : (tensor<f32>) -> tensor<f32> {
      ^bb0(%e: tensor<f32>):
        lamina.yield %e : tensor<f32>
      }
      %b = lamina.kernel map(%x) {wave = 1 : i64} : (tensor<f32>) -> tensor<f32> {
      ^bb0(%e: tensor<f32>):
        lamina.yield %e : tensor<f32>
      }
      %c = lamina.kernel map(%b) {wave = 3 : i64} : (tensor<f32>) -> tensor<f32> {
      ^bb0(%e: tensor<f32>):
        lamina.yield %e : tensor<f32>
      }
      return
    })");
  program = *readProgram(function);
  ASSERT_EQ(program.size(), 2u);
  EXPECT_THAT(std::get<Wave>(program[0]).kernels, ElementsAre(kernels[0], kernels[1]));
  EXPECT_THAT(std::get<Wave>(program[1]).kernels, ElementsAre(kernels[2]));
  EXPECT_EQ(Timeline(program).waveCount(), 2);
  EXPECT_EQ(lifetimeOf(kernels[0]), std::pair(int64_t{0}, int64_t{0}));
  EXPECT_EQ(lifetimeOf(kernels[1]), std::pair(int64_t{0}, int64_t{1}));
}

/// %a is read in the loop, %b beside it; %s, %u, %w and %z are made in every iteration. Waves: a,
/// b, h; r; in the loop s, w and u, z; q.
class LoopProgram : public Program {
protected:
  LoopProgram() {
    plan("func.func @f(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {" +
         transposed("a", "x") + transposed("b", "x") + transposed("h", "x") + R"(
      %l = lamina.scan 3 carried(%h) stacked() invariant(%a)
          : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32> {
      ^bb0(%c: tensor<4x4xf32>, %v: tensor<4x4xf32>):)" +
         transposed("s", "v") + transposed("u", "s") + transposed("w", "c") + transposed("z", "s") +
         R"(
        lamina.yield %u : tensor<4x4xf32>
      } loc("l"))" +
         copied("r", "b") + copied("q", "l") + R"(
      return %r, %q : tensor<4x4xf32>, tensor<4x4xf32>
    })");
  }
};

TEST_F(LoopProgram, IsReadWithItsBody) {
  ASSERT_EQ(program.size(), 4u);
  const Loop &loop = std::get<Loop>(program[2]);
  EXPECT_EQ(loop.scan, loops[0]);
  EXPECT_EQ(loop.body.size(), 2u);
  EXPECT_THAT(loopsOf(program), ElementsAre(loops[0]));
  EXPECT_EQ(kernelsOf(program).size(), 9u);
}

TEST_F(LoopProgram, WhatALoopReadsLivesUntilItsEnd) {
  Timeline timeline(program);
  EXPECT_EQ(timeline.waveCount(), 5);
  EXPECT_EQ(timeline.waveOf(find("u")), 3);
  EXPECT_EQ(lifetimeOf(find("a")), std::pair(int64_t{0}, int64_t{3}));
  EXPECT_EQ(lifetimeOf(find("s")), std::pair(int64_t{2}, int64_t{3}));
  EXPECT_EQ(lifetimeOf(find("w")), std::pair(int64_t{2}, int64_t{2}));
  EXPECT_TRUE(timeline.runTogether(find("s"), find("u")));
  EXPECT_FALSE(timeline.runTogether(find("a"), find("s")));
}

/// The kernel that makes the next value comes after the one that reads the value of before, so one
/// slot is enough: that of the kernel that the loop begins with.
TEST_F(LoopProgram, CarriedValuesAreWrittenOverWhatNobodyReadsAnymore) {
  EXPECT_THAT(*loops[0].getSlots(), ElementsAre(1));
  EXPECT_EQ(offsetOf(find("h")), offsetOf(loops[0], 0));
  EXPECT_EQ(offsetOf(find("u")), offsetOf(loops[0], 0));
  EXPECT_EQ(verify(), "");
}

TEST_F(LoopProgram, ReplaysFindWhatAnIterationHasDestroyed) {
  find("s").setBuffersAttr(find("a").getBuffersAttr());
  EXPECT_EQ(verify(), "'lamina.kernel' op operand 0 is overwritten in arena " +
                          std::to_string(offsetOf(find("a"))) + " while it is read");
}

/// The first iteration finds %a in place. Only the next one misses it.
TEST_F(LoopProgram, ReplaysFindWhatTheLastIterationHasDestroyed) {
  find("z").setBuffersAttr(find("a").getBuffersAttr());
  EXPECT_EQ(verify(), "'lamina.kernel' op operand 0 is not in arena " +
                          std::to_string(offsetOf(find("a"))) + " when it runs");
}

TEST_F(LoopProgram, DescriptionsHaveTheBuffersOfLoops) {
  MemoryPlan plan = describeArena(function, program);
  EXPECT_EQ(plan.waves, 5);
  std::vector<std::string> names;
  for (const PlannedBuffer &buffer : plan.buffers)
    names.push_back(buffer.name);
  EXPECT_THAT(names, ElementsAre("l", "a", "b", "s", "w", "z"));
  EXPECT_EQ(plan.buffers[0].firstWave, 0);
  EXPECT_EQ(plan.buffers[0].lastWave, 4);
}

/// A kernel that reads what it replaces in another order writes elsewhere: two slots in turns.
TEST_F(Program, CarriedValuesTakeTurnsWhereTheyAreReadWhileTheNextIsMade) {
  plan("func.func @f(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {" + copied("h", "x") + R"(
      %l = lamina.scan 3 carried(%h) stacked() invariant() : (tensor<4x4xf32>) -> tensor<4x4xf32> {
      ^bb0(%c: tensor<4x4xf32>):)" +
       transposed("u", "c") + R"(
        lamina.yield %u : tensor<4x4xf32>
      }
      return %l : tensor<4x4xf32>
    })");
  EXPECT_THAT(*loops[0].getSlots(), ElementsAre(2));
  int64_t first = offsetOf(loops[0], 0);
  MemoryLocation next = locationIn(find("u").getResult(0));
  EXPECT_EQ(next.offset, first + kBytes);
  EXPECT_EQ(next.steps, (llvm::SmallVector<MemoryStep, 1>{{loops[0], -kBytes, 2}}));
  EXPECT_EQ(locationIn(loops[0].getResult(0)).offset, first + kBytes); // after three iterations
  EXPECT_EQ(verify(), "");
}

/// What a loop stacks of its carried values is where they are: nothing is copied.
class StackedProgram : public Program {
protected:
  void planStacks(const char *direction) {
    plan("func.func @f(%x: tensor<4x4xf32>) -> (tensor<3x4x4xf32>, tensor<3x4x4xf32>) {" +
         copied("h", "x") + R"(
      %l:3 = lamina.scan 3 )" +
         direction + R"( carried(%h) stacked() invariant()
          : (tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<3x4x4xf32>, tensor<3x4x4xf32>) {
      ^bb0(%c: tensor<4x4xf32>):)" +
         transposed("u", "c") + R"(
        lamina.yield %u, %u, %c : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>
      }
      return %l#1, %l#2 : tensor<3x4x4xf32>, tensor<3x4x4xf32>
    })");
  }
};

TEST_F(StackedProgram, StacksShareTheSlotsOfCarriedValues) {
  planStacks("");
  EXPECT_THAT(*loops[0].getSlots(), ElementsAre(4));
  int64_t first = offsetOf(loops[0], 0);
  EXPECT_EQ(offsetOf(loops[0], 1), first + kBytes);
  EXPECT_EQ(offsetOf(loops[0], 2), first);
  EXPECT_EQ(offsetOf(find("h")), first);
  EXPECT_EQ(locationIn(find("u").getResult(0)).steps,
            (llvm::SmallVector<MemoryStep, 1>{{loops[0], kBytes, 0}}));
  EXPECT_EQ(verify(), "");
}

TEST_F(StackedProgram, BackwardsTheFirstValueIsInTheLastSlot) {
  planStacks("reverse");
  int64_t first = offsetOf(loops[0], 0);
  EXPECT_EQ(offsetOf(loops[0], 1), first);
  EXPECT_EQ(offsetOf(loops[0], 2), first + kBytes);
  EXPECT_EQ(offsetOf(find("h")), first + 3 * kBytes);
  EXPECT_EQ(locationIn(find("u").getResult(0)).offset, first + 2 * kBytes);
  EXPECT_EQ(locationIn(find("u").getResult(0)).steps,
            (llvm::SmallVector<MemoryStep, 1>{{loops[0], -kBytes, 0}}));
  EXPECT_EQ(verify(), "");
}

/// The last kernel that reads %a reads it again in the next iteration, unlike that of %s.
TEST_F(Program, ElementwiseKernelsOfALoopLeaveWhatComesFromOutside) {
  const char *tanh = "%t = lamina.tanh %e : tensor<4x4xf32>";
  plan("func.func @f(%x: tensor<4x4xf32>) -> tensor<3x4x4xf32> {" + kernel("a", "x", tanh, "%t") +
       R"(
      %l = lamina.scan 3 carried() stacked() invariant(%a)
          : (tensor<4x4xf32>) -> tensor<3x4x4xf32> {
      ^bb0(%v: tensor<4x4xf32>):)" +
       kernel("s", "v", tanh, "%t") + kernel("u", "s", tanh, "%t") + kernel("w", "u", tanh, "%t") +
       R"(
        lamina.yield %w : tensor<4x4xf32>
      }
      return %l : tensor<3x4x4xf32>
    })");
  EXPECT_NE(offsetOf(find("s")), offsetOf(find("a")));
  EXPECT_EQ(offsetOf(find("u")), offsetOf(find("s")));
  EXPECT_EQ(verify(), "");
}

/// A value of the outer body that the inner loop reads lives as long as that, not as the outer one.
TEST_F(Program, AddressesInNestedLoopsMoveWithBoth) {
  plan("func.func @f(%x: tensor<4x4xf32>) -> tensor<2x3x4x4xf32> {" + copied("a", "x") + R"(
      %l = lamina.scan 2 carried() stacked() invariant(%a)
          : (tensor<4x4xf32>) -> tensor<2x3x4x4xf32> {
      ^bb0(%v: tensor<4x4xf32>):)" +
       transposed("s", "v") + R"(
        %m = lamina.scan 3 carried() stacked() invariant(%s)
            : (tensor<4x4xf32>) -> tensor<3x4x4xf32> {
        ^bb0(%i: tensor<4x4xf32>):)" +
       transposed("u", "i") + R"(
          lamina.yield %u : tensor<4x4xf32>
        }
        lamina.yield %m : tensor<3x4x4xf32>
      }
      return %l : tensor<2x3x4x4xf32>
    })");
  ASSERT_EQ(loops.size(), 2u);
  Timeline timeline(program);
  EXPECT_EQ(lifetimeOf(find("s")), std::pair(int64_t{1}, int64_t{2}));
  EXPECT_EQ(lifetimeOf(find("a")), std::pair(int64_t{0}, int64_t{3}));
  // The inner loop's result is copied into the slice of the outer one.
  auto copy = cast<ir::KernelOp>(loops[0].getYielded()[0].getDefiningOp());
  EXPECT_EQ(locationIn(copy.getResult(0)).steps,
            (llvm::SmallVector<MemoryStep, 1>{{loops[0], 3 * kBytes, 0}}));
  EXPECT_EQ(verify(), "");
}

} // namespace
} // namespace lamina::passes
