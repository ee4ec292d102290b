#include "codegen/objects/aot.h"

#include <filesystem>

#include "codegen/functions/function_emitter.h"
#include "codegen/objects/aot_archive.h"
#include "codegen/objects/aot_entries.h"
#include "codegen/objects/c_header.h"
#include "codegen/objects/c_names.h"
#include "codegen/target/cpu_dispatch.h"
#include "ir/logs.h"
#include "ir/module.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/memory/plan.h"
#include "support/atomic_file.h"
#include "support/error.h"
#include "llvm/ADT/BitVector.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

namespace fs = std::filesystem;

/// The processors to compile for.
std::vector<TargetSpec> chooseVariants(const std::string &cpu) {
  if (cpu.empty())
    return {targetFromName("x86-64"), targetFromName("x86-64-v3"), targetFromName("x86-64-v4")};
  // The object can ask the processor for its level only, so it must not use more than that.
  TargetSpec named = targetFromName(cpu);
  std::string level = named.level == 1 ? "x86-64" : fmt::format("x86-64-v{}", named.level);
  TargetSpec target = targetFromName(level);
  target.tune = named.cpu;
  return {target};
}

/// Adds kLoadWeights for the variables that start with values of the file, in the module's order,
/// and returns their names.
std::vector<std::string> addLoadWeights(ModuleOp module, const ObjectOptions &options) {
  llvm::SmallVector<ir::VariableOp> variables;
  std::vector<std::string> names;
  for (ir::VariableOp variable : module.getOps<ir::VariableOp>())
    if (options.weights.contains(variable.getSymName().str())) {
      variables.push_back(variable);
      names.push_back(variable.getSymName().str());
    }
  if (variables.empty())
    return names;
  auto types = llvm::map_to_vector(
      variables, [](ir::VariableOp variable) -> Type { return variable.getTensorType(); });
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto function = builder.create<func::FuncOp>(module.getLoc(), kLoadWeights,
                                               builder.getFunctionType(types, types));
  for (auto [index, variable] : llvm::enumerate(variables)) {
    auto symbol = FlatSymbolRefAttr::get(variable.getSymNameAttr());
    function.setArgAttr(index, ir::kLoadAttr, symbol);
    function.setResultAttr(index, ir::kVariableAttr, symbol);
  }
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  builder.create<func::ReturnOp>(module.getLoc(), body->getArguments());
  return names;
}

/// Takes the sums for logs over several batches out of the functions: a C function tells about its
/// own batch alone.
void dropSums(ModuleOp module) {
  if (auto results = module.lookupSymbol<func::FuncOp>(ir::kResults))
    results.erase();
  for (auto function : module.getOps<func::FuncOp>()) {
    llvm::BitVector sums(function.getNumResults());
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (function.getResultAttr(i, ir::kSumAttr))
        sums.set(i);
    if (sums.none())
      continue;
    function.getBody().front().getTerminator()->eraseOperands(sums);
    function.eraseResults(sums);
  }
}

/// The variables' places in the state, which must not differ from processor to processor.
std::string describeLayout(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  // Printing an operation itself would verify and number the whole module every time.
  for (ir::VariableOp variable : module.getOps<ir::VariableOp>())
    stream << variable->getAttrDictionary() << "\n";
  return text;
}

int64_t arenaBytesOf(func::FuncOp function) {
  auto bytes = function->getAttrOfType<IntegerAttr>(passes::kArenaBytesAttr);
  return bytes ? bytes.getInt() : 0;
}

/// Collects the code of all variants in one module.
class ObjectBuilder {
public:
  ObjectBuilder(ModuleOp imported, const ObjectOptions &options, const std::string &name);

  /// Compiles everything up to native code; `module` is then complete.
  void build();

  CInterface interface;
  std::vector<TargetSpec> variants;
  std::unique_ptr<ModuleWithContext> owner;

private:
  OwningOpRef<ModuleOp> lowered(const TargetSpec &target);
  void takeSignature(ModuleOp module);
  void emitVariant(ModuleOp module, const TargetSpec &target);
  void addDispatchers();
  void addWeights();
  void hideInternals();
  std::vector<std::string> wantedFunctions(ModuleOp module) const;

