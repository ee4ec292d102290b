// The innermost loops of all kernel families as machine code, for every level of x86-64 and on
// every machine: a register tile's sums stay in registers, and steps are constants. The kernels are
// those whose schedules test/passes/schedule.mlir pins.
#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "codegen/functions/function_emitter.h"
#include "codegen/objects/object_emitter.h"
#include "ir/module.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/families/families.h"
#include "passes/passes.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

std::string readKernels() {
  std::ifstream file(LAMINA_KERNELS);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A loop of one basic block.
struct Loop {
  std::vector<std::string> instructions;

  int64_t count(llvm::StringRef name) const {
    return llvm::count_if(instructions, [&](llvm::StringRef line) { return line.contains(name); });
  }
  /// Moves of vectors to memory or from it, on the stack or elsewhere.
  int64_t countMoves(bool onStack, bool stores) const {
    return llvm::count_if(instructions, [&](llvm::StringRef line) {
      auto [name, operands] = line.split('\t');
      bool isMove = name.contains("mov") && operands.contains("mm");
      bool toMemory = operands.trim().ends_with(")") || operands.contains("){");
      bool ofStack = operands.contains("(%rsp") || operands.contains("(%rbp");
      return isMove && operands.contains("(") && ofStack == onStack && (!stores || toMemory);
    });
  }
  /// Whether it sums products up: it loads and multiplies, and stores nothing.
  bool isReduction(llvm::StringRef product) const {
    return count(product) > 0 && countMoves(/*onStack=*/false, /*stores=*/true) == 0;
  }
};

/// The blocks of an assembly text that jump to their own beginning.
std::vector<Loop> findLoops(const std::string &assembly) {
  std::vector<Loop> loops;
  Loop block;
  std::string label;
  std::istringstream lines(assembly);
  for (std::string line; std::getline(lines, line);) {
    llvm::StringRef text = llvm::StringRef(line).trim();
    if (text.starts_with(".LBB")) {
      label = text.take_until([](char c) { return c == ':'; }).str();
      block = {};
    } else if (!text.empty() && !text.starts_with("#") && !text.starts_with(".")) {
      block.instructions.push_back(text.str());
      if (text.starts_with("j") && text.ends_with("\t" + label) && !label.empty())
        loops.push_back(block);
      if (text.starts_with("j"))
        label.clear();
    }
  }
  return loops;
}

class InnerLoops : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    context.loadDialect<ir::LaminaDialect, func::FuncDialect>();
    target = targetFromName(GetParam());
    module = parseSourceString<ModuleOp>(readKernels(), &context);
    ASSERT_TRUE(module);
    PassManager passes(&context);
    passes.addNestedPass<func::FuncOp>(passes::createAssignWaves());
    passes.addNestedPass<func::FuncOp>(
        passes::createSchedule({target.vectorLanes(sizeof(float)), target.vectorRegisters}));
    passes.addPass(passes::createPlanMemory());
    ASSERT_TRUE(succeeded(passes.run(*module)));
  }

  std::string assemblyOf(func::FuncOp function) {
    auto owner = ModuleWithContext::create("kernels", target);
    KernelLibrary library(target);
    for (SharedKernel *kernel : FunctionEmitter(function, "main", library).missingKernels())
      kernel->emit(*owner->module);
    auto bytes = emitBytes(*owner->module, target, OutputKind::Assembly, "");
    if (!bytes) {
      ADD_FAILURE() << llvm::toString(bytes.takeError());
      return {};
    }
    return {bytes->data(), bytes->size()};
  }

  MLIRContext context;
  TargetSpec target;
  OwningOpRef<ModuleOp> module;
};

/// The instruction that multiplies a kernel's vectors.
const char *productOf(ir::KernelOp kernel, const TargetSpec &target) {
  if (target.hasFma)
    return "vfmadd";
  bool isDouble = kernel.getSchedule()->getLanes() < target.vectorLanes(sizeof(float));
  return isDouble ? "mulpd" : "mulps";
}

/// Loops over the contracted index multiply and add once for each of the tile's vectors, or a
/// multiple of that, without spills and without multiplying for addresses. Tiles at borders are
/// smaller and are not held to it. Depthwise convolutions have no such loop: all taps of a tile are
/// written out.
TEST_P(InnerLoops, KeepTilesInRegisters) {
  for (auto function : module->getOps<func::FuncOp>()) {
    ir::KernelOp kernel = *function.getOps<ir::KernelOp>().begin();
    auto cost = dyn_cast_or_null<ir::CostInterface>(passes::anchorOf(kernel));
    if (!cost || cost.getMultiplyAdds(1) == 0 || kernel.getFamily() == ir::KernelFamily::depthwise)
      continue;
    std::string name = function.getName().str(), product = productOf(kernel, target);
    int64_t tile = kernel.getSchedule()->getTileSize(), whole = 0;
    for (const Loop &loop : findLoops(assemblyOf(function))) {
      if (!loop.isReduction(product) || loop.count(product) % tile != 0)
        continue;
      ++whole;
      // Without fused multiply-adds a product takes a register, which sums leave none of 16 for.
      if (target.hasFma)
        EXPECT_EQ(loop.countMoves(/*onStack=*/true, /*stores=*/false), 0)
            << name << ": a loop of " << loop.count(product) << " products spills";
      EXPECT_EQ(loop.count("imul"), 0) << name;
    }
    EXPECT_GT(whole, 0) << name << ": no loop has a tile of " << tile << " vectors";
  }
}

/// Every family has a kernel among them.
TEST_P(InnerLoops, AreOfAllFamilies) {
  std::set<ir::KernelFamily> seen;
  for (auto function : module->getOps<func::FuncOp>()) {
    ir::KernelOp kernel = *function.getOps<ir::KernelOp>().begin();
    seen.insert(kernel.getFamily());
    EXPECT_FALSE(findLoops(assemblyOf(function)).empty()) << function.getName().str();
  }
  EXPECT_EQ(seen.size(), ir::getMaxEnumValForKernelFamily() + 1);
}

INSTANTIATE_TEST_SUITE_P(Targets, InnerLoops, testing::Values("x86-64", "x86-64-v3", "x86-64-v4"),
                         [](const auto &info) {
                           std::string name = info.param;
                           std::erase(name, '-');
                           return name;
                         });

} // namespace
} // namespace lamina::codegen
