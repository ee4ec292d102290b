// lamina-opt: passes on IR text, and the reference interpreter.
//
//   lamina-opt FILE --simplify …            prints the module after the passes
//   lamina-opt FILE --interpret             runs every function without arguments and prints its
//                                           results, one line each: `@f: dense<…> : tensor<…>`
//   lamina-opt FILE --interpret=f --rows=3  runs one function with a batch of 3 rows
#include "ir/interpreter/interpreter.h"
#include "ir/module.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "passes/passes.h"
#include "passes/pipelines.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;

namespace {

llvm::cl::opt<std::string>
    interpretOption("interpret", llvm::cl::ValueOptional,
                    llvm::cl::desc("Run a function (default: all) without arguments and print its "
                                   "results; passes run first"),
                    llvm::cl::value_desc("function"));
llvm::cl::opt<int64_t> rowsOption("rows", llvm::cl::init(1),
                                  llvm::cl::desc("Rows of the batch for --interpret"));

LogicalResult interpretFunction(func::FuncOp function, llvm::raw_ostream &stream) {
  llvm::Expected<std::vector<lamina::ir::HostTensor>> results =
      lamina::ir::interpret(function, {}, rowsOption);
  if (!results)
    return function.emitError(llvm::toString(results.takeError()));
  for (const lamina::ir::HostTensor &result : *results) {
    stream << '@' << function.getName() << ": " << result.toAttribute(function.getContext())
           << '\n';
  }
  return success();
}

LogicalResult interpretModule(ModuleOp module, llvm::raw_ostream &stream) {
  if (!interpretOption.empty()) {
    auto function = module.lookupSymbol<func::FuncOp>(interpretOption);
    if (!function)
      return module.emitError() << "there is no function @" << interpretOption.getValue();
    return interpretFunction(function, stream);
  }
  for (func::FuncOp function : module.getOps<func::FuncOp>())
    if (function.getNumArguments() == 0 && failed(interpretFunction(function, stream)))
      return failure();
  return success();
}

LogicalResult interpretFile(llvm::StringRef input, llvm::StringRef output,
                            const DialectRegistry &registry) {
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> buffer = openInputFile(input, &error);
  std::unique_ptr<llvm::ToolOutputFile> file = buffer ? openOutputFile(output, &error) : nullptr;
  if (!file) {
    llvm::errs() << "error: " << error << '\n';
    return failure();
  }
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module)
    return failure();
  PassManager passes(&context);
  if (failed(MlirOptMainConfig::createFromCLOptions().setupPassPipeline(passes)) ||
      failed(passes.run(*module)) || failed(interpretModule(*module, file->os())))
    return failure();
  file->keep();
  return success();
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM initialize(argc, argv);
  DialectRegistry registry;
  registry.insert<lamina::ir::LaminaDialect, func::FuncDialect>();
  registerCanonicalizerPass();
  registerCSEPass();
  registerInlinerPass();
  registerSymbolDCEPass();
  lamina::passes::registerPasses();
  auto [input, output] = registerAndParseCLIOptions(
      argc, argv, "Passes on Lamina's IR, and its reference interpreter\n", registry);
  if (interpretOption.getNumOccurrences() > 0)
    return asMainReturnCode(interpretFile(input, output, registry));
  return asMainReturnCode(MlirOptMain(argc, argv, input, output, registry));
}
