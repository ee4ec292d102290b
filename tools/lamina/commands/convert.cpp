// lamina convert
#include "support/error.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/model_output.h"
#include "tools/lamina/usage/options.h"

namespace lamina::tools {

namespace {

using frontend::KerasFile;
using frontend::ModelFormat;

struct ConvertOptions {
  ModelOptions model;
  std::string out;
  uint64_t seed = 0;
};

/// Whether the model has to be understood: legacy files have weights in the order of the model's
/// variables, those of Keras 2 no learning rate among them, weights of another file have to fit,
/// and initial weights have to be computed.
bool needsModule(const KerasFile &file, const ConvertOptions &options, ModelFormat format) {
  if (format == ModelFormat::ConfigJson)
    return false;
  return format == ModelFormat::LegacyH5 || file.legacyWeights || file.isOlder ||
         !file.hasWeights || !options.model.weights.empty();
}

void convertWithModule(KerasFile file, const ConvertOptions &options) {
  bool hasWeights = file.hasWeights;
  Session session(std::move(file), options.model.forSession(), true, /*forwardOnly=*/true);
  if (!hasWeights)
    session.compile(options.seed);
  writeModel(options.out, session.file(), session.module(),
             hasWeights ? session.file().weights : session.weights());
}

void convert(const ConvertOptions &options) {
  ModelFormat format = requireModelFormat(options.out);
  requireDistinct(options.model.inputs(), {{"OUT", options.out}});
  requireWritable(options.out);
  KerasFile file = session::readModel(options.model.forSession());
  if (needsModule(file, options, format))
    convertWithModule(std::move(file), options);
  else
    writeModel(options.out, file, nullptr, file.weights);
}

} // namespace

void addConvert(CLI::App &command, Action &action) {
  auto options = std::make_shared<ConvertOptions>();
  options->model.addModel(command);
  addPath(command, "OUT", options->out, "A .keras, .lamina, .h5, .weights.h5 or .json file")
      ->required();
  command
      .add_option("--seed", options->seed,
                  "Seed of initial weights, where the model has no weights")
      ->capture_default_str();
  command.callback([&action, options] { action = [options] { convert(*options); }; });
}

} // namespace lamina::tools
