// The text of what random graphs are compiled to, for every level of x86-64 and on every machine:
// that instructions are generated and encoded, and which registers they use. Running them takes a
// processor that has them (compiled_test.cpp).
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codegen/driver.h"
#include "codegen/emit/machine_code.h"
#include "codegen/functions/function_emitter.h"
#include "codegen/objects/object_emitter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "test/random_graph/random_graph.h"

using namespace mlir;
using testing::HasSubstr;
using testing::Not;

namespace lamina::test {
namespace {

constexpr uint64_t kTextGraphs = 8;

/// A file of this kind with all functions of a random graph.
std::string compiled(uint64_t seed, const codegen::TargetSpec &target, codegen::OutputKind kind) {
  MLIRContext context;
  OwningOpRef<ModuleOp> module = makeRandomGraph(context, seed);
  codegen::CompileOptions options;
  options.target = target;
  codegen::lower(*module, passes::Stage::Memory, options);
  auto owner = codegen::ModuleWithContext::create("graph", target);
  codegen::KernelLibrary library(target);
  codegen::FunctionEmitter(module->lookupSymbol<func::FuncOp>("main"), "main", library)
      .emitAll(*owner->module);
  auto bytes = codegen::emitBytes(*owner->module, target, kind, "");
  if (!bytes) {
    ADD_FAILURE() << llvm::toString(bytes.takeError());
    return {};
  }
  return {bytes->data(), bytes->size()};
}

class MachineCode : public testing::Test {
protected:
  /// The assembly of all graphs, after each has been encoded too.
  static std::string textFor(const char *name) {
    codegen::TargetSpec target = codegen::targetFromName(name);
    std::string text;
    for (uint64_t seed = 0; seed < kTextGraphs; ++seed) {
      EXPECT_FALSE(compiled(seed, target, codegen::OutputKind::Object).empty()) << "seed " << seed;
      text += compiled(seed, target, codegen::OutputKind::Assembly);
    }
    return text;
  }
};

TEST_F(MachineCode, OfTheBaselineUsesItsRegisters) {
  EXPECT_THAT(textFor("x86-64"),
              testing::AllOf(HasSubstr("%xmm"), Not(HasSubstr("%ymm")), Not(HasSubstr("%zmm"))));
}

TEST_F(MachineCode, OfAvx2UsesItsRegisters) {
  EXPECT_THAT(textFor("x86-64-v3"),
              testing::AllOf(HasSubstr("%ymm"), HasSubstr("vfmadd"), Not(HasSubstr("%zmm"))));
}

TEST_F(MachineCode, OfAvx512UsesItsRegisters) {
  // Vectors of 16 elements, the upper half of the registers, and masks for what is left over.
  EXPECT_THAT(textFor("x86-64-v4"),
              testing::AllOf(HasSubstr("%zmm"), HasSubstr("%zmm17"), HasSubstr("{%k1}")));
}

} // namespace
} // namespace lamina::test
