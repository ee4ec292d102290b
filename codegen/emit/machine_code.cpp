#include "codegen/emit/machine_code.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include "support/threads.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

namespace lamina::codegen {

namespace {

/// Collects the back end's reports; by default it would print and end the process.
struct DiagnosticCollector : llvm::DiagnosticHandler {
  explicit DiagnosticCollector(std::string &errors) : errors(errors) {}

  bool handleDiagnostics(const llvm::DiagnosticInfo &info) override {
    if (info.getSeverity() != llvm::DS_Error)
      return true;
    llvm::raw_string_ostream stream(errors);
    if (!errors.empty())
      stream << "; ";
    llvm::DiagnosticPrinterRawOStream printer(stream);
    info.print(printer);
    return true;
  }

  std::string &errors;
};

llvm::Error codegenError(const llvm::Module &module, llvm::StringRef reason) {
  return llvm::createStringError("module '" + module.getName().str() +
                                 "': " + reason.rtrim().str());
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> compileObject(llvm::Module &module,
                                                                  llvm::TargetMachine &machine) {
  auto code = generateCode(module, machine, llvm::CodeGenFileType::ObjectFile);
  if (!code)
    return code.takeError();
  return std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(*code), module.getName(),
                                                         /*RequiresNullTerminator=*/false);
}

} // namespace

std::unique_ptr<ModuleWithContext> ModuleWithContext::create(llvm::StringRef name,
                                                             const TargetSpec &target) {
  auto result = std::make_unique<ModuleWithContext>();
  result->context = std::make_unique<llvm::LLVMContext>();
  result->module = std::make_unique<llvm::Module>(name, *result->context);
  result->module->setTargetTriple(target.triple);
  result->module->setDataLayout(createTargetMachine(target)->createDataLayout());
  return result;
}

llvm::Expected<std::unique_ptr<ModuleWithContext>>
ModuleWithContext::parse(llvm::StringRef text, const TargetSpec &target) {
  auto result = std::make_unique<ModuleWithContext>();
  result->context = std::make_unique<llvm::LLVMContext>();
  llvm::SMDiagnostic diagnostic;
  result->module = llvm::parseAssemblyString(text, diagnostic, *result->context);
  if (!result->module)
    return llvm::createStringError("LLVM IR text, line " + std::to_string(diagnostic.getLineNo()) +
                                   ": " + diagnostic.getMessage().str());
  result->module->setTargetTriple(target.triple);
  result->module->setDataLayout(createTargetMachine(target)->createDataLayout());
  return result;
}

llvm::Expected<llvm::SmallVector<char, 0>>
generateCode(llvm::Module &module, llvm::TargetMachine &machine, llvm::CodeGenFileType kind) {
  std::string errors;
  llvm::raw_string_ostream stream(errors);
  if (llvm::verifyModule(module, &stream))
    return codegenError(module, stream.str());

  llvm::LLVMContext &context = module.getContext();
  auto previous = context.getDiagnosticHandler();
  context.setDiagnosticHandler(std::make_unique<DiagnosticCollector>(errors));
  llvm::SmallVector<char, 0> code;
  llvm::raw_svector_ostream output(code);
  llvm::legacy::PassManager passes;
  bool unsupported = machine.addPassesToEmitFile(passes, output, nullptr, kind,
                                                 /*DisableVerify=*/true);
  if (!unsupported)
    passes.run(module);
  context.setDiagnosticHandler(std::move(previous));

  if (unsupported)
    return codegenError(module, "the target cannot emit this kind of file");
  if (!errors.empty())
    return codegenError(module, errors);
  return code;
}

llvm::Expected<std::vector<std::unique_ptr<llvm::MemoryBuffer>>>
compileObjects(const std::vector<std::unique_ptr<ModuleWithContext>> &modules,
               const TargetSpec &target, unsigned threads, llvm::CodeGenOptLevel level) {
  using Result = llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>;
  std::vector<std::optional<Result>> results(modules.size());
  std::atomic<size_t> next = 0;
  auto work = [&](uint32_t) {
    auto machine = createTargetMachine(target, level);
    for (size_t i; (i = next.fetch_add(1)) < modules.size();)
      results[i].emplace(compileObject(*modules[i]->module, *machine));
  };
  runTeam(static_cast<uint32_t>(std::min<size_t>(threads, modules.size())), work);

  std::vector<std::unique_ptr<llvm::MemoryBuffer>> objects;
  llvm::Error error = llvm::Error::success();
  for (std::optional<Result> &result : results) {
    if (*result)
      objects.push_back(std::move(**result));
    else if (error)
      llvm::consumeError(result->takeError());
    else
      error = result->takeError();
  }
  if (error)
    return error;
  return objects;
}

} // namespace lamina::codegen
