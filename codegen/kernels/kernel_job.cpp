#include "codegen/kernels/kernel_job.h"

#include <fmt/format.h>

#include "codegen/emit/sanitizers.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/BLAKE3.h"

using namespace mlir;

namespace lamina::codegen {

namespace {

/// The schedule's text without its cost, which decides when kernels run, not how. A text that does
/// not end with the cost is kept whole.
std::string decisionsOf(ir::KernelOp kernel) {
  std::string text;
  llvm::raw_string_ostream(text) << kernel.getScheduleAttr();
  auto [decisions, cost] = StringRef(text).rsplit(", cost = ");
  int64_t cycles = 0;
  if (cost.consumeInteger(10, cycles) || cost != ">")
    return text;
  return decisions.str();
}

void printArgument(llvm::raw_ostream &os, Type type, const KernelArgument &argument) {
  os << type << ' ' << ir::stringifyMemorySpace(argument.space);
  if (argument.packed)
    os << ' ' << argument.packed;
  os << '\n';
}

} // namespace

std::string KernelJob::key() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  ir::KernelOp op = kernel;
  llvm::DenseMap<Value, unsigned> numbers;
  auto number = [&](Value value) { numbers.try_emplace(value, numbers.size()); };
  os << ir::stringifyKernelFamily(op.getFamily()) << ' ' << decisionsOf(op) << " level "
     << static_cast<int>(level) << '\n';
  if (batchSize.isRead())
    os << "batch size " << batchSize.get() << '\n';
  for (auto [argument, input] : llvm::zip_equal(op.getBlock().getArguments(), inputs)) {
    number(argument);
    printArgument(os, argument.getType(), input);
  }
  for (Operation &operation : op.getBlock()) {
    os << operation.getName() << operation.getAttrDictionary() << '(';
    for (Value operand : operation.getOperands())
      os << numbers.at(operand) << ' ';
    os << ") " << operation.getResultTypes() << '\n';
    for (Value result : operation.getResults())
      number(result);
  }
  for (auto [result, output] : llvm::zip_equal(op.getResults(), outputs))
    printArgument(os, result.getType(), output);
  return text;
}

std::vector<int64_t> KernelJob::bindings() const {
  std::vector<int64_t> offsets;
  for (const KernelArgument &input : inputs)
    offsets.push_back(input.offset);
  for (const KernelArgument &output : outputs)
    offsets.push_back(output.offset);
  return offsets;
}

std::string describeCompiler(const TargetSpec &target) {
  return fmt::format("lamina {}, LLVM {}{}\n{}\n", LAMINA_VERSION, LLVM_VERSION_STRING,
                     describeSanitizer(), describeTarget(target));
}

std::string nameKernel(const std::string &compiler, const KernelJob &job) {
  llvm::TruncatedBLAKE3<16> hasher;
  hasher.update(compiler);
  hasher.update(job.key());
  ir::KernelOp kernel = job.kernel;
  return fmt::format("{}.{}", ir::stringifyKernelFamily(kernel.getFamily()).str(),
                     llvm::toHex(hasher.final(), /*LowerCase=*/true));
}

} // namespace lamina::codegen
