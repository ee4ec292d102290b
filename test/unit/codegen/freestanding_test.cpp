// The mathematical functions must not need a library: objects of all of them, for every kind of
// target, have no undefined symbol.
#include <gtest/gtest.h>

#include "llvm/Object/ObjectFile.h"

#include "codegen/emit/machine_code.h"
#include "vector_function.h"

namespace lamina::codegen {
namespace {

using Unary = llvm::Value *(llvm::IRBuilderBase &, const MathContext &, llvm::Value *);

const std::pair<const char *, Unary *> functions[] = {{"exp", emitExp},
                                                      {"expm1", emitExpm1},
                                                      {"log", emitLog},
                                                      {"log1p", emitLog1p},
                                                      {"tanh", emitTanh},
                                                      {"erf", emitErf},
                                                      {"sin", emitSin},
                                                      {"cos", emitCos},
                                                      {"logistic", emitLogistic},
                                                      {"sqrt", emitSqrt},
                                                      {"rsqrt", emitRsqrt},
                                                      {"floor", emitFloor},
                                                      {"ceil", emitCeil},
                                                      {"trunc", emitTrunc},
                                                      {"roundEven", emitRoundEven},
                                                      {"abs", emitAbs},
                                                      {"roundAway", emitRoundAway},
                                                      {"sign", emitSign}};

void addAll(llvm::Module &module, const TargetSpec &target, bool isDouble, unsigned lanes) {
  std::string suffix = (isDouble ? "_f64_" : "_f32_") + std::to_string(lanes);
  for (auto [name, emit] : functions)
    addLoop(
        module, target, name + suffix, isDouble,
        [emit = emit](auto &b, const MathContext &math, auto *x, auto *) {
          return emit(b, math, x);
        },
        lanes);
  addLoop(module, target, "pow" + suffix, isDouble, emitPow, lanes);
}

std::vector<std::string> undefinedSymbols(llvm::MemoryBufferRef buffer) {
  auto object = llvm::cantFail(llvm::object::ObjectFile::createObjectFile(buffer));
  std::vector<std::string> result;
  for (const llvm::object::SymbolRef &symbol : object->symbols())
    if (llvm::cantFail(symbol.getFlags()) & llvm::object::SymbolRef::SF_Undefined)
      if (llvm::StringRef name = llvm::cantFail(symbol.getName()); !name.empty())
        result.push_back(name.str());
  return result;
}

TEST(Freestanding, NoFunctionNeedsALibrary) {
  for (const char *name : {"x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"}) {
    TargetSpec target = targetFromName(name);
    std::vector<std::unique_ptr<ModuleWithContext>> modules;
    modules.push_back(ModuleWithContext::create("f32", target));
    modules.push_back(ModuleWithContext::create("f64", target));
    // One lane, as in loop remainders, and whole registers.
    addAll(*modules[0]->module, target, false, 1);
    addAll(*modules[0]->module, target, false, target.vectorLanes(4));
    addAll(*modules[1]->module, target, true, target.vectorLanes(8));
    auto objects = llvm::cantFail(compileObjects(modules, target, 2));
    for (const auto &object : objects)
      EXPECT_EQ(undefinedSymbols(*object), std::vector<std::string>()) << name;
  }
}

} // namespace
} // namespace lamina::codegen
