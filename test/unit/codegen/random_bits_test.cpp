#include "codegen/expressions/random_bits.h"

#include <random>

#include <gtest/gtest.h>

#include "codegen/jit/jit_compiler.h"
#include "support/philox.h"

namespace lamina::codegen {
namespace {

struct KnownAnswer {
  std::array<uint32_t, 2> counter;
  uint32_t key;
  std::array<uint32_t, 2> answer;
};

/// From the kat_vectors file of Random123.
constexpr KnownAnswer knownAnswers[] = {
    {{0, 0}, 0, {0xff1dae59, 0x6cd10df2}},
    {{0xffffffff, 0xffffffff}, 0xffffffff, {0x2c3f628b, 0xab4fd7ad}},
    {{0x243f6a88, 0x85a308d3}, 0x13198a2e, {0xdd7ce038, 0xf62a4c12}},
};

TEST(RandomBits, HostFunctionHasTheKnownAnswers) {
  for (const KnownAnswer &known : knownAnswers)
    EXPECT_EQ(philox2x32(known.counter, known.key), known.answer);
  static_assert(philox2x32({0, 0}, 0)[0] == 0xff1dae59);
}

using Philox = void(uint32_t key, const uint32_t *low, uint32_t high, uint32_t *result);

/// A function for `lanes` counters, or for one in scalar registers when `lanes` is 0.
std::pair<std::unique_ptr<JitCompiler>, Philox *> compile(const TargetSpec &target,
                                                          unsigned lanes) {
  auto owner = ModuleWithContext::create("philox", target);
  llvm::IRBuilder<> b(*owner->context);
  llvm::Type *word = b.getInt32Ty(), *pointer = b.getPtrTy();
  auto *type = llvm::FunctionType::get(b.getVoidTy(), {word, pointer, word, pointer}, false);
  auto *function =
      llvm::Function::Create(type, llvm::Function::ExternalLinkage, "philox", *owner->module);
  setTargetAttributes(*function, target);
  b.SetInsertPoint(llvm::BasicBlock::Create(*owner->context, "entry", function));
  llvm::Type *vector = lanes ? llvm::FixedVectorType::get(word, lanes) : word;
  llvm::Value *low = b.CreateAlignedLoad(vector, function->getArg(1), llvm::Align(4));
  llvm::Value *bits = emitPhilox(b, function->getArg(0), low, function->getArg(2));
  b.CreateAlignedStore(bits, function->getArg(3), llvm::Align(4));
  b.CreateRetVoid();
  auto jit = llvm::cantFail(JitCompiler::create(target, 1));
  std::vector<std::unique_ptr<ModuleWithContext>> modules;
  modules.push_back(std::move(owner));
  llvm::cantFail(jit->add(std::move(modules)));
  auto *address = llvm::cantFail(jit->lookupFunction<Philox>("philox"));
  return {std::move(jit), address};
}

TEST(RandomBits, EmittedCodeHasTheBitsOfTheHostFunction) {
  std::vector<TargetSpec> targets{hostTarget()};
  if (hostTarget().level >= 3)
    targets.push_back(targetFromName("x86-64"));
  std::mt19937 random(3);
  for (const TargetSpec &target : targets)
    for (unsigned lanes : {0, 1, 3, 4, 8, 16, 32}) {
      auto [jit, philox] = compile(target, lanes);
      for (int repetition = 0; repetition < 100; ++repetition) {
        uint32_t low[32], result[32];
        for (uint32_t &word : low)
          word = random();
        uint32_t key = random(), high = random();
        philox(key, low, high, result);
        for (unsigned i = 0; i < std::max(lanes, 1u); ++i)
          ASSERT_EQ(result[i], philox2x32({low[i], high}, key)[0]) << lanes << " lanes";
      }
    }
}

} // namespace
} // namespace lamina::codegen
