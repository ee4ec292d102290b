#include "codegen/objects/aot_entries.h"

#include <algorithm>
#include <optional>

#include "codegen/emit/loops.h"
#include "codegen/functions/call_checks.h"
#include "codegen/functions/environment_reader.h"
#include "codegen/target/cpu_dispatch.h"
#include "ir/module.h"
#include "passes/memory/plan.h"
#include "runtime/lamina_runtime.h"
#include "llvm/IR/IRBuilder.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

using llvm::Value;

/// Emits one C function.
class EntryEmitter {
public:
  EntryEmitter(ObjectModule &object, const CInterface &interface)
      : object(object), interface(interface), b(object.module.getContext()) {}

  void emitInit();
  void emitResetStates();
  Value *beginTransfer(llvm::StringRef name);
  void emitLoad();
  void emitSave();
  void emitCall(const CFunction &function);
  void emitStatusText();

private:
  /// The values that a call passes on, by role.
  using Bundle = std::map<ir::PortRole, std::vector<Value *>>;

  llvm::Function *begin(const std::string &name, llvm::Type *result,
                        llvm::ArrayRef<llvm::Type *> parameters);
  void requireCpu();
  void requireAbi(Value *env);
  void requireLabels(const CTensor &target, Value *labels, Value *rows);
  Value *callInner(llvm::StringRef name, Value *env, Value *state, Value *workspace, Value *rows,
                   Value *scratch, const Bundle &bundle);
  Value *allocate(llvm::Type *type, uint32_t count);
  Value *pointerArray(const std::vector<ir::Port> &ports, const Bundle &bundle);
  Value *callStateFunction(llvm::StringRef name, Value *state, const Bundle &bundle);
  Bundle dataBundle(Value *data);
  int64_t mostOfStateFunctions(int64_t InnerFunction::*bytes) const;
  int64_t arenaOfStateFunctions() const;
  llvm::GlobalVariable *ownWorkspace();
  llvm::GlobalVariable *workspaceLock();

  ObjectModule &object;
  const CInterface &interface;
  llvm::IRBuilder<> b;
  llvm::Function *function = nullptr;
};

llvm::Function *EntryEmitter::begin(const std::string &name, llvm::Type *result,
                                    llvm::ArrayRef<llvm::Type *> parameters) {
  function = llvm::Function::Create(llvm::FunctionType::get(result, parameters, false),
                                    llvm::Function::ExternalLinkage, interface.name + "_" + name,
                                    object.module);
  function->setDoesNotThrow();
  b.SetInsertPoint(llvm::BasicBlock::Create(b.getContext(), "entry", function));
  return function;
}

void EntryEmitter::requireCpu() {
  if (object.lowestLevel == 1)
    return;
  Value *level = b.CreateCall(emitCpuLevel(object.module));
  emitReturnUnless(b, b.CreateICmpUGE(level, b.getInt32(object.lowestLevel)), LAMINA_ERROR_CPU);
}

/// A null environment is one that fits.
void EntryEmitter::requireAbi(Value *env) {
  auto *given = llvm::BasicBlock::Create(b.getContext(), "given", function);
  auto *none = llvm::BasicBlock::Create(b.getContext(), "none", function);
  b.CreateCondBr(b.CreateIsNull(env), none, given);
  b.SetInsertPoint(given);
  emitReturnUnless(b, emitTakesVersion(b, env), LAMINA_ERROR_ABI);
  b.CreateBr(none);
  b.SetInsertPoint(none);
}

/// All labels are looked at, so that the loop has no second way out.
void EntryEmitter::requireLabels(const CTensor &target, Value *labels, Value *rows) {
  ElementType element = target.spec.type;
  if (target.spec.bound <= 0 || element == ElementType::F32 || element == ElementType::F64)
    return;
  bool isSigned = element != ElementType::U8 && element != ElementType::I1;
  llvm::Type *type = b.getIntNTy(8 * byteWidth(element));
  Value *count = b.getInt64(target.rowElements);
  if (target.hasRows)
    count = b.CreateMul(count, b.CreateZExt(rows, b.getInt64Ty()));
  Values wrong = emitLoop(
      b, b.getInt64(0), count, 1, {b.getFalse()},
      [&](Value *index, const Values &before) -> Values {
        Value *label = b.CreateAlignedLoad(type, b.CreateInBoundsGEP(type, labels, index),
                                           llvm::Align(byteWidth(element)));
        // A negative label is a very large one without its sign.
        label = b.CreateIntCast(label, b.getInt64Ty(), isSigned);
        return {b.CreateOr(before[0], b.CreateICmpUGE(label, b.getInt64(target.spec.bound)))};
      });
  emitReturnUnless(b, b.CreateNot(wrong[0]), LAMINA_ERROR_LABEL);
}

/// Memory of the C function's frame.
Value *EntryEmitter::allocate(llvm::Type *type, uint32_t count) {
  llvm::BasicBlock &entry = function->getEntryBlock();
  llvm::IRBuilder<> start(&entry, entry.begin());
  return start.CreateAlloca(type, start.getInt32(count));
}

