#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include <gtest/gtest.h>

#include "codegen/jit/jit_functions.h"
#include "ir/interpreter/interpreter.h"
#include "ir/module.h"
#include "mlir/Pass/PassManager.h"
#include "passes/families/families.h"
#include "passes/memory/plan.h"
#include "passes/passes.h"
#include "test/unit/codegen/kernels/kernel_fixture.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

void runBackwards(void *, void (*task)(void *, uint32_t, uint32_t), void *context, uint32_t count) {
  for (uint32_t index = count; index > 0; --index)
    task(context, index - 1, /*slot=*/0);
}

/// Memory that begins on a page.
class Pages {
public:
  explicit Pages(size_t size) : bytes(size + 4096) {}
  void *get() {
    void *pointer = bytes.data();
    size_t space = bytes.size();
    return std::align(4096, 1, pointer, space);
  }

private:
  std::vector<char> bytes;
};

/// A copy of a tensor's elements as callers of a function have it: on a page, or a multiple of 16
/// bytes behind one.
class ExternalTensor {
public:
  ExternalTensor(const ir::HostTensor &tensor, bool isAligned)
      : pages(tensor.raw().size() + 16), offset(isAligned ? 0 : 16) {
    std::memcpy(get(), tensor.raw().data(), tensor.raw().size());
  }
  void *get() { return static_cast<char *>(pages.get()) + offset; }
  void copyTo(ir::HostTensor &tensor) {
    std::memcpy(tensor.raw().data(), get(), tensor.raw().size());
  }

private:
  Pages pages;
  size_t offset;
};

} // namespace

void KernelTest::SetUp() {
  target = targetFromName(GetParam());
  if (!runsOnHost(target))
    GTEST_SKIP() << "this processor does not run " << GetParam();
  ir::loadDialects(context);
}

std::string nameTarget(const testing::TestParamInfo<const char *> &info) {
  std::string name = info.param;
  std::erase(name, '-');
  return name;
}

ir::HostTensor Random::tensor(Type type, int64_t rows) {
  auto ranked = cast<RankedTensorType>(type);
  ir::HostTensor tensor(ir::toElementType(ranked.getElementType()),
                        ir::concreteShape(ranked, rows));
  ir::visitElementType(tensor.type(), [&]<typename T>(std::type_identity<T>) {
    for (T &element : tensor.elements<T>())
      element = static_cast<T>(between(-4, 4));
  });
  return tensor;
}

ir::HostTensor Random::specialTensor(Type type, int64_t rows) {
  ir::HostTensor result = tensor(type, rows);
  ir::visitElementType(result.type(), [&]<typename T>(std::type_identity<T>) {
    if constexpr (std::is_floating_point_v<T>)
      for (T &element : result.elements<T>())
        if (chance(4))
          element = oneOf<T>({NAN, -INFINITY, INFINITY});
  });
  return result;
}

void nameExternals(func::FuncOp function) {
  auto name = [&](const char *prefix, unsigned i) {
    return StringAttr::get(function.getContext(), prefix + std::to_string(i));
  };
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (!function.getArgAttr(i, ir::kVariableAttr))
      function.setArgAttr(i, ir::kInputAttr, name("x", i));
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (!function.getResultAttr(i, ir::kVariableAttr))
      function.setResultAttr(i, ir::kOutputAttr, name("y", i));
}

