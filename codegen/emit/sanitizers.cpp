#include "codegen/emit/sanitizers.h"

#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/Instrumentation/AddressSanitizer.h"
#include "llvm/Transforms/Instrumentation/ThreadSanitizer.h"

namespace lamina::codegen {
namespace {

enum class Sanitizer { None, Address, Thread };

#if !defined(__has_feature)
constexpr Sanitizer kSanitizer = Sanitizer::None;
#elif __has_feature(address_sanitizer)
constexpr Sanitizer kSanitizer = Sanitizer::Address;
#elif __has_feature(thread_sanitizer)
constexpr Sanitizer kSanitizer = Sanitizer::Thread;
#else
constexpr Sanitizer kSanitizer = Sanitizer::None;
#endif

constexpr const char *kPrefix = kSanitizer == Sanitizer::Thread ? "__tsan_" : "__asan_";

llvm::ModulePassManager makePasses() {
  llvm::ModulePassManager passes;
  if (kSanitizer == Sanitizer::Address)
    passes.addPass(llvm::AddressSanitizerPass(llvm::AddressSanitizerOptions(),
                                              /*UseGlobalGC=*/false, /*UseOdrIndicator=*/false,
                                              llvm::AsanDtorKind::None, llvm::AsanCtorKind::None));
  else
    passes.addPass(llvm::createModuleToFunctionPassAdaptor(llvm::ThreadSanitizerPass()));
  return passes;
}

} // namespace

std::string describeSanitizer() {
  switch (kSanitizer) {
  case Sanitizer::None:
    return "";
  case Sanitizer::Address:
    return " with checks of addresses";
  case Sanitizer::Thread:
    return " with checks of threads";
  }
  llvm_unreachable("all sanitizers are listed");
}

void addSanitizerChecks(llvm::Module &module) {
  if (kSanitizer == Sanitizer::None)
    return;
  for (llvm::Function &function : module) {
    function.setDoesNotThrow(); // otherwise the thread sanitizer catches what is thrown
    if (!function.isDeclaration())
      function.addFnAttr(kSanitizer == Sanitizer::Address ? llvm::Attribute::SanitizeAddress
                                                          : llvm::Attribute::SanitizeThread);
  }
  // Guarded constants would have to be registered by a constructor, which nobody runs.
  for (llvm::GlobalVariable &constant : module.globals()) {
    llvm::GlobalVariable::SanitizerMetadata metadata;
    metadata.NoAddress = true;
    constant.setSanitizerMetadata(metadata);
  }
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager callGraph;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(callGraph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, callGraph, modules);
  makePasses().run(module, modules);
}

llvm::Error defineSanitizerFunctions(llvm::orc::JITDylib &library) {
  if (kSanitizer == Sanitizer::None)
    return llvm::Error::success();
  auto generator = llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
      /*GlobalPrefix=*/'\0',
      [](const llvm::orc::SymbolStringPtr &name) { return (*name).starts_with(kPrefix); });
  if (!generator)
    return generator.takeError();
  library.addGenerator(std::move(*generator));
  return llvm::Error::success();
}

} // namespace lamina::codegen