Value *EntryEmitter::pointerArray(const std::vector<ir::Port> &ports, const Bundle &bundle) {
  if (ports.empty())
    return llvm::ConstantPointerNull::get(b.getPtrTy());
  Value *array = allocate(b.getPtrTy(), ports.size());
  for (size_t i = 0; i < ports.size(); ++i)
    b.CreateStore(bundle.at(ports[i].role).at(ports[i].index),
                  b.CreateConstInBoundsGEP1_64(b.getPtrTy(), array, i));
  return array;
}

Value *EntryEmitter::callInner(llvm::StringRef name, Value *env, Value *state, Value *workspace,
                               Value *rows, Value *scratch, const Bundle &bundle) {
  const InnerFunction &inner = object.functions.at(name.str());
  return b.CreateCall(inner.entry,
                      {env, state, workspace, rows, pointerArray(inner.arguments, bundle),
                       pointerArray(inner.results, bundle), scratch});
}

/// Functions that make or move variables have no workspace in C. Few need one; those that do share
/// memory of the object, one at a time.
Value *EntryEmitter::callStateFunction(llvm::StringRef name, Value *state, const Bundle &bundle) {
  Value *none = llvm::ConstantPointerNull::get(b.getPtrTy());
  const InnerFunction &inner = object.functions.at(name.str());
  if (inner.arenaBytes + inner.scratchBytes == 0)
    return callInner(name, none, state, none, b.getInt32(1), none, bundle);
  auto *wait = llvm::BasicBlock::Create(b.getContext(), "wait", function);
  auto *locked = llvm::BasicBlock::Create(b.getContext(), "locked", function);
  b.CreateBr(wait);
  b.SetInsertPoint(wait);
  Value *before = b.CreateAtomicRMW(llvm::AtomicRMWInst::Xchg, workspaceLock(), b.getInt32(1),
                                    llvm::Align(4), llvm::AtomicOrdering::Acquire);
  b.CreateCondBr(b.CreateICmpEQ(before, b.getInt32(0)), locked, wait);
  b.SetInsertPoint(locked);
  Value *memory = ownWorkspace();
  Value *scratch = b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), memory, arenaOfStateFunctions());
  Value *status = callInner(name, none, state, memory, b.getInt32(1), scratch, bundle);
  b.CreateAlignedStore(b.getInt32(0), workspaceLock(), llvm::Align(4))
      ->setAtomic(llvm::AtomicOrdering::Release);
  return status;
}

int64_t EntryEmitter::mostOfStateFunctions(int64_t InnerFunction::*bytes) const {
  int64_t most = 0;
  for (llvm::StringRef name : kStateFunctions)
    if (auto found = object.functions.find(name.str()); found != object.functions.end())
      most = std::max(most, found->second.*bytes);
  return most;
}

int64_t EntryEmitter::arenaOfStateFunctions() const {
  return llvm::alignTo(mostOfStateFunctions(&InnerFunction::arenaBytes) + passes::kBufferSlack,
                       passes::kBufferAlignment);
}

llvm::GlobalVariable *EntryEmitter::ownWorkspace() {
  if (auto *memory = object.module.getNamedGlobal("lamina.workspace"))
    return memory;
  int64_t bytes = arenaOfStateFunctions() + mostOfStateFunctions(&InnerFunction::scratchBytes) +
                  passes::kBufferSlack;
  auto *type = llvm::ArrayType::get(b.getInt8Ty(), bytes);
  auto *memory = new llvm::GlobalVariable(
      object.module, type, /*isConstant=*/false, llvm::GlobalValue::InternalLinkage,
      llvm::ConstantAggregateZero::get(type), "lamina.workspace");
  memory->setAlignment(llvm::Align(passes::kBufferAlignment));
  return memory;
}

llvm::GlobalVariable *EntryEmitter::workspaceLock() {
  if (auto *lock = object.module.getNamedGlobal("lamina.workspace.lock"))
    return lock;
  return new llvm::GlobalVariable(object.module, b.getInt32Ty(), /*isConstant=*/false,
                                  llvm::GlobalValue::InternalLinkage, b.getInt32(0),
                                  "lamina.workspace.lock");
}

EntryEmitter::Bundle EntryEmitter::dataBundle(Value *data) {
  Bundle bundle;
  for (const CVariable &variable : interface.variables)
    bundle[ir::PortRole::Load].push_back(
        b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), data, variable.offset));
  bundle[ir::PortRole::Save] = bundle[ir::PortRole::Load];
  return bundle;
}

void EntryEmitter::emitInit() {
  begin("init", b.getInt32Ty(), {b.getPtrTy(), b.getInt64Ty()});
  Value *state = function->getArg(0);
  requireCpu();
  emitRequireNotNull(b, state);
  emitRequireAligned(b, state);
  // Padding of packed variables is zero.
  b.CreateMemSet(state, b.getInt8(0), interface.stateBytes, llvm::Align(passes::kBufferAlignment));
  Value *seed = allocate(b.getInt64Ty(), 1);
  b.CreateStore(function->getArg(1), seed);
  Bundle bundle;
  bundle[ir::PortRole::Seed] = {seed};
  Value *status = b.getInt32(LAMINA_OK);
  if (object.functions.contains(ir::kInit.str()))
    status = callStateFunction(ir::kInit, state, bundle);
  if (object.functions.contains(kLoadWeights.str())) {
    bundle[ir::PortRole::Load].assign(object.weights.begin(), object.weights.end());
    status = callStateFunction(kLoadWeights, state, bundle);
  }
  b.CreateRet(status);
}

