// What a function runs, loops among it, and where its values then live. Loops are put together by
// hand, around the bodies of test.repeat.
#include "passes/memory/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mlir/Parser/Parser.h"
#include "passes/memory/plan.h"
#include "test/unit/ir/repeat_op.h"

using namespace mlir;
using testing::ElementsAre;

namespace lamina::passes {
namespace {

class Program : public testing::Test {
protected:
  Program() {
    ir::loadDialects(context);
    context.loadDialect<ir::test::TestDialect>();
  }

  void parse(const char *text) {
    module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module);
    function = *module->getOps<func::FuncOp>().begin();
    module->walk<WalkOrder::PreOrder>([&](ir::KernelOp op) { kernels.push_back(op); });
  }

  Loop loopOf(int64_t trips, Sequence body) {
    return {ir::test::findOne<ir::test::RepeatOp>(*module), trips, std::move(body)};
  }
  Wave wave(size_t kernel) { return {{kernels[kernel]}}; }

  std::pair<int64_t, int64_t> lifetimeOf(const Timeline &timeline, size_t kernel) {
    auto [first, last] = timeline.lifetimeOf(cast<OpResult>(kernels[kernel].getResult(0)));
    return {first, last};
  }

  ir::BufferAttr bufferOf(size_t kernel) {
    return cast<ir::BufferAttr>((*kernels[kernel].getBuffers())[0]);
  }

  /// What the replay of the plan says.
  std::string verify(const Sequence &program) {
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
  FailureOr<Sequence> program = readProgram(function);
  ASSERT_TRUE(succeeded(program));
  ASSERT_EQ(program->size(), 2u);
  EXPECT_THAT(std::get<Wave>((*program)[0]).kernels, ElementsAre(kernels[0], kernels[1]));
  EXPECT_THAT(std::get<Wave>((*program)[1]).kernels, ElementsAre(kernels[2]));
  Timeline timeline(*program);
  EXPECT_EQ(timeline.waveCount(), 2);
  EXPECT_EQ(lifetimeOf(timeline, 0), std::pair(int64_t{0}, int64_t{0}));
  EXPECT_EQ(lifetimeOf(timeline, 1), std::pair(int64_t{0}, int64_t{1}));
}

/// %a is read in the loop, %b behind it, what its kernels make there alone. A transpose cannot be
/// written over its operand.
constexpr const char *kLoop = R"(
  func.func @f(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
    %a = lamina.kernel map(%x) : (tensor<4x4xf32>) -> tensor<4x4xf32> {
    ^bb0(%e: tensor<4x4xf32>):
      %t = lamina.transpose %e, dims = [1, 0] : (tensor<4x4xf32>) -> tensor<4x4xf32>
      lamina.yield %t : tensor<4x4xf32>
    } loc("a")
    %b = lamina.kernel map(%x) : (tensor<4x4xf32>) -> tensor<4x4xf32> {
    ^bb0(%e: tensor<4x4xf32>):
      %t = lamina.transpose %e, dims = [1, 0] : (tensor<4x4xf32>) -> tensor<4x4xf32>
      lamina.yield %t : tensor<4x4xf32>
    } loc("b")
    "test.repeat"(%a) ({
    ^bb0(%v: tensor<4x4xf32>):
      %s = lamina.kernel map(%v) : (tensor<4x4xf32>) -> tensor<4x4xf32> {
      ^bb0(%e: tensor<4x4xf32>):
        %t = lamina.transpose %e, dims = [1, 0] : (tensor<4x4xf32>) -> tensor<4x4xf32>
        lamina.yield %t : tensor<4x4xf32>
      } loc("s")
      %u = lamina.kernel map(%s) : (tensor<4x4xf32>) -> tensor<4x4xf32> {
      ^bb0(%e: tensor<4x4xf32>):
        %t = lamina.transpose %e, dims = [1, 0] : (tensor<4x4xf32>) -> tensor<4x4xf32>
        lamina.yield %t : tensor<4x4xf32>
      } loc("u")
      %w = lamina.kernel map(%u) : (tensor<4x4xf32>) -> tensor<4x4xf32> {
      ^bb0(%e: tensor<4x4xf32>):
        %t = lamina.transpose %e, dims = [1, 0] : (tensor<4x4xf32>) -> tensor<4x4xf32>
        lamina.yield %t : tensor<4x4xf32>
      } loc("w")
      "test.yield"() : () -> ()
    }) {times = 3 : i64} : (tensor<4x4xf32>) -> ()
    %r = lamina.kernel map(%b) : (tensor<4x4xf32>) -> tensor<4x4xf32> {
    ^bb0(%e: tensor<4x4xf32>):
      lamina.yield %e : tensor<4x4xf32>
    } loc("r")
    return %r : tensor<4x4xf32>
  })";

class LoopProgram : public Program {
protected:
  enum { a, b, s, u, w, r };

