// lamina compile
#include "support/atomic_file.h"
#include "support/error.h"
#include "tools/lamina/commands.h"
#include "tools/lamina/session.h"
#include "llvm/Support/raw_ostream.h"

namespace lamina::tools {

namespace {

struct CompileCommandOptions {
  ModelOptions model;
  std::string function = "both", targetCpu = "host", emit, out;
};

void compile(const CompileCommandOptions &options) {
  Session session(options.model, options.function != "predict");
  session.compileOptions().target = codegen::targetFromName(options.targetCpu);
  if (!options.out.empty())
    requireWritable(options.out);
  session.lower(*passes::parseStage(options.emit));
  std::string text;
  llvm::raw_string_ostream stream(text);
  session.module().print(stream);
  if (options.out.empty())
    fmt::print("{}", text);
  else
    writeFileAtomically(options.out, text);
}

} // namespace

void addCompile(CLI::App &app, Action &action) {
  CLI::App &command = *app.add_subcommand("compile", "Print a stage of the compilation");
  auto options = std::make_shared<CompileCommandOptions>();
  options->model.addModel(command);
  options->model.addBatchSize(command);
  command.add_option("--function", options->function, "What to compile")
      ->check(CLI::IsMember({"train_step", "predict", "both"}))
      ->capture_default_str();
  command
      .add_option("--target-cpu", options->targetCpu, "Processor, as LLVM names it, or x86-64-v3")
      ->capture_default_str();
  command.add_option("--emit", options->emit, "The stage to print")
      ->check(CLI::IsMember(
          {"import", "gradient", "step", "simplify", "layout", "fuse", "schedule", "memory"}))
      ->required();
  options->model.addOptimizer(command);
  options->model.addLoss(command);
  command.add_option("-o,--output", options->out, "File to write (default: standard output)");
  command.callback([&action, options] { action = [options] { compile(*options); }; });
}

} // namespace lamina::tools
