#pragma once

#include <memory>

#include "ir/dialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

/// The passes over Lamina's IR: `createGradient()`, … make one. `passes.td` says what each does.
namespace lamina::passes {

#define GEN_PASS_DECL
#include "passes/passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/passes.h.inc"

/// Makes the passes and the stages' pipelines (pipelines.h) known by name.
void registerPasses();

} // namespace lamina::passes
