#include "codegen/jit/jit_compiler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lamina::codegen {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<ModuleWithContext> parse(const std::string &text) {
  auto module = ModuleWithContext::parse(text, hostTarget());
  if (!module)
    throw std::runtime_error(llvm::toString(module.takeError()));
  return std::move(*module);
}

std::unique_ptr<JitCompiler> createJit(unsigned threads = 2) {
  return llvm::cantFail(JitCompiler::create(hostTarget(), threads));
}

llvm::Error addText(JitCompiler &jit, std::vector<std::string> texts) {
  std::vector<std::unique_ptr<ModuleWithContext>> modules;
  for (const std::string &text : texts)
    modules.push_back(parse(text));
  return jit.add(std::move(modules));
}

TEST(JitCompiler, ModulesCallEachOther) {
  auto jit = createJit();
  ASSERT_FALSE(addText(*jit, {R"(
    declare i32 @twice(i32)
    define i32 @run(i32 %x) {
      %y = call i32 @twice(i32 %x)
      %z = add i32 %y, 1
      ret i32 %z
    })",
                              R"(
    define i32 @twice(i32 %x) {
      %y = shl i32 %x, 1
      ret i32 %y
    })"}));
  auto run = jit->lookupFunction<int(int)>("run");
  ASSERT_TRUE(static_cast<bool>(run)) << llvm::toString(run.takeError());
  EXPECT_EQ((*run)(20), 41);
}

TEST(JitCompiler, ManyModulesOnSeveralThreads) {
  auto jit = createJit(3);
  std::vector<std::string> texts;
  for (int i = 0; i < 20; ++i)
    texts.push_back("define i32 @f" + std::to_string(i) + "() {\n ret i32 " + std::to_string(i) +
                    "\n}\n");
  ASSERT_FALSE(addText(*jit, texts));
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ((*llvm::cantFail(jit->lookupFunction<int()>("f" + std::to_string(i))))(), i);
}

TEST(JitCompiler, ConstantsAndMemoryFunctions) {
  auto jit = createJit();
  ASSERT_FALSE(addText(*jit, {R"(
    @table = internal constant [4 x float] [float 1.0, float 2.0, float 3.0, float 4.0]
    declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
    declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
    define float @run(ptr %to, ptr %from, i64 %bytes, i64 %index) {
      call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 %bytes, i1 false)
      call void @llvm.memset.p0.i64(ptr %from, i8 0, i64 %bytes, i1 false)
      %element = getelementptr float, ptr @table, i64 %index
      %value = load float, ptr %element
      ret float %value
    })"}));
  auto *run = llvm::cantFail(jit->lookupFunction<float(void *, void *, int64_t, int64_t)>("run"));
  std::vector<char> from(1000, 'x'), to(1000);
  EXPECT_EQ(run(to.data(), from.data(), 1000, 2), 3.0f);
  EXPECT_EQ(to, std::vector<char>(1000, 'x'));
  EXPECT_EQ(from, std::vector<char>(1000, 0));
}

TEST(JitCompiler, ModulesMayBeAddedAfterALookup) {
  auto jit = createJit();
  ASSERT_FALSE(addText(*jit, {"define i32 @one() {\n ret i32 1\n}"}));
  EXPECT_EQ((*llvm::cantFail(jit->lookupFunction<int()>("one")))(), 1);
  ASSERT_FALSE(addText(*jit, {R"(
    declare i32 @one()
    define i32 @two() {
      %x = call i32 @one()
      %y = add i32 %x, %x
      ret i32 %y
    })"}));
  EXPECT_EQ((*llvm::cantFail(jit->lookupFunction<int()>("two")))(), 2);
}

TEST(JitCompiler, MissingSymbolIsAnError) {
  auto jit = createJit();
  EXPECT_EQ(llvm::toString(jit->lookup("nothing").takeError()),
            "cannot link 'nothing': Symbols not found: [ nothing ]");
}

TEST(JitCompiler, CallOfTheProcessIsAnError) {
  auto jit = createJit();
  ASSERT_FALSE(addText(*jit, {R"(
    declare float @expf(float)
    define float @run(float %x) {
      %y = call float @expf(float %x)
      ret float %y
    })"}));
  EXPECT_THAT(llvm::toString(jit->lookup("run").takeError()),
              HasSubstr("Symbols not found: [ expf ]"));
}

TEST(JitCompiler, SymbolsAreUnique) {
  auto jit = createJit();
  llvm::Error error =
      addText(*jit, {"define void @f() {\n ret void\n}", "define void @f() {\n ret void\n}"});
  EXPECT_EQ(llvm::toString(std::move(error)), "Duplicate definition of symbol 'f'");
}

TEST(JitCompiler, InvalidModuleIsAnError) {
  auto jit = createJit();
  auto broken = ModuleWithContext::create("broken", hostTarget());
  llvm::LLVMContext &context = *broken->context;
  auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), false);
  auto *function =
      llvm::Function::Create(type, llvm::Function::ExternalLinkage, "f", *broken->module);
  llvm::BasicBlock::Create(context, "entry", function);
  std::vector<std::unique_ptr<ModuleWithContext>> modules;
  modules.push_back(parse("define void @fine() {\n ret void\n}"));
  modules.push_back(std::move(broken));
  EXPECT_THAT(llvm::toString(jit->add(std::move(modules))),
              HasSubstr("module 'broken': Basic Block in function 'f' does not have terminator!"));
}

TEST(JitCompiler, BackEndErrorDoesNotEndTheProcess) {
  auto jit = createJit();
  llvm::Error error = addText(*jit, {R"(
    define void @f() {
      call void asm sideeffect "no_such_instruction", ""()
      ret void
    })"});
  EXPECT_THAT(llvm::toString(std::move(error)), HasSubstr("invalid instruction mnemonic"));
}

TEST(JitCompiler, TextWithErrorTellsTheLine) {
  auto module = ModuleWithContext::parse("define void @f() {\n  nonsense\n}", hostTarget());
  EXPECT_EQ(llvm::toString(module.takeError()),
            "LLVM IR text, line 2: expected instruction opcode");
}

TEST(JitCompiler, ForeignTargetIsRefused) {
  // No processor has both arithmetic in half precision, which is Intel's, and XOP, which was AMD's.
  std::string foreign = "sapphirerapids";
  if (runsOnHost(targetFromName(foreign)))
    foreign = "bdver4";
  auto jit = JitCompiler::create(targetFromName(foreign), 1);
  EXPECT_EQ(llvm::toString(jit.takeError()),
            "this CPU (" + hostTarget().cpu + ") cannot run code for " + foreign);
}

} // namespace
} // namespace lamina::codegen
