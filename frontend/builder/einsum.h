#pragma once

#include "frontend/builder/place.h"
#include "frontend/builder/tensor.h"

/// Products of tensors whose dimensions are named, summed over those that the result leaves out.
namespace lamina::frontend::builder {

/// Operand i has the dimensions `labels[i]`, the result those of `output`: one letter each, none
/// twice in a tensor. Operands are multiplied from the first to the last. Extents or labels that
/// do not fit are reported through `place`.
Tensor einsum(const Place &place, llvm::ArrayRef<std::string> labels, llvm::StringRef output,
              llvm::ArrayRef<Tensor> tensors);

/// By an equation as NumPy has it: "abc,cd->abd", "...a,ab->...b", or without an output.
Tensor einsum(const Place &place, const std::string &equation, llvm::ArrayRef<Tensor> tensors);

} // namespace lamina::frontend::builder
