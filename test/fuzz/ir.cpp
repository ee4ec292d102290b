// Fuzzes the textual form of the IR: what parses and verifies is printed, and parses back.
#include <cstdlib>
#include <string>

#include "ir/module.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "test/fuzz/target.h"
#include "llvm/Support/raw_ostream.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  lamina::ir::loadDialects(context);
  mlir::ScopedDiagnosticHandler handler(&context,
                                        [](mlir::Diagnostic &) { return mlir::success(); });
  auto parse = [&](llvm::StringRef text) {
    return mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  };
  // The parser looks behind the text for the zero that ends the content of a file.
  std::string input(lamina::fuzz::toText(data, size));
  auto module = parse(input);
  if (!module)
    return 0;
  std::string text;
  llvm::raw_string_ostream(text) << *module;
  if (!parse(text))
    std::abort();
  return 0;
}
