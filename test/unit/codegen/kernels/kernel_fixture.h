#pragma once

#include <functional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "codegen/target/target.h"
#include "ir/dialect.h"
#include "ir/host_tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace lamina::codegen {

/// Random numbers that a seed repeats.
class Random {
public:
  explicit Random(unsigned seed) : generator(seed) {}
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(generator() % static_cast<uint64_t>(high - low + 1));
  }
  bool chance(int percent) { return between(0, 99) < percent; }
  template <typename T> T oneOf(std::initializer_list<T> values) {
    return values.begin()[between(0, static_cast<int64_t>(values.size()) - 1)];
  }
  template <typename List> void shuffle(List &list) {
    for (size_t i = list.size(); i > 1; --i)
      std::swap(list[i - 1], list[between(0, static_cast<int64_t>(i) - 1)]);
  }

  /// Small whole numbers, so that there are ties and sums are exact.
  ir::HostTensor tensor(mlir::Type type, int64_t rows);
  /// The same with NaN and infinities among floats.
  ir::HostTensor specialTensor(mlir::Type type, int64_t rows);

private:
  std::mt19937_64 generator;
};

using Extents = llvm::SmallVector<int64_t>;

/// Tests of a kernel family; the parameter is a target that the host may not run.
class KernelTest : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override;

  mlir::MLIRContext context;
  TargetSpec target;
};

inline constexpr const char *kKernelTargets[] = {"x86-64", "x86-64-v3", "x86-64-v4"};
/// A target as the name of a test.
std::string nameTarget(const testing::TestParamInfo<const char *> &info);

/// Builds the body of a kernel on its operands; the values it yields.
using KernelBody =
    std::function<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &builder, mlir::ValueRange)>;

/// Gives the schedule of a kernel, whose vectors have so many elements.
using ScheduleMaker = std::function<ir::Schedule(ir::KernelOp kernel, int64_t lanes)>;

/// Gives arguments and results that are no variables the names that inputs and outputs of a module
/// have.
void nameExternals(mlir::func::FuncOp function);

/// A module whose @main is one kernel with the given schedule: what fusion and scheduling would
/// leave, so that an emitter can be tested with schedules that they would not choose.
mlir::OwningOpRef<mlir::ModuleOp>
makeKernelModule(mlir::MLIRContext &context, int64_t batchSize, llvm::ArrayRef<mlir::Type> inputs,
                 const TargetSpec &target, const ScheduleMaker &schedule, const KernelBody &body);

struct KernelRun {
  /// How far elements may be from the interpreter's, as a share of the largest one.
  double tolerance = 0;
  /// Operands and results begin on a page, as buffers of a plan do; callers' arrays need not.
  bool isAligned = false;
};

/// Compiles @main of such a module and runs it, its tasks from the last to the first. The row
/// dimension of all tensors is their leading one.
std::vector<ir::HostTensor> runKernelModule(mlir::ModuleOp module, const TargetSpec &target,
                                            llvm::ArrayRef<ir::HostTensor> arguments, int64_t rows,
                                            const KernelRun &run = {});

/// Whether two tensors have the same elements within the tolerance; NaN equals NaN, and the zeros
/// equal each other.
testing::AssertionResult haveSameElements(const ir::HostTensor &expected,
                                          const ir::HostTensor &actual, double tolerance = 0);

/// Compares a kernel with the interpreter.
void expectInterpreted(mlir::ModuleOp module, const TargetSpec &target,
                       llvm::ArrayRef<ir::HostTensor> arguments, int64_t rows,
                       const KernelRun &run = {});

} // namespace lamina::codegen
