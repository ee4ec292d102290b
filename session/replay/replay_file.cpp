#include "session/replay/replay_file.h"

#include "frontend/files/arrays/npy.h"
#include "frontend/files/bytes.h"
#include "frontend/files/json.h"
#include "session/session.h"
#include "support/error.h"

namespace lamina::session {

namespace {

using frontend::Array;
using frontend::KerasFile;
using nlohmann::json;

constexpr int kFormatVersion = 1;

std::string memberName(size_t variable) {
  return fmt::format("variables/{}", variable);
}

json describeModel(const KerasFile &file) {
  return {{"config", file.configText},
          {"older", file.isOlder},
          {"compile", file.compileConfig.value_or(nullptr)},
          {"frozen", file.frozen}};
}

KerasFile modelFrom(const std::string &path, const json &content) {
  KerasFile file;
  file.path = path;
  file.configText = content.at("config").get<std::string>();
  file.config = frontend::parseJson(path + ": config", file.configText);
  file.isOlder = content.at("older").get<bool>();
  if (const json &compile = content.at("compile"); !compile.is_null())
    file.compileConfig = compile;
  file.frozen = content.at("frozen").get<std::set<std::string>>();
  return file;
}

json describeOptions(const Options &options) {
  const frontend::ImportOptions &import = options.import;
  return {{"batch_size", import.batchSize},
          {"optimizer", import.optimizer},
          {"learning_rate", import.learningRate ? json(*import.learningRate) : json()},
          {"loss", import.loss},
          {"metrics", import.metrics},
          {"sample_weights", import.sampleWeights},
          {"input_shapes", import.inputShapes},
          {"winograd", options.compile.passes.winograd},
          {"attention", options.compile.passes.attention}};
}

Options optionsFrom(const json &content) {
  Options options;
  frontend::ImportOptions &import = options.import;
  import.batchSize = content.at("batch_size").get<int64_t>();
  import.optimizer = content.at("optimizer").get<std::string>();
  if (const json &rate = content.at("learning_rate"); !rate.is_null())
    import.learningRate = rate.get<double>();
  import.loss = content.at("loss").get<std::string>();
  import.metrics = content.at("metrics").get<std::vector<std::string>>();
  import.sampleWeights = content.at("sample_weights").get<bool>();
  import.inputShapes = content.at("input_shapes").get<decltype(import.inputShapes)>();
  options.compile.passes.winograd = content.at("winograd").get<bool>();
  options.compile.passes.attention = content.at("attention").get<bool>();
  return options;
}

json describeMeta(const Replay &replay, const codegen::Signature &signature) {
  json variables = json::array(), definitions = json::object();
  for (const codegen::VariableSpec &variable : signature.variables)
    variables.push_back(variable.name);
  for (const auto &[name, file] : replay.file.definitions)
    definitions[name] = describeModel(*file);
  return {{"lamina_replay", kFormatVersion},
          {"name", replay.file.path},
          {"model", describeModel(replay.file)},
          {"definitions", definitions},
          {"options", describeOptions(replay.options)},
          {"variables", variables},
          {"epoch", replay.step.epoch},
          {"step", replay.step.step},
          {"is_loss", replay.step.isLoss},
          {"rows", replay.step.batch.rows},
          {"data", replay.step.batch.file},
          {"lines", replay.step.batch.lines},
          {"finding", replay.finding},
          {"processor", replay.processor}};
}

void addArrays(std::map<std::string, Array> &members, char letter,
               const std::vector<Array> &arrays) {
  for (size_t i = 0; i < arrays.size(); ++i)
    members.emplace(letter + std::to_string(i), arrays[i]);
}

json readMeta(const std::string &path, frontend::NpzFile &file) {
  if (!file.contains("meta"))
    fail("{}: this is no replay file; lamina train writes them with --replay", path);
  json meta = frontend::parseJson(path, frontend::asText(file.read("meta").bytes));
  if (!meta.is_object() || meta.value("lamina_replay", json()) != kFormatVersion)
    fail("{}: this is no replay file of this version; lamina train writes them with --replay",
         path);
  return meta;
}

/// The batch, checked as data of a training are.
trainer::Dataset readBatch(const std::string &path, frontend::NpzFile &archive,
                           const codegen::Signature &signature, const json &meta) {
  trainer::DataFile data;
  data.path = path;
  for (const std::string &name : archive.names())
    if (name.starts_with('x') || name.starts_with('y') || name.starts_with('w'))
      data.arrays.emplace(name, archive.read(name));
  trainer::BindOptions binding;
  for (const codegen::TensorSpec &target : signature.targets)
    binding.targetClasses.push_back(target.bound);
  for (const codegen::TensorSpec &input : signature.inputs)
    binding.inputEntries.push_back(input.bound);
  binding.weights = signature.weights;
  if (!signature.weights.empty())
    binding.weighting.name = "w";
  trainer::Dataset batch =
      trainer::bindDataset(std::move(data), signature.inputs, signature.targets, binding);
  batch.file = meta.at("data").get<std::string>();
  batch.lines = meta.at("lines").get<std::vector<size_t>>();
  bool isSound = batch.rows == meta.at("rows").get<int64_t>() && batch.rows >= 1 &&
                 batch.rows <= signature.batchSize &&
                 (batch.lines.empty() || static_cast<int64_t>(batch.lines.size()) == batch.rows);
  if (!isSound)
    fail("{}: the replay file is damaged: its batch is not of the size that it says", path);
  return batch;
}

/// The variables in the model's order, each as the model has it.
std::vector<Array> readVariables(const std::string &path, frontend::NpzFile &archive,
                                 const codegen::Signature &signature, const json &meta) {
  std::map<std::string, size_t> numbers;
  for (const json &name : meta.at("variables"))
    numbers.emplace(name.get<std::string>(), numbers.size());
  std::vector<Array> values;
  for (const codegen::VariableSpec &variable : signature.variables) {
    auto number = numbers.find(variable.name);
    if (number != numbers.end())
      values.push_back(archive.read(memberName(number->second)));
    if (number == numbers.end() || values.back().type != variable.type ||
        values.back().shape != variable.shape)
      fail("{}: the replay file is damaged: variable '{}' does not fit its model", path,
           printable(variable.name));
  }
  return values;
}

} // namespace

void writeReplay(const std::string &path, const Replay &replay,
                 const codegen::Signature &signature) {
  std::map<std::string, Array> members;
  members.emplace("meta", frontend::textArray(frontend::dumpJson(describeMeta(replay, signature))));
  for (size_t i = 0; i < replay.step.variables.size(); ++i)
    members.emplace(memberName(i), replay.step.variables[i]);
  addArrays(members, 'x', replay.step.batch.inputs);
  addArrays(members, 'y', replay.step.batch.targets);
  addArrays(members, 'w', replay.step.batch.weights);
  frontend::writeNpz(path, members);
}

Replay readReplay(const std::string &path) {
  frontend::NpzFile archive(path);
  json meta = readMeta(path, archive);
  Replay replay;
  try {
    replay.file = modelFrom(meta.at("name").get<std::string>(), meta.at("model"));
    for (const auto &[name, content] : meta.at("definitions").items())
      replay.file.definitions.emplace(
          name, std::make_shared<const KerasFile>(modelFrom(path + ": " + name, content)));
    replay.options = optionsFrom(meta.at("options"));
    if (int64_t rows = replay.options.import.batchSize; rows < 1 || rows > (int64_t(1) << 24))
      fail("{}: the replay file is damaged: batches of {} rows", path, rows);
    replay.finding = meta.at("finding").get<std::string>();
    replay.processor = meta.at("processor").get<std::string>();
    Session session(replay.file, replay.options, /*training=*/true);
    session.lower(passes::Stage::Memory);
    codegen::Signature signature = codegen::makeSignature(session.module());
    replay.step = {meta.at("epoch").get<int64_t>(), meta.at("step").get<int64_t>(),
                   meta.at("is_loss").get<bool>(), readVariables(path, archive, signature, meta),
                   readBatch(path, archive, signature, meta)};
  } catch (const json::exception &) {
    fail("{}: the replay file is damaged: its description lacks something", path);
  }
  return replay;
}

} // namespace lamina::session
