#include "codegen/functions/kernel_library.h"

#include "codegen/kernels/scratch.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

int64_t measureCode(ir::KernelOp kernel) {
  int64_t operations = std::distance(kernel.getBlock().begin(), kernel.getBlock().end());
  return operations * kernel.getSchedule()->getTileSize();
}

} // namespace

SharedKernel::SharedKernel(const KernelJob &job, const TargetSpec &target)
    : symbol(job.name), emitter(KernelEmitter::create(job, target)), size(measureCode(job.kernel)) {
}

void SharedKernel::emit(llvm::Module &module) {
  adopt(getScratchBytes(*emitter->emit(module)));
}

KernelLibrary::KernelLibrary(const TargetSpec &target)
    : spec(target), description(describeCompiler(target)) {}

SharedKernel &KernelLibrary::find(KernelJob job) {
  if (job.level == llvm::CodeGenOptLevel::None) {
    KernelJob optimized = job;
    optimized.level = llvm::CodeGenOptLevel::Default;
    if (auto found = kernels.find(nameKernel(description, optimized)); found != kernels.end())
      return *found->second;
  }
  job.name = nameKernel(description, job);
  std::unique_ptr<SharedKernel> &kernel = kernels[job.name];
  if (!kernel)
    kernel = std::make_unique<SharedKernel>(job, spec);
  return *kernel;
}

} // namespace lamina::codegen