  struct Inner {
    InnerFunction function;
    bool changesState = false;
    std::vector<FunctionVariant> variants;
  };

  const ObjectOptions &options;
  std::string name;
  OwningOpRef<ModuleOp> source;
  std::vector<std::string> weightNames;
  std::string layout; ///< of the first variant
  Signature signature;
  std::map<std::string, Inner> inner;
  std::vector<llvm::GlobalVariable *> weights;
};

ObjectBuilder::ObjectBuilder(ModuleOp imported, const ObjectOptions &options,
                             const std::string &name)
    : variants(chooseVariants(options.targetCpu)),
      owner(ModuleWithContext::create(name, variants.front())), options(options), name(name),
      source(imported.clone()), weightNames(addLoadWeights(*source, options)) {
  dropSums(*source);
}

OwningOpRef<ModuleOp> ObjectBuilder::lowered(const TargetSpec &target) {
  OwningOpRef<ModuleOp> module = source->clone();
  CompileOptions compile;
  compile.target = target;
  compile.passes = options.passes;
  try {
    lower(*module, passes::Stage::Memory, compile);
  } catch (const UserError &error) {
    fail("{}: {}", options.file, error.what());
  }
  return module;
}

/// The functions of the C interface that are called with rows.
std::vector<std::string> ObjectBuilder::wantedFunctions(ModuleOp module) const {
  std::vector<std::string> names;
  auto add = [&](llvm::StringRef function, bool wanted) {
    if (wanted && module.lookupSymbol<func::FuncOp>(function))
      names.push_back(function.str());
  };
  add(ir::kTrainStep, options.trainStep);
  add(ir::kEvaluate, options.trainStep);
  add(ir::kPredict, options.predict);
  return names;
}

/// One state for all variants, and a workspace large enough for each.
void ObjectBuilder::takeSignature(ModuleOp module) {
  Signature own = makeSignature(module);
  std::string ownLayout = describeLayout(module);
  if (layout.empty() && signature.variables.empty()) {
    signature = own;
    layout = ownLayout;
  }
  if (layout != ownLayout || signature.stateBytes != own.stateBytes)
    fail("the state would differ from one processor to another");
  signature.workspaceBytes = std::max(signature.workspaceBytes, own.workspaceBytes);
}

void ObjectBuilder::emitVariant(ModuleOp module, const TargetSpec &target) {
  std::vector<std::string> names = wantedFunctions(module);
  for (llvm::StringRef own : kStateFunctions)
    if (module.lookupSymbol<func::FuncOp>(own))
      names.push_back(own.str());
  KernelLibrary library(target);
  for (const std::string &function : names) {
    auto scheduled = module.lookupSymbol<func::FuncOp>(function);
    FunctionEmitter emitter(scheduled, fmt::format("{}.v{}.{}", name, target.level, function),
                            library);
    Inner &entry = inner[function];
    entry.variants.push_back({target.level, emitter.emitAll(*owner->module)});
    ir::FunctionSignature ports = signatureOf(scheduled);
    entry.function.arguments = ports.externalArguments();
    entry.function.results = ports.externalResults();
    entry.changesState = !ir::portsOf(ports.results, ir::PortRole::Variable).empty();
    entry.function.arenaBytes = std::max(entry.function.arenaBytes, arenaBytesOf(scheduled));
    entry.function.scratchBytes = std::max(entry.function.scratchBytes, emitter.scratchBytes());
  }
}

void ObjectBuilder::addDispatchers() {
  for (auto &[function, entry] : inner)
    entry.function.entry = emitDispatcher(*owner->module, name + "." + function,
                                          std::move(entry.variants), LAMINA_ERROR_CPU);
}