OwningOpRef<ModuleOp> makeKernelModule(MLIRContext &context, int64_t batchSize,
                                       ArrayRef<Type> inputs, const TargetSpec &target,
                                       const ScheduleMaker &schedule, const KernelBody &body) {
  Location loc = UnknownLoc::get(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  (*module)->setAttr(ir::kBatchSizeAttr, builder.getI64IntegerAttr(batchSize));
  auto block = std::make_unique<Block>();
  block->addArguments(inputs, llvm::SmallVector<Location>(inputs.size(), loc));
  OpBuilder inside(&context);
  inside.setInsertionPointToEnd(block.get());
  llvm::SmallVector<Value> yielded = body(inside, block->getArguments());
  inside.create<ir::YieldOp>(loc, yielded);
  TypeRange results = ValueRange(yielded).getTypes();
  auto main =
      builder.create<func::FuncOp>(loc, "main", FunctionType::get(&context, inputs, results));
  builder.setInsertionPointToEnd(main.addEntryBlock());
  auto kernel =
      builder.create<ir::KernelOp>(loc, results, ir::KernelFamily::map, main.getArguments(),
                                   ir::Schedule(), IntegerAttr(), ArrayAttr());
  kernel.getBody().push_back(block.release());
  builder.create<func::ReturnOp>(loc, kernel.getResults());
  if (Operation *anchor = passes::anchorOf(kernel))
    kernel.setFamily(passes::familyOf(anchor));
  passes::VectorTarget vectors{target.vectorLanes(sizeof(float)), target.vectorRegisters};
  kernel.setScheduleAttr(schedule(kernel, vectors.of(kernel).lanes));
  EXPECT_TRUE(succeeded(passes::checkSchedule(kernel, batchSize)));
  nameExternals(main);
  return module;
}

std::vector<ir::HostTensor> runKernelModule(ModuleOp module, const TargetSpec &target,
                                            ArrayRef<ir::HostTensor> arguments, int64_t rows,
                                            const KernelRun &run) {
  PassManager passes(module.getContext());
  passes.addNestedPass<func::FuncOp>(passes::createAssignWaves());
  passes.addPass(passes::createPlanMemory());
  EXPECT_TRUE(succeeded(passes.run(module)));
  auto main = module.lookupSymbol<func::FuncOp>("main");
  std::vector<ir::HostTensor> results;
  std::vector<ExternalTensor> inputs, outputs;
  for (const ir::HostTensor &argument : arguments)
    inputs.emplace_back(argument, run.isAligned);
  for (Type result : main.getResultTypes()) {
    auto type = cast<RankedTensorType>(result);
    results.emplace_back(ir::toElementType(type.getElementType()), ir::concreteShape(type, rows));
    std::ranges::fill(results.back().raw(), std::byte{0x5a});
    outputs.emplace_back(results.back(), run.isAligned);
  }
  std::vector<const void *> inputPointers;
  std::vector<void *> outputPointers;
  for (ExternalTensor &input : inputs)
    inputPointers.push_back(input.get());
  for (ExternalTensor &output : outputs)
    outputPointers.push_back(output.get());
  Pages workspace(module->getAttrOfType<IntegerAttr>(passes::kWorkspaceBytesAttr).getInt()),
      state(4096);
  JitFunctions functions(module, target, 1);
  const lamina_env env{.abi_version = LAMINA_ABI_VERSION,
                       .pool = nullptr,
                       .parallel_for = nullptr,
                       .struct_size = sizeof env,
                       .minimum_abi_version = 0,
                       .parallel_for_slots = runBackwards,
                       .slots = 1,
                       .reserved_word = 0,
                       .scratch_bytes = 0,
                       .scratch = nullptr,
                       .reserved = {}};
  EXPECT_EQ(functions.find("main")(&env, state.get(), workspace.get(), static_cast<uint32_t>(rows),
                                   inputPointers.data(), outputPointers.data()),
            LAMINA_OK);
  for (auto [output, result] : llvm::zip_equal(outputs, results))
    output.copyTo(result);
  return results;
}

testing::AssertionResult haveSameElements(const ir::HostTensor &expected,
                                          const ir::HostTensor &actual, double tolerance) {
  if (expected.type() != actual.type() || expected.shape() != actual.shape())
    return testing::AssertionFailure() << "types or shapes differ";
  double largest = 0;
  for (int64_t i = 0; i < expected.size(); ++i)
    largest = std::max(largest, std::abs(expected.at(i)));
  for (int64_t i = 0; i < expected.size(); ++i) {
    double a = expected.at(i), b = actual.at(i);
    bool isNear = tolerance > 0 && std::abs(a - b) <= tolerance * largest;
    if (a != b && !isNear && !(std::isnan(a) && std::isnan(b)))
      return testing::AssertionFailure() << "element " << i << " is " << b << ", not " << a;
  }
  return testing::AssertionSuccess();
}

void expectInterpreted(ModuleOp module, const TargetSpec &target,
                       ArrayRef<ir::HostTensor> arguments, int64_t rows, const KernelRun &run) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  auto expected = ir::interpret(main, arguments, rows);
  ASSERT_TRUE(static_cast<bool>(expected)) << llvm::toString(expected.takeError());
  std::string text;
  llvm::raw_string_ostream(text) << module;
  std::vector<ir::HostTensor> actual = runKernelModule(module, target, arguments, rows, run);
  for (size_t i = 0; i < actual.size(); ++i)
    ASSERT_TRUE(haveSameElements((*expected)[i], actual[i], run.tolerance))
        << "result " << i << "\n"
        << text;
}

} // namespace lamina::codegen