void EntryEmitter::emitResetStates() {
  begin("reset_states", b.getInt32Ty(), {b.getPtrTy()});
  Value *state = function->getArg(0);
  requireCpu();
  emitRequireNotNull(b, state);
  emitRequireAligned(b, state);
  b.CreateRet(callStateFunction(ir::kResetStates, state, {}));
}

/// Begins NAME_load or NAME_save and moves all variables between the state and the caller's data.
Value *EntryEmitter::beginTransfer(llvm::StringRef name) {
  begin(name.str(), b.getInt32Ty(), {b.getPtrTy(), b.getPtrTy()});
  Value *state = function->getArg(0), *data = function->getArg(1);
  requireCpu();
  emitRequireNotNull(b, state);
  emitRequireNotNull(b, data);
  emitRequireAligned(b, state);
  if (!object.functions.contains(name.str()))
    return b.getInt32(LAMINA_OK);
  return callStateFunction(name, state, dataBundle(data));
}

void EntryEmitter::emitLoad() {
  b.CreateRet(beginTransfer(ir::kLoad));
}

void EntryEmitter::emitSave() {
  Value *status = beginTransfer(ir::kSave), *data = function->getArg(1);
  // Equal states give equal bytes: what lies between the variables is zero.
  for (const CVariable &variable : interface.variables) {
    size_t end = variable.offset + variable.spec.byteSize();
    size_t next = (end + kDataAlignment - 1) / kDataAlignment * kDataAlignment;
    if (next > end)
      b.CreateMemSet(b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), data, end), b.getInt8(0),
                     next - end, llvm::MaybeAlign());
  }
  b.CreateRet(status);
}

/// NAME_train_step, NAME_evaluate and NAME_predict.
void EntryEmitter::emitCall(const CFunction &call) {
  size_t tensors = call.inputs.size() + call.targets.size() + call.outputs.size();
  bool hasLogs = !call.logs.empty();
  std::vector<llvm::Type *> types(3, b.getPtrTy());
  types.push_back(b.getInt32Ty());
  types.insert(types.end(), tensors + hasLogs, b.getPtrTy());
  begin(call.function, b.getInt32Ty(), types);
  Value *env = function->getArg(0), *state = function->getArg(1), *workspace = function->getArg(2),
        *rows = function->getArg(3);
  unsigned next = 4;
  Bundle bundle;
  for (size_t i = 0; i < call.inputs.size(); ++i)
    bundle[ir::PortRole::Input].push_back(function->getArg(next++));
  for (size_t i = 0; i < call.targets.size(); ++i)
    bundle[ir::PortRole::Target].push_back(function->getArg(next++));
  for (size_t i = 0; i < call.outputs.size(); ++i)
    bundle[ir::PortRole::Output].push_back(function->getArg(next++));

  requireCpu();
  requireAbi(env);
  emitRequireNotNull(b, state);
  emitRequireNotNull(b, workspace);
  for (unsigned i = 4; i < function->arg_size(); ++i)
    emitRequireNotNull(b, function->getArg(i));
  emitRequireAligned(b, state);
  emitRequireAligned(b, workspace);
  emitRequireRows(b, rows, interface.batchSize);
  for (size_t i = 0; i < call.targets.size(); ++i)
    requireLabels(call.targets[i], bundle[ir::PortRole::Target][i], rows);
  for (size_t i = 0; i < call.logs.size(); ++i)
    bundle[ir::PortRole::Log].push_back(
        b.CreateConstInBoundsGEP1_64(b.getFloatTy(), function->getArg(next), i));
  Value *scratch = b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), workspace, interface.arenaBytes);
  b.CreateRet(callInner(call.function, env, state, workspace, rows, scratch, bundle));
}

void EntryEmitter::emitStatusText() {
  begin("status_text", b.getPtrTy(), {b.getInt32Ty()});
  Value *text = b.CreateGlobalString(lamina_status_text(-1), "lamina.status");
  for (int status = LAMINA_OK; status <= LAMINA_ERROR_SCRATCH; ++status) {
    Value *known = b.CreateGlobalString(lamina_status_text(status), "lamina.status");
    Value *same = b.CreateICmpEQ(function->getArg(0), b.getInt32(status));
    text = b.CreateSelect(same, known, text);
  }
  b.CreateRet(text);
}

} // namespace

void emitCFunctions(ObjectModule &object, const CInterface &interface) {
  EntryEmitter emitter(object, interface);
  emitter.emitInit();
  emitter.emitLoad();
  emitter.emitSave();
  if (interface.hasStates)
    emitter.emitResetStates();
  for (const CFunction &function : interface.functions)
    emitter.emitCall(function);
  emitter.emitStatusText();
}

} // namespace lamina::codegen
