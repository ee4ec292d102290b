#include "codegen/kernels/scratch.h"

#include "codegen/kernels/kernel_emitter.h"
#include "passes/memory/plan.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/Module.h"

namespace lamina::codegen {

/// The attribute that records the kernel's need.
static constexpr llvm::StringLiteral kScratchAttribute = "lamina-scratch-bytes";

int64_t getScratchBytes(const llvm::Function &kernel) {
  int64_t bytes = 0;
  kernel.getFnAttribute(kScratchAttribute).getValueAsString().getAsInteger(10, bytes);
  return bytes;
}

llvm::Value *allocateScratch(llvm::IRBuilder<> &builder, llvm::Type *element, int64_t count) {
  llvm::Function &kernel = *builder.GetInsertBlock()->getParent();
  int64_t begin = getScratchBytes(kernel);
  auto size = static_cast<int64_t>(
      kernel.getParent()->getDataLayout().getTypeAllocSize(element).getFixedValue());
  int64_t end = begin + static_cast<int64_t>(llvm::alignTo(count * size, passes::kBufferAlignment));
  kernel.addFnAttr(kScratchAttribute, std::to_string(end));
  return builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), kernel.getArg(kKernelScratch),
                                            begin);
}

} // namespace lamina::codegen
