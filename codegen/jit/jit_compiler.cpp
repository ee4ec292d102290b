#include "codegen/jit/jit_compiler.h"

#include <cstring>

#include "codegen/emit/sanitizers.h"
#include "llvm/ExecutionEngine/Orc/ExecutorProcessControl.h"

namespace lamina::codegen {

namespace {

llvm::Error defineMemoryFunctions(llvm::orc::ExecutionSession &session,
                                  llvm::orc::JITDylib &library) {
  llvm::orc::SymbolMap symbols;
  auto define = [&](const char *name, auto *function) {
    symbols[session.intern(name)] = {llvm::orc::ExecutorAddr::fromPtr(function),
                                     llvm::JITSymbolFlags::Exported |
                                         llvm::JITSymbolFlags::Callable};
  };
  define("memcpy", &std::memcpy);
  define("memmove", &std::memmove);
  define("memset", &std::memset);
  return library.define(llvm::orc::absoluteSymbols(std::move(symbols)));
}

} // namespace

JitCompiler::JitCompiler(const TargetSpec &target, unsigned compileThreads,
                         std::unique_ptr<llvm::orc::ExecutorProcessControl> process)
    : target_(target), compileThreads_(compileThreads), session_(std::move(process)),
      linker_(session_), library_(session_.createBareJITDylib("lamina")) {
  session_.setErrorReporter([this](llvm::Error error) {
    if (!linkErrors_.empty())
      linkErrors_ += "; ";
    linkErrors_ += llvm::toString(std::move(error));
  });
}

JitCompiler::~JitCompiler() {
  if (llvm::Error error = session_.endSession())
    session_.reportError(std::move(error));
}

llvm::Expected<std::unique_ptr<JitCompiler>> JitCompiler::create(const TargetSpec &target,
                                                                 unsigned compileThreads) {
  if (!runsOnHost(target))
    return llvm::createStringError("this CPU (" + hostTarget().cpu + ") cannot run code for " +
                                   target.cpu);
  auto process = llvm::orc::SelfExecutorProcessControl::Create();
  if (!process)
    return process.takeError();
  std::unique_ptr<JitCompiler> jit(new JitCompiler(target, compileThreads, std::move(*process)));
  if (llvm::Error error = defineMemoryFunctions(jit->session_, jit->library_))
    return error;
  if (llvm::Error error = defineSanitizerFunctions(jit->library_))
    return error;
  return jit;
}

llvm::Expected<std::vector<std::unique_ptr<llvm::MemoryBuffer>>>
JitCompiler::compile(const std::vector<std::unique_ptr<ModuleWithContext>> &modules,
                     llvm::CodeGenOptLevel level) {
  for (const auto &part : modules)
    addSanitizerChecks(*part->module);
  return compileObjects(modules, target_, compileThreads_, level);
}

llvm::Error JitCompiler::add(std::vector<std::unique_ptr<ModuleWithContext>> modules,
                             llvm::CodeGenOptLevel level) {
  auto objects = compile(modules, level);
  if (!objects)
    return objects.takeError();
  return addObjects(std::move(*objects));
}

llvm::Error JitCompiler::addObjects(std::vector<std::unique_ptr<llvm::MemoryBuffer>> objects) {
  for (std::unique_ptr<llvm::MemoryBuffer> &object : objects)
    if (llvm::Error error = linker_.add(library_, std::move(object)))
      return error;
  return llvm::Error::success();
}

llvm::Expected<void *> JitCompiler::lookup(llvm::StringRef symbol) {
  linkErrors_.clear();
  auto found = session_.lookup({&library_}, session_.intern(symbol));
  if (found)
    return found->getAddress().toPtr<void *>();
  std::string reason = llvm::toString(found.takeError());
  if (!linkErrors_.empty())
    reason += "; " + linkErrors_;
  return llvm::createStringError("cannot link '" + symbol.str() + "': " + reason);
}

} // namespace lamina::codegen
