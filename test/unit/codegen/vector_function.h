#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

#include "codegen/jit/jit_compiler.h"
#include "codegen/math/vector_math.h"
#include "runtime/float_mode.h"

namespace lamina::codegen {

/// Emits y = f(x) or, for functions of two arguments, y = f(x, x2).
using VectorEmitter = std::function<llvm::Value *(llvm::IRBuilderBase &, const MathContext &,
                                                  llvm::Value *x, llvm::Value *x2)>;

/// Levels this processor runs, the narrowest without FMA and rounding instructions.
std::vector<TargetSpec> testedTargets();

/// Adds to the module `void name(ptr x, ptr x2, ptr y, i64 count)`, a loop over `count` vectors as
/// wide as the target's registers (`lanes` elements if given).
void addLoop(llvm::Module &module, const TargetSpec &target, const std::string &name, bool isDouble,
             const VectorEmitter &emit, unsigned lanes = 0);

/// The loop compiled into this process.
template <typename T> class VectorFunction {
public:
  VectorFunction(const TargetSpec &target, const VectorEmitter &emit)
      : lanes_(target.vectorLanes(sizeof(T))) {
    auto module = ModuleWithContext::create("f", target);
    addLoop(*module->module, target, "f", sizeof(T) == 8, emit);
    jit_ = llvm::cantFail(JitCompiler::create(target, 1));
    std::vector<std::unique_ptr<ModuleWithContext>> modules;
    modules.push_back(std::move(module));
    llvm::cantFail(jit_->add(std::move(modules)));
    function_ = llvm::cantFail(jit_->lookupFunction<Loop>("f"));
  }

  /// `count` is a multiple of 16. Denormals are flushed to zero, as in compiled models.
  void operator()(const T *x, const T *x2, T *y, size_t count) const {
    uint32_t mode = lamina_float_mode_enter();
    function_(x, x2, y, count / lanes_);
    lamina_float_mode_leave(mode);
  }
  T operator()(T x, T x2 = 0) const {
    alignas(64) T xs[16], x2s[16], ys[16];
    std::fill_n(xs, 16, x);
    std::fill_n(x2s, 16, x2);
    (*this)(xs, x2s, ys, 16);
    return ys[15];
  }

private:
  using Loop = void(const T *, const T *, T *, int64_t);
  std::unique_ptr<JitCompiler> jit_;
  Loop *function_;
  unsigned lanes_;
};

} // namespace lamina::codegen
