#include "tools/lamina/model_output.h"

#include "frontend/files/models/legacy_config.h"
#include "frontend/keras/weights/legacy_weights.h"
#include "support/error.h"
#include "support/output.h"

namespace lamina::tools {

using frontend::ModelFormat;

ModelFormat requireModelFormat(const std::string &path) {
  std::optional<ModelFormat> format = frontend::modelFormatOf(path);
  if (!format)
    fail("cannot write {}: the name must end in .keras, .lamina, .h5, .weights.h5 or .json",
         printable(path, 4096));
  return *format;
}

namespace {

/// Keras' own formats cannot hold what only Lamina reads.
void requireReadable(const std::string &path, const frontend::KerasFile &file,
                     const std::optional<nlohmann::json> &compileConfig) {
  const auto &settings = compileConfig ? compileConfig : file.compileConfig;
  if (frontend::holdsTracedPrograms(file.config.value("config", nlohmann::json())) ||
      (settings && frontend::holdsTracedPrograms(*settings)))
    fail("cannot write {}: the model holds traced code of layers, losses or metrics that are not "
         "Keras' own, which Keras cannot read; choose a name that ends in .lamina, or .weights.h5 "
         "for the weights alone",
         printable(path, 4096));
}

void writeFormat(const std::string &path, const frontend::KerasFile &file, mlir::ModuleOp module,
                 const std::map<std::string, frontend::Array> &weights,
                 const std::optional<nlohmann::json> &compileConfig) {
  ModelFormat format = requireModelFormat(path);
  if (format != ModelFormat::Lamina && format != ModelFormat::Weights)
    requireReadable(path, file, compileConfig);
  switch (format) {
  case ModelFormat::Keras:
  case ModelFormat::Lamina:
    return frontend::writeKerasFile(path, file, weights, compileConfig);
  case ModelFormat::LegacyH5:
    return frontend::writeLegacyFile(
        path, file, frontend::arrangeLegacyWeights(module, file, weights), compileConfig);
  case ModelFormat::Weights:
    return frontend::writeWeightsFile(path, file, weights);
  case ModelFormat::ConfigJson:
    return frontend::writeConfigFile(path, file, compileConfig);
  }
}

} // namespace

void writeModel(const std::string &path, const frontend::KerasFile &file, mlir::ModuleOp module,
                const std::map<std::string, frontend::Array> &weights,
                const std::optional<nlohmann::json> &compileConfig) {
  writeFormat(path, file, module, weights, compileConfig);
  const auto &written = compileConfig ? compileConfig : file.compileConfig;
  if (requireModelFormat(path) == ModelFormat::Weights)
    return;
  for (const std::string &change :
       frontend::changesOfWriting(file.config["config"], written.value_or(nullptr)))
    note("note: {}: {}\n", printable(path, 4096), change);
}

} // namespace lamina::tools