void ObjectBuilder::addWeights() {
  for (const std::string &variable : weightNames) {
    const std::vector<std::byte> &bytes = options.weights.at(variable);
    llvm::StringRef text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    llvm::Constant *data =
        llvm::ConstantDataArray::getString(*owner->context, text, /*AddNull=*/false);
    auto *global =
        new llvm::GlobalVariable(*owner->module, data->getType(), /*isConstant=*/true,
                                 llvm::GlobalValue::PrivateLinkage, data, name + ".weights");
    global->setAlignment(llvm::Align(kDataAlignment));
    weights.push_back(global);
  }
}

/// Only the C functions call the functions that are defined so far.
void ObjectBuilder::hideInternals() {
  for (llvm::Function &function : *owner->module)
    if (!function.isDeclaration())
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
}

void ObjectBuilder::build() {
  for (const TargetSpec &target : variants) {
    OwningOpRef<ModuleOp> module = lowered(target);
    takeSignature(*module);
    emitVariant(*module, target);
    if (&target == &variants.front())
      interface = makeCInterface(signature, name, wantedFunctions(*module));
  }
  interface.arenaBytes = std::max(interface.arenaBytes, signature.workspaceBytes);
  for (CFunction &function : interface.functions) {
    const Inner &entry = inner.at(function.function);
    interface.scratchBytes = std::max<size_t>(interface.scratchBytes, entry.function.scratchBytes);
    function.changesState = entry.changesState;
  }
  interface.hasWeights = !weightNames.empty();
  interface.hasStates = inner.contains(ir::kResetStates.str());
  auto model = (*source)->getAttrOfType<StringAttr>(ir::kModelAttr);
  interface.model = model ? model.str() : name;
  addDispatchers();
  addWeights();
  hideInternals();
  ObjectModule object{*owner->module, {}, variants.front().level, weights};
  for (auto &[function, entry] : inner)
    object.functions[function] = entry.function;
  emitCFunctions(object, interface);
}

void check(llvm::Error error) {
  if (error)
    throw UserError(llvm::toString(std::move(error)));
}

void writeStaticLibrary(llvm::Module &module, const TargetSpec &target, const std::string &path) {
  std::string member = fs::path(path).stem().string() + ".o";
  auto object = emitBytes(module, target, OutputKind::Object, member);
  check(object.takeError());
  auto archive = archiveWithRuntime(*object, member);
  check(archive.takeError());
  writeFileAtomically(path, std::string_view(archive->data(), archive->size()));
}

/// The path of the header that goes with a file.
std::string headerPathOf(const std::string &path) {
  fs::path header(path);
  if (header.filename().empty() || header.filename() == "." || header.filename() == "..")
    fail("cannot write {}: not the name of a file", path);
  if (header.extension() == ".h")
    fail("cannot write {}: the header that goes with it would have the same name; choose another "
         "extension, such as .o",
         path);
  return header.replace_extension(".h").string();
}

} // namespace

CompiledObject compileObject(ModuleOp imported, const ObjectOptions &options, OutputKind kind,
                             const std::string &path) {
  CompiledObject result;
  result.headerPath = headerPathOf(path);
  result.name = cIdentifier(fs::path(path).stem().string(), "model");
  ObjectBuilder builder(imported, options, result.name);
  builder.build();

  // The header is written first but seen last: a failure leaves both files as they were.
  AtomicFile header(result.headerPath);
  header.write(makeCHeader(builder.interface));
  const TargetSpec &target = builder.variants.front();
  if (kind == OutputKind::StaticLibrary)
    writeStaticLibrary(*builder.owner->module, target, path);
  else
    check(emitFile(*builder.owner->module, target, kind, path));
  header.commit();

  result.functions = {"init", "load", "save", "status_text"};
  if (builder.interface.hasStates)
    result.functions.insert(result.functions.begin() + 1, ir::kResetStates.str());
  for (const CFunction &function : builder.interface.functions)
    result.functions.push_back(function.function);
  for (const TargetSpec &variant : builder.variants)
    result.targets.push_back(variant.cpu);
  result.fileBytes = fs::file_size(path);
  result.stateBytes = builder.interface.stateBytes;
  result.workspaceBytes = builder.interface.workspaceBytes();
  result.scratchBytes = builder.interface.scratchBytes;
  return result;
}

} // namespace lamina::codegen
