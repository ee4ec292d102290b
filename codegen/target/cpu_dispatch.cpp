#include "codegen/target/cpu_dispatch.h"

#include <algorithm>
#include <array>

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"

namespace lamina::codegen {

namespace {

using llvm::Value;

// Intel SDM, volume 2, CPUID; the levels are those of the x86-64 psABI.
// Leaf 1, ECX: SSE3, SSSE3, FMA, CMPXCHG16B, SSE4.1, SSE4.2, MOVBE, POPCNT, OSXSAVE, AVX, F16C.
constexpr uint32_t level3Leaf1Ecx = 1u << 0 | 1u << 9 | 1u << 12 | 1u << 13 | 1u << 19 | 1u << 20 |
                                    1u << 22 | 1u << 23 | 1u << 27 | 1u << 28 | 1u << 29;
// Leaf 7, EBX: BMI1, AVX2, BMI2.
constexpr uint32_t level3Leaf7Ebx = 1u << 3 | 1u << 5 | 1u << 8;
// Leaf 80000001h, ECX: LAHF, LZCNT.
constexpr uint32_t level3ExtendedEcx = 1u << 0 | 1u << 5;
// Leaf 7, EBX: AVX-512 F, DQ, CD, BW, VL.
constexpr uint32_t level4Leaf7Ebx = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;
// XCR0: what the operating system saves. SSE and AVX registers; with AVX-512's masks, upper halves
// and upper sixteen registers.
constexpr uint32_t avxState = 0x06, avx512State = 0xe6;

class CpuLevelEmitter {
public:
  explicit CpuLevelEmitter(llvm::Function *function)
      : b_(function->getContext()), function_(function) {}

  /// The level, at the builder's insertion point after the blocks it adds.
  Value *emit() {
    b_.SetInsertPoint(block("detect"));
    done_ = llvm::BasicBlock::Create(b_.getContext(), "known", function_);
    Value *highestLeaf = cpuid(0)[0];
    continueIf(b_.CreateICmpUGE(highestLeaf, b_.getInt32(7)));
    continueIf(hasAll(cpuid(1)[2], level3Leaf1Ecx)); // with OSXSAVE, so that xgetbv may be used
    Value *leaf7 = cpuid(7)[1];
    Value *saved = xgetbv();
    Value *level3 = b_.CreateAnd(hasAll(leaf7, level3Leaf7Ebx), hasAll(saved, avxState));
    level3 = b_.CreateAnd(level3, hasAll(cpuid(0x80000001u)[2], level3ExtendedEcx));
    continueIf(level3);
    Value *level4 = b_.CreateAnd(hasAll(leaf7, level4Leaf7Ebx), hasAll(saved, avx512State));
    finish(b_.CreateSelect(level4, b_.getInt32(4), b_.getInt32(3)));
    b_.SetInsertPoint(done_);
    auto *level = b_.CreatePHI(b_.getInt32Ty(), results_.size());
    for (auto [value, from] : results_)
      level->addIncoming(value, from);
    return level;
  }

  llvm::IRBuilder<> &builder() { return b_; }

private:
  llvm::BasicBlock *block(const char *name) {
    return llvm::BasicBlock::Create(b_.getContext(), name, function_, done_);
  }

  void finish(Value *level) {
    results_.push_back({level, b_.GetInsertBlock()});
    b_.CreateBr(done_);
  }

  /// Ends with level 1 unless the condition holds.
  void continueIf(Value *condition) {
    llvm::BasicBlock *next = block("next");
    results_.push_back({b_.getInt32(1), b_.GetInsertBlock()});
    b_.CreateCondBr(condition, next, done_);
    b_.SetInsertPoint(next);
  }

  Value *hasAll(Value *word, uint32_t mask) {
    return b_.CreateICmpEQ(b_.CreateAnd(word, b_.getInt32(mask)), b_.getInt32(mask));
  }

  /// EAX, EBX, ECX, EDX of a leaf, subleaf 0.
  std::array<Value *, 4> cpuid(uint32_t leaf) {
    llvm::Type *word = b_.getInt32Ty();
    auto *result = llvm::StructType::get(word, word, word, word);
    auto *code = llvm::InlineAsm::get(
        llvm::FunctionType::get(result, {word, word}, false), "cpuid",
        "={ax},={bx},={cx},={dx},{ax},{cx},~{dirflag},~{fpsr},~{flags}", /*hasSideEffects=*/true);
    Value *registers = b_.CreateCall(code, {b_.getInt32(leaf), b_.getInt32(0)});
    std::array<Value *, 4> words;
    for (unsigned i = 0; i < 4; ++i)
      words[i] = b_.CreateExtractValue(registers, i);
    return words;
  }