  LoopProgram() { parse(kLoop); }

  Sequence around(int64_t trips) {
    Sequence program;
    program.push_back(Wave{{kernels[a], kernels[b]}});
    program.push_back(loopOf(trips, {wave(s), wave(u), wave(w)}));
    program.push_back(wave(r));
    return program;
  }
};

TEST_F(LoopProgram, WhatALoopReadsLivesUntilItsEnd) {
  Timeline timeline(around(3));
  EXPECT_EQ(timeline.waveCount(), 5);
  EXPECT_EQ(timeline.waveOf(kernels[u]), 2);
  EXPECT_EQ(lifetimeOf(timeline, a), std::pair(int64_t{0}, int64_t{3}));
  EXPECT_EQ(lifetimeOf(timeline, b), std::pair(int64_t{0}, int64_t{4}));
  EXPECT_EQ(lifetimeOf(timeline, s), std::pair(int64_t{1}, int64_t{2}));
  EXPECT_EQ(lifetimeOf(timeline, u), std::pair(int64_t{2}, int64_t{3}));
  EXPECT_EQ(lifetimeOf(timeline, w), std::pair(int64_t{3}, int64_t{3}));
  EXPECT_TRUE(timeline.runTogether(kernels[s], kernels[w]));
  EXPECT_FALSE(timeline.runTogether(kernels[a], kernels[s]));
}

TEST_F(LoopProgram, BuffersOfABodyHaveFixedOffsetsApartFromWhatLivesAroundIt) {
  Sequence program = around(3);
  constexpr int64_t kBytes = 64 + kBufferSlack;
  EXPECT_EQ(planArena(function, program), 4 * kBytes); // %w in the place of %s
  EXPECT_EQ(bufferOf(s).getOffset(), bufferOf(w).getOffset());
  std::set<int64_t> offsets;
  for (size_t kernel : {a, b, s, u})
    offsets.insert(bufferOf(kernel).getOffset());
  EXPECT_THAT(offsets, ElementsAre(0, kBytes, 2 * kBytes, 3 * kBytes));
  EXPECT_EQ(bufferOf(r).getSpace(), ir::MemorySpace::result);
  EXPECT_EQ(verify(program), "");
}

/// The first time finds %a in place. Only the next one misses it.
TEST_F(LoopProgram, ReplaysFindWhatTheLastTimeHasDestroyed) {
  planArena(function, around(3));
  kernels[u].setBuffersAttr(kernels[a].getBuffersAttr());
  EXPECT_EQ(verify(around(1)), "");
  EXPECT_EQ(verify(around(3)), "'lamina.kernel' op operand 0 is not in arena " +
                                   std::to_string(bufferOf(a).getOffset()) + " when it runs");
}

TEST_F(LoopProgram, DescriptionsCountTheWavesOfLoops) {
  Sequence program = around(3);
  planArena(function, program);
  MemoryPlan plan = describeArena(function, program);
  EXPECT_EQ(plan.waves, 5);
  ASSERT_EQ(plan.buffers.size(), 5u);
  EXPECT_EQ(plan.buffers[a].name, "a");
  EXPECT_EQ(plan.buffers[a].lastWave, 3);
  EXPECT_EQ(plan.buffers[s].name, "s");
  EXPECT_EQ(plan.buffers[s].firstWave, 1);
}

/// The last kernel that reads %a reads it again the next time, unlike the kernel that reads %s.
TEST_F(Program, ElementwiseKernelsOfALoopLeaveWhatComesFromOutside) {
  parse(R"(
    func.func @f(%x: tensor<16xf32>) {
      %a = lamina.kernel map(%x) : (tensor<16xf32>) -> tensor<16xf32> {
      ^bb0(%e: tensor<16xf32>):
        %t = lamina.tanh %e : tensor<16xf32>
        lamina.yield %t : tensor<16xf32>
      }
      "test.repeat"() ({
        %s = lamina.kernel map(%a) : (tensor<16xf32>) -> tensor<16xf32> {
        ^bb0(%e: tensor<16xf32>):
          %t = lamina.tanh %e : tensor<16xf32>
          lamina.yield %t : tensor<16xf32>
        }
        %u = lamina.kernel map(%s) : (tensor<16xf32>) -> tensor<16xf32> {
        ^bb0(%e: tensor<16xf32>):
          %t = lamina.tanh %e : tensor<16xf32>
          lamina.yield %t : tensor<16xf32>
        }
        "test.yield"() : () -> ()
      }) {times = 3 : i64} : () -> ()
      return
    })");
  Sequence program;
  program.push_back(wave(0));
  program.push_back(loopOf(3, {wave(1), wave(2)}));
  EXPECT_EQ(lifetimeOf(Timeline(program), 0), std::pair(int64_t{0}, int64_t{2}));
  planArena(function, program);
  EXPECT_NE(bufferOf(1), bufferOf(0));
  EXPECT_EQ(bufferOf(2), bufferOf(1));
  EXPECT_EQ(verify(program), "");
}

TEST_F(Program, WhatABodyYieldsLivesFromItsBeginningToItsEnd) {
  parse(R"(
    func.func @f(%x: tensor<f32>) -> tensor<f32> {
      %r:2 = "test.repeat"(%x, %x) ({
      ^bb0(%v: tensor<f32>, %o: tensor<f32>):
        %s = lamina.kernel map(%v) : (tensor<f32>) -> tensor<f32> {
        ^bb0(%e: tensor<f32>):
          lamina.yield %e : tensor<f32>
        }
        %u = lamina.kernel map(%s) : (tensor<f32>) -> tensor<f32> {
        ^bb0(%e: tensor<f32>):
          lamina.yield %e : tensor<f32>
        }
        %w = lamina.kernel map(%s) : (tensor<f32>) -> tensor<f32> {
        ^bb0(%e: tensor<f32>):
          lamina.yield %e : tensor<f32>
        }
        "test.yield"(%u, %o) : (tensor<f32>, tensor<f32>) -> ()
      }) {times = 3 : i64} : (tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
      return %r#0 : tensor<f32>
    })");
  Sequence program;
  program.push_back(loopOf(3, {wave(0), wave(1), wave(2)}));
  Timeline timeline(program);
  EXPECT_EQ(lifetimeOf(timeline, 0), std::pair(int64_t{0}, int64_t{2}));
  EXPECT_EQ(lifetimeOf(timeline, 1), std::pair(int64_t{0}, int64_t{2}));
  EXPECT_EQ(lifetimeOf(timeline, 2), std::pair(int64_t{2}, int64_t{2}));
}

/// A value of the outer body that the inner loop reads lives as long as that, not as the outer one.
TEST_F(Program, LifetimesEndWithTheOutermostLoopThatReadsFromOutside) {
  parse(R"(
    func.func @f(%x: tensor<f32>) {
      %a = lamina.kernel map(%x) : (tensor<f32>) -> tensor<f32> {
      ^bb0(%e: tensor<f32>):
        lamina.yield %e : tensor<f32>
      }
      "test.repeat"() ({
        %b = lamina.kernel map(%x) : (tensor<f32>) -> tensor<f32> {
        ^bb0(%e: tensor<f32>):
          lamina.yield %e : tensor<f32>
        }
        "test.repeat"() ({
          %c = lamina.kernel map(%a, %b) : (tensor<f32>, tensor<f32>) -> tensor<f32> {
          ^bb0(%e: tensor<f32>, %g: tensor<f32>):
            lamina.yield %e : tensor<f32>
          }
          %d = lamina.kernel map(%x) : (tensor<f32>) -> tensor<f32> {
          ^bb0(%e: tensor<f32>):
            lamina.yield %e : tensor<f32>
          }
          "test.yield"() : () -> ()
        }) {times = 2 : i64} : () -> ()
        %f = lamina.kernel map(%x) : (tensor<f32>) -> tensor<f32> {
        ^bb0(%e: tensor<f32>):
          lamina.yield %e : tensor<f32>
        }
        "test.yield"() : () -> ()
      }) {times = 3 : i64} : () -> ()
      return
    })");
  llvm::SmallVector<ir::test::RepeatOp> repeats;
  module->walk<WalkOrder::PreOrder>([&](ir::test::RepeatOp op) { repeats.push_back(op); });
  Sequence inner{wave(2), wave(3)};
  Sequence outer{wave(1), Loop{repeats[1], 2, inner}, wave(4)};
  Sequence program{wave(0), Loop{repeats[0], 3, outer}};
  Timeline timeline(program);
  EXPECT_EQ(timeline.waveCount(), 5);
  EXPECT_EQ(lifetimeOf(timeline, 0), std::pair(int64_t{0}, int64_t{4}));
  EXPECT_EQ(lifetimeOf(timeline, 1), std::pair(int64_t{1}, int64_t{3}));
  EXPECT_EQ(kernelsOf(program).size(), 5u);
}

} // namespace
} // namespace lamina::passes
