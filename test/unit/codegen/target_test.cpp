#include "codegen/target/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

#include "support/error.h"

namespace lamina::codegen {
namespace {

TEST(Target, HostRunsOnHost) {
  TargetSpec host = targetFromName("host");
  EXPECT_FALSE(host.cpu.empty());
  EXPECT_NE(host.cpu, "host");
  EXPECT_GE(host.vectorBits, 128u);
  EXPECT_TRUE(runsOnHost(host));
  EXPECT_NE(createTargetMachine(host), nullptr);
}

TEST(Target, Levels) {
  struct Expected {
    const char *name;
    unsigned level, vectorBits, vectorRegisters;
    bool hasFma, hasSse41;
  };
  for (Expected expected :
       {Expected{"x86-64", 1, 128, 16, false, false},
        Expected{"x86-64-v2", 1, 128, 16, false, true},
        Expected{"x86-64-v3", 3, 256, 16, true, true},
        Expected{"x86-64-v4", 4, 512, 32, true, true}, Expected{"znver3", 3, 256, 16, true, true},
        Expected{"skylake-avx512", 4, 512, 32, true, true},
        Expected{"sandybridge", 1, 256, 16, false, true}}) {
    SCOPED_TRACE(expected.name);
    TargetSpec target = targetFromName(expected.name);
    EXPECT_EQ(target.cpu, expected.name);
    EXPECT_EQ(target.level, expected.level);
    EXPECT_EQ(target.vectorBits, expected.vectorBits);
    EXPECT_EQ(target.vectorLanes(4), expected.vectorBits / 32);
    EXPECT_EQ(target.vectorRegisters, expected.vectorRegisters);
    EXPECT_EQ(target.hasFma, expected.hasFma);
    EXPECT_EQ(target.hasSse41, expected.hasSse41);
  }
  EXPECT_TRUE(runsOnHost(targetFromName("x86-64")));
  EXPECT_EQ(runsOnHost(targetFromName("x86-64-v4")), hostTarget().level == 4);
}

TEST(Target, UnknownNameIsAUserError) {
  for (const char *name : {"z80", "", "i386", "Host", "generic-ish\n"}) {
    try {
      targetFromName(name);
      ADD_FAILURE() << "accepted '" << name << "'";
    } catch (const UserError &error) {
      EXPECT_EQ(error.what(), "unknown target CPU '" + printable(name) +
                                  "'; use host, x86-64, x86-64-v2, x86-64-v3, x86-64-v4 or a name "
                                  "LLVM knows (znver3, skylake-avx512, ...)");
    }
  }
}

TEST(Target, FunctionAttributes) {
  llvm::LLVMContext context;
  llvm::Module module("m", context);
  auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), false);
  auto *function = llvm::Function::Create(type, llvm::Function::ExternalLinkage, "f", module);
  TargetSpec target = hostTarget();
  setTargetAttributes(*function, target);
  EXPECT_EQ(function->getFnAttribute("target-cpu").getValueAsString(), target.cpu);
  EXPECT_EQ(function->getFnAttribute("prefer-vector-width").getValueAsString(),
            std::to_string(target.vectorBits));
  EXPECT_TRUE(function->doesNotThrow());
}

} // namespace
} // namespace lamina::codegen