  /// The lower half of XCR0.
  Value *xgetbv() {
    llvm::Type *word = b_.getInt32Ty();
    auto *result = llvm::StructType::get(word, word);
    auto *code = llvm::InlineAsm::get(llvm::FunctionType::get(result, {word}, false), "xgetbv",
                                      "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}",
                                      /*hasSideEffects=*/true);
    return b_.CreateExtractValue(b_.CreateCall(code, {b_.getInt32(0)}), 0);
  }

  llvm::IRBuilder<> b_;
  llvm::Function *function_;
  llvm::BasicBlock *done_ = nullptr;
  std::vector<std::pair<Value *, llvm::BasicBlock *>> results_;
};

/// A function that must run everywhere, whatever processor the module is compiled for.
void setBaselineAttributes(llvm::Function &function) {
  function.addFnAttr("target-cpu", "x86-64");
  function.addFnAttr("target-features", "");
  function.setDoesNotThrow();
}

/// Reads or writes the remembered level; threads that race all write the same.
llvm::LoadInst *loadLevel(llvm::IRBuilder<> &b, llvm::GlobalVariable *memory) {
  auto *load = b.CreateAlignedLoad(b.getInt32Ty(), memory, llvm::Align(4));
  load->setAtomic(llvm::AtomicOrdering::Monotonic);
  return load;
}
void storeLevel(llvm::IRBuilder<> &b, Value *level, llvm::GlobalVariable *memory) {
  b.CreateAlignedStore(level, memory, llvm::Align(4))->setAtomic(llvm::AtomicOrdering::Monotonic);
}

} // namespace

llvm::Function *emitCpuLevel(llvm::Module &module) {
  constexpr const char *name = "lamina.cpu_level";
  if (llvm::Function *function = module.getFunction(name))
    return function;
  llvm::LLVMContext &context = module.getContext();
  llvm::IRBuilder<> entry(context);
  llvm::Type *word = entry.getInt32Ty();
  auto *function = llvm::Function::Create(llvm::FunctionType::get(word, false),
                                          llvm::Function::InternalLinkage, name, module);
  setBaselineAttributes(*function);
  entry.SetInsertPoint(llvm::BasicBlock::Create(context, "entry", function));
  auto *memory = new llvm::GlobalVariable(module, word, /*isConstant=*/false,
                                          llvm::GlobalValue::InternalLinkage, entry.getInt32(0),
                                          "lamina.cpu_level.known");
  auto *remembered = llvm::BasicBlock::Create(context, "remembered", function);
  Value *level = loadLevel(entry, memory);
  CpuLevelEmitter emitter(function);
  Value *detected = emitter.emit();
  storeLevel(emitter.builder(), detected, memory);
  emitter.builder().CreateRet(detected);
  entry.CreateCondBr(entry.CreateICmpNE(level, entry.getInt32(0)), remembered,
                     remembered->getNextNode());
  entry.SetInsertPoint(remembered);
  entry.CreateRet(level);
  return function;
}

llvm::Function *emitDispatcher(llvm::Module &module, llvm::StringRef name,
                               std::vector<FunctionVariant> variants, int unsupportedStatus) {
  std::sort(variants.begin(), variants.end(),
            [](const auto &x, const auto &y) { return x.level > y.level; });
  llvm::FunctionType *type = variants.front().function->getFunctionType();
  auto *function = llvm::Function::Create(type, llvm::Function::ExternalLinkage, name, module);
  setBaselineAttributes(*function);
  llvm::LLVMContext &context = module.getContext();
  llvm::IRBuilder<> b(llvm::BasicBlock::Create(context, "entry", function));
  Value *level = b.CreateCall(emitCpuLevel(module));
  std::vector<Value *> arguments;
  for (llvm::Argument &argument : function->args())
    arguments.push_back(&argument);
  for (const FunctionVariant &variant : variants) {
    auto *fits = llvm::BasicBlock::Create(context, "fits", function);
    auto *next = llvm::BasicBlock::Create(context, "next", function);
    b.CreateCondBr(b.CreateICmpUGE(level, b.getInt32(variant.level)), fits, next);
    b.SetInsertPoint(fits);
    b.CreateRet(b.CreateCall(variant.function, arguments));
    b.SetInsertPoint(next);
  }
  b.CreateRet(b.getInt32(unsupportedStatus));
  return function;
}

} // namespace lamina::codegen
