#include "codegen/target/cpu_dispatch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llvm/IR/IRBuilder.h"
#include "llvm/Object/ObjectFile.h"

#include "codegen/jit/jit_compiler.h"
#include "codegen/objects/object_emitter.h"

namespace lamina::codegen {
namespace {

/// `i32 name(i32 x)`, returning x + summand, compiled for the target.
llvm::Function *addFunction(llvm::Module &module, const std::string &name, int summand,
                            const TargetSpec &target) {
  llvm::IRBuilder<> b(module.getContext());
  auto *type = llvm::FunctionType::get(b.getInt32Ty(), {b.getInt32Ty()}, false);
  auto *function = llvm::Function::Create(type, llvm::Function::InternalLinkage, name, module);
  setTargetAttributes(*function, target);
  b.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "entry", function));
  b.CreateRet(b.CreateAdd(function->getArg(0), b.getInt32(summand)));
  return function;
}

constexpr unsigned kLevelOfNoProcessor = 5;

/// A module with a dispatcher `run` over variants of the levels; a variant adds 100 times its
/// level.
std::unique_ptr<ModuleWithContext> createModule(std::vector<unsigned> levels,
                                                const TargetSpec &target) {
  auto owner = ModuleWithContext::create("dispatch", target);
  std::vector<FunctionVariant> variants;
  for (unsigned level : levels) {
    std::string name = level == 1 ? "x86-64" : "x86-64-v" + std::to_string(std::min(level, 4u));
    variants.push_back({level, addFunction(*owner->module, "level" + std::to_string(level),
                                           100 * level, targetFromName(name))});
  }
  emitDispatcher(*owner->module, "run", variants, -1);
  return owner;
}

int runWith(std::vector<unsigned> levels, int x) {
  auto jit = llvm::cantFail(JitCompiler::create(hostTarget(), 1));
  std::vector<std::unique_ptr<ModuleWithContext>> modules;
  modules.push_back(createModule(levels, hostTarget()));
  llvm::cantFail(jit->add(std::move(modules)));
  auto *run = llvm::cantFail(jit->lookupFunction<int(int)>("run"));
  int first = run(x);
  EXPECT_EQ(run(x), first) << "the remembered level differs";
  return first;
}

TEST(CpuDispatch, TakesTheHighestLevelOfThisProcessor) {
  int level = hostTarget().level;
  EXPECT_EQ(runWith({1, 3, 4}, 7), 7 + 100 * level);
  EXPECT_EQ(runWith({4, 1, 3}, 7), 7 + 100 * level);
  EXPECT_EQ(runWith({1}, 7), 107);
}

TEST(CpuDispatch, NoVariantThatFitsIsTheGivenStatus) {
  EXPECT_EQ(runWith({kLevelOfNoProcessor}, 7), -1);
}

TEST(CpuDispatch, IsFreestandingAndBaseline) {
  TargetSpec widest = targetFromName("x86-64-v4");
  auto owner = createModule({1, 3, 4}, widest);
  auto text = llvm::cantFail(emitBytes(*owner->module, widest, OutputKind::Assembly, ""));
  llvm::StringRef assembly(text.data(), text.size());
  EXPECT_THAT(assembly.str(), ::testing::HasSubstr("cpuid"));
  EXPECT_THAT(assembly.str(), ::testing::HasSubstr("xgetbv"));
  EXPECT_THAT(assembly.str(), ::testing::Not(::testing::HasSubstr("zmm")));

  auto again = createModule({1, 3, 4}, widest);
  auto bytes = llvm::cantFail(emitBytes(*again->module, widest, OutputKind::Object, ""));
  auto object = llvm::cantFail(llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef({bytes.data(), bytes.size()}, "object")));
  for (const llvm::object::SymbolRef &symbol : object->symbols())
    if (llvm::cantFail(symbol.getFlags()) & llvm::object::SymbolRef::SF_Undefined)
      EXPECT_EQ(llvm::cantFail(symbol.getName()), "");
}

} // namespace
} // namespace lamina::codegen
