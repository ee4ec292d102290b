#include "passes/pipelines.h"

#include "mlir/Pass/PassRegistry.h"
#include "passes/passes.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace lamina::passes {
namespace {

struct NamedStage {
  Stage stage;
  llvm::StringLiteral name;
};
constexpr NamedStage kStages[] = {
    {Stage::Import, "import"},     {Stage::Gradient, "gradient"}, {Stage::Step, "step"},
    {Stage::Simplify, "simplify"}, {Stage::Layout, "layout"},     {Stage::Fuse, "fuse"},
    {Stage::Schedule, "schedule"}, {Stage::Memory, "memory"},
};

void addStep(OpPassManager &manager, const PipelineOptions &options) {
  if (options.accumulate)
    manager.addPass(createAccumulate());
  manager.addPass(createStep());
  manager.addPass(createStateFunctions());
}

void addSimplify(OpPassManager &manager, const PipelineOptions &options) {
  if (options.simplify) {
    manager.addNestedPass<func::FuncOp>(createSimplify());
    manager.addPass(createPruneState());
  }
  if (options.contract)
    manager.addNestedPass<func::FuncOp>(createContract());
}

void addLayout(OpPassManager &manager, const PipelineOptions &options) {
  if (options.winograd)
    manager.addNestedPass<func::FuncOp>(createWinograd({options.lanes}));
  if (options.layout)
    manager.addPass(createLayout());
}

void addMemory(OpPassManager &manager, const PipelineOptions &options) {
  manager.addPass(createPlanMemory());
  if (options.verifyMemory)
    manager.addPass(createVerifyMemoryPlan());
}

void addStage(OpPassManager &manager, Stage stage, const PipelineOptions &options) {
  switch (stage) {
  case Stage::Import:
    return;
  case Stage::Gradient:
    if (options.attention)
      manager.addNestedPass<func::FuncOp>(createAttention());
    return manager.addPass(createGradient());
  case Stage::Step:
    return addStep(manager, options);
  case Stage::Simplify:
    return addSimplify(manager, options);
  case Stage::Layout:
    return addLayout(manager, options);
  case Stage::Fuse:
    if (options.fuse)
      manager.addNestedPass<func::FuncOp>(createSplitReductions());
    return manager.addNestedPass<func::FuncOp>(createFuse({options.fuse}));
  case Stage::Schedule:
    // Waves first: they add kernels that copy, and those need schedules too.
    manager.addNestedPass<func::FuncOp>(createAssignWaves());
    if (options.memoryLimit)
      manager.addNestedPass<func::FuncOp>(createRecompute({options.memoryLimit, options.lanes}));
    return manager.addNestedPass<func::FuncOp>(createSchedule({options.lanes, options.registers}));
  case Stage::Memory:
    return addMemory(manager, options);
  }
}

} // namespace

void buildPipeline(OpPassManager &manager, Stage upTo, const PipelineOptions &options) {
  for (const NamedStage &entry : kStages)
    if (entry.stage <= upTo)
      addStage(manager, entry.stage, options);
}

std::optional<Stage> parseStage(llvm::StringRef name) {
  const NamedStage *found =
      llvm::find_if(kStages, [&](const NamedStage &entry) { return entry.name == name; });
  return found == std::end(kStages) ? std::nullopt : std::optional(found->stage);
}

void registerPasses() {
  registerLaminaPasses();
  for (const NamedStage &entry : kStages)
    if (Stage stage = entry.stage; stage != Stage::Import)
      PassPipelineRegistration<>(
          "pipeline-" + entry.name.str(), "All stages up to " + entry.name.str(),
          [stage](OpPassManager &manager) { buildPipeline(manager, stage); });
}

} // namespace lamina::passes
