#include "passes/families/families.h"

using namespace mlir;

namespace lamina::passes {

// A family without a case here does not compile.
const FamilyRules &rulesOf(ir::KernelFamily family) {
  switch (family) {
  case ir::KernelFamily::map:
    return kMapFamily;
  case ir::KernelFamily::row:
    return kRowFamily;
  case ir::KernelFamily::column:
    return kColumnFamily;
  case ir::KernelFamily::contraction:
    return kContractionFamily;
  case ir::KernelFamily::convolution:
    return kConvolutionFamily;
  case ir::KernelFamily::depthwise:
    return kDepthwiseFamily;
  case ir::KernelFamily::filter_gradient:
    return kFilterGradientFamily;
  case ir::KernelFamily::few_channels_gradient:
    return kFewChannelsGradientFamily;
  case ir::KernelFamily::depthwise_gradient:
    return kDepthwiseGradientFamily;
  case ir::KernelFamily::window:
    return kWindowFamily;
  case ir::KernelFamily::scatter:
    return kScatterFamily;
  case ir::KernelFamily::winograd:
    return kWinogradFamily;
  case ir::KernelFamily::winograd_filter:
    return kWinogradFilterFamily;
  case ir::KernelFamily::winograd_gradient:
    return kWinogradGradientFamily;
  }
  llvm_unreachable("all families are listed");
}

bool isAnchor(Operation *op) {
  return isa<ir::AnchorInterface>(op);
}

ir::KernelFamily familyOf(Operation *op) {
  if (!isAnchor(op))
    return ir::KernelFamily::map;
  for (uint32_t value = 0; value <= ir::getMaxEnumValForKernelFamily(); ++value)
    if (auto family = ir::symbolizeKernelFamily(value); family && rulesOf(*family).matches(op))
      return *family;
  llvm::report_fatal_error("no kernel family for the anchor " + op->getName().getStringRef());
}

Operation *anchorOf(ir::KernelOp kernel) {
  auto anchor = llvm::find_if(kernel.getBlock(), [](Operation &op) { return isAnchor(&op); });
  return anchor == kernel.getBlock().end() ? nullptr : &*anchor;
}

LogicalResult checkSchedule(ir::KernelOp kernel, int64_t batchSize) {
  if (!kernel.getSchedule())
    return kernel.emitOpError("has no schedule");
  Operation *anchor = anchorOf(kernel);
  ir::KernelFamily family = anchor ? familyOf(anchor) : ir::KernelFamily::map;
  if (family != kernel.getFamily())
    return kernel.emitOpError("is of the family ")
           << ir::stringifyKernelFamily(kernel.getFamily()) << ", but its anchor makes it one of "
           << ir::stringifyKernelFamily(family);
  return rulesOf(family).check(kernel, batchSize);
}

} // namespace lamina::passes
