// lamina compile
#include <map>

#include "codegen/objects/aot.h"
#include "ir/module.h"
#include "support/atomic_file.h"
#include "support/error.h"
#include "support/output.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/usage/options.h"
#include "llvm/Support/raw_ostream.h"

namespace lamina::tools {

namespace {

struct CompileCommandOptions {
  ModelOptions model;
  std::string function = "both", targetCpu, emit = "obj", out;
};

const std::map<std::string, codegen::OutputKind> kObjectKinds = {
    {"obj", codegen::OutputKind::Object},
    {"asm", codegen::OutputKind::Assembly},
    {"static", codegen::OutputKind::StaticLibrary},
    {"shared", codegen::OutputKind::SharedLibrary},
};

/// The stage after the last of passes::Stage.
constexpr const char *kLlvmStage = "llvm";

std::string stageText(Session &session, const std::string &stage) {
  if (stage == kLlvmStage) {
    session.lower(passes::Stage::Memory);
    return codegen::emitLlvmText(session.module(), session.compileOptions().target);
  }
  session.lower(*passes::parseStage(stage));
  std::string text;
  llvm::raw_string_ostream stream(text);
  session.module().print(stream);
  return text;
}

void printStage(Session &session, const CompileCommandOptions &options) {
  if (!options.targetCpu.empty())
    session.compileOptions().target = codegen::targetFromName(options.targetCpu);
  std::string text = stageText(session, options.emit);
  if (options.out.empty())
    writeOutput(text);
  else
    writeFileAtomically(options.out, text);
}

/// Leaves functions that the model does not have out of "both".
bool offersTraining(Session &session, const std::string &function) {
  if (function == "predict")
    return false;
  bool trainable = session.module().lookupSymbol(ir::kOptimizer) != nullptr;
  if (!trainable && function == "train_step")
    fail("{}: the model has no {}; compile it in Keras, or give --loss and --optimizer",
         session.name(), session.importedSignature().targets.empty() ? "loss" : "optimizer");
  return trainable;
}

std::string join(const std::vector<std::string> &words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

/// Compiled functions look nothing up.
void tellLookups(const Session &session, const std::string &header) {
  const frontend::LookupPlan &plan = session.lookups();
  auto nameOf = [&](size_t value) {
    bool isInput = value < plan.inputs.size();
    const std::string &name =
        isInput ? plan.inputs[value].name : plan.calls[value - plan.inputs.size()].name;
    return fmt::format("{} '{}'", isInput ? "input" : "layer", printable(name));
  };
  for (size_t value : plan.results) {
    if (value < plan.inputs.size())
      continue;
    std::vector<std::string> operands;
    for (size_t operand : plan.calls[value - plan.inputs.size()].operands)
      operands.push_back(nameOf(operand));
    output("{} takes what {} makes of {}: look the values up before\n", header, nameOf(value),
           join(operands));
  }
}

void writeObject(Session &session, const CompileCommandOptions &options) {
  if (options.out.empty())
    fail("--emit {} writes a file; name it with -o", options.emit);
  codegen::ObjectOptions object;
  object.trainStep = offersTraining(session, options.function);
  object.predict = options.function != "train_step";
  object.targetCpu = options.targetCpu;
  object.weights = session::storedValues(session);
  object.file = session.name();
  object.passes = session.compileOptions().passes;
  codegen::CompiledObject written =
      codegen::compileObject(session.module(), object, kObjectKinds.at(options.emit), options.out);
  output("{}: {} bytes, for {}\n", options.out, written.fileBytes, join(written.targets));
  output("{}: {}_{{{}}}\n", written.headerPath, written.name, join(written.functions));
  tellLookups(session, written.headerPath);
  output("state {} bytes, workspace {} bytes, batches of up to {} rows\n", written.stateBytes,
         written.workspaceBytes, options.model.import.batchSize);
}

void compile(const CompileCommandOptions &options) {
  if (!options.targetCpu.empty())
    codegen::targetFromName(options.targetCpu); // refuses unknown ones before the work begins
  requireDistinct(options.model.inputs(), {{"--output", options.out}});
  if (!options.out.empty())
    requireWritable(options.out);
  bool isForward = options.function == "predict";
  Session session(options.model.forSession(), !isForward, isForward);
  if (kObjectKinds.contains(options.emit))
    writeObject(session, options);
  else
    printStage(session, options);
}

} // namespace

void addCompile(CLI::App &command, Action &action) {
  auto options = std::make_shared<CompileCommandOptions>();
  options->model.addModel(command);
  options->model.addBatchSize(command);
  options->model.addFreezing(command);
  options->model.addPasses(command);
  command.add_option("--function", options->function, "What to compile")
      ->check(CLI::IsMember({"train_step", "predict", "both"}))
      ->capture_default_str();
  command.add_option("--target-cpu", options->targetCpu,
                     "Processor, as LLVM names it, or host (default: code for every x86-64, "
                     "AVX2 and AVX-512, chosen when it runs)");
  command
      .add_option("--emit", options->emit,
                  "Object, assembly, library with the runtime, shared library; or the stage to "
                  "print")
      ->check(CLI::IsMember({"obj", "asm", "static", "shared", "import", "gradient", "step",
                             "simplify", "layout", "fuse", "schedule", "memory", kLlvmStage}))
      ->capture_default_str();
  options->model.addOptimizer(command);
  options->model.addLoss(command);
  addPath(command, "-o,--output", options->out,
          "File to write; its header goes beside it (stages: default standard output)");
  command.callback([&action, options] { action = [options] { compile(*options); }; });
}

} // namespace lamina::tools
