#pragma once

#include <memory>
#include <string>

#include "runtime/processor.h" // a port begins there
#include "llvm/IR/Function.h"
#include "llvm/Target/TargetMachine.h"

namespace lamina::codegen {

/// The processor that code is generated for.
struct TargetSpec {
  std::string triple;
  std::string cpu;         ///< LLVM's name, never "host"
  std::string features;    ///< LLVM's list, such as "+avx2,-avx512f"; added to those of `cpu`
  std::string tune;        ///< LLVM's name of the processor to order instructions for, or empty
  unsigned vectorBits = 0; ///< width of the widest vector register worth using
  unsigned vectorRegisters = 0; ///< how many of them there are
  bool hasFma = false;          ///< fused multiply-add in vectors
  bool hasSse41 = false;        ///< vector rounding instructions and blends

  /// The level of x86-64 whose instructions the target has: 1 (baseline), 3 (AVX2 and FMA) or 4
  /// (AVX-512 F, BW, DQ, VL).
  unsigned level = 1;

  unsigned vectorLanes(unsigned elementBytes) const { return vectorBits / (8 * elementBytes); }
};

/// The processor this process runs on, with its instruction set.
TargetSpec hostTarget();

/// The target of a name: "host", a level ("x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4") or a
/// processor LLVM knows ("znver3", "skylake-avx512", …). Throws UserError for anything else.
TargetSpec targetFromName(const std::string &name);

/// A text that two targets share exactly when code for one is code for the other.
std::string describeTarget(const TargetSpec &target);

/// Whether code for the target runs on this processor.
bool runsOnHost(const TargetSpec &target);

/// A machine that generates position-independent code. Multiplications and additions are never
/// contracted by it: fusing them is explicit in the IR. Not to be shared between threads.
std::unique_ptr<llvm::TargetMachine>
createTargetMachine(const TargetSpec &target,
                    llvm::CodeGenOptLevel level = llvm::CodeGenOptLevel::Default);

/// Gives a function the target's processors, features and preferred vector width, so that functions
/// for several targets can be in one module; and marks it as one that does not unwind.
void setTargetAttributes(llvm::Function &function, const TargetSpec &target);

} // namespace lamina::codegen
