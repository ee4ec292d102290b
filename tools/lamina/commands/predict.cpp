// lamina predict
#include "frontend/files/arrays/npy.h"
#include "support/atomic_file.h"
#include "support/error.h"
#include "tools/lamina/commands/class_report.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/commands/data.h"
#include "trainer/data/cast.h"
#include "trainer/fit.h"

namespace lamina::tools {

namespace {

using frontend::Array;

struct PredictOptions {
  ModelOptions model;
  DataOptions data;
  std::string out, format = "values";
};

enum class Format { Npy, Npz, Csv };

Format outputFormatOf(const std::string &path) {
  std::string_view name = path;
  if (name.ends_with(".npy"))
    return Format::Npy;
  if (name.ends_with(".npz"))
    return Format::Npz;
  if (name.ends_with(".csv"))
    return Format::Csv;
  fail("cannot write {}: the name must end in .npy, .npz or .csv", path);
}

/// One row a line; columns y or y0,y1,… for one output, preceded by the output's number for
/// several.
std::string formatCsv(const std::vector<Array> &outputs) {
  std::string text;
  for (size_t o = 0; o < outputs.size(); ++o) {
    int64_t width = trainer::valuesPerRow(outputs[o].shape);
    std::string prefix = outputs.size() == 1 ? "y" : fmt::format("y{}_", o);
    for (int64_t i = 0; i < width; ++i)
      text += (text.empty() ? "" : ",") +
              (width == 1 && outputs.size() == 1 ? prefix : prefix + std::to_string(i));
  }
  text += '\n';
  for (int64_t row = 0; row < outputs[0].shape[0]; ++row) {
    std::string line;
    for (const Array &output : outputs) {
      int64_t width = trainer::valuesPerRow(output.shape);
      for (int64_t i = 0; i < width; ++i)
        line += fmt::format("{}{:.9g}", line.empty() ? "" : ",",
                            trainer::loadValue(output, static_cast<size_t>(row * width + i)));
    }
    text += line + '\n';
  }
  return text;
}

/// Text as a field of a CSV file (RFC 4180).
std::string csvField(const std::string &text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos)
    return text;
  std::string quoted = "\"";
  for (char c : text)
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

/// The name of each row's class, a column for each output that has classes.
std::string formatLabels(const std::vector<OutputClasses> &all, const std::vector<Array> &outputs) {
  std::string text;
  std::vector<std::vector<int64_t>> predicted;
  for (const OutputClasses &classes : all) {
    text += predicted.empty() ? "" : ",";
    text += all.size() == 1 ? "label" : fmt::format("label{}", classes.output);
    predicted.push_back(predictedClasses(classes, outputs[classes.output]));
  }
  text += '\n';
  for (size_t row = 0; row < predicted[0].size(); ++row)
    for (size_t i = 0; i < all.size(); ++i)
      text += csvField(all[i].names[static_cast<size_t>(predicted[i][row])]) +
              (i + 1 == all.size() ? "\n" : ",");
  return text;
}

/// The probability of each class, a column under its name; of several outputs one after the other.
std::string formatProbabilities(const std::vector<OutputClasses> &all,
                                const std::vector<Array> &outputs) {
  std::string text;
  for (const OutputClasses &classes : all)
    for (const std::string &name : classes.names)
      text += (text.empty() ? "" : ",") + csvField(name);
  text += '\n';
  for (int64_t row = 0; row < outputs[0].shape[0]; ++row) {
    std::string line;
    for (const OutputClasses &classes : all) {
      const Array &output = outputs[classes.output];
      auto width = static_cast<size_t>(trainer::valuesPerRow(output.shape));
      auto first = static_cast<size_t>(row) * width;
      if (classes.isBinary) // of the first class: what is left
        line +=
            fmt::format("{}{:.9g}", line.empty() ? "" : ",", 1 - trainer::loadValue(output, first));
      for (size_t i = 0; i < width; ++i)
        line +=
            fmt::format("{}{:.9g}", line.empty() ? "" : ",", trainer::loadValue(output, first + i));
    }
    text += line + '\n';
  }
  return text;
}

/// The classes of the outputs, for --format labels and probabilities.
std::vector<OutputClasses> requireClasses(const Session &session, const PredictOptions &options,
                                          Format format) {
  if (options.format == "values")
    return {};
  if (format != Format::Csv)
    fail("cannot write {}: --format {} gives names, and only a .csv file holds them", options.out,
         options.format);
  trainer::ColumnRecipe recipe = session.recipe();
  if (!options.data.classes.empty())
    recipe.classes.assign(session.importedSignature().targets.size(), options.data.classes);
  std::vector<OutputClasses> classes = outputClasses(session, recipe);
  if (classes.empty())
    fail("{}: --format {} is for classifiers, and no output of the model has classes",
         session.name(), options.format);
  return classes;
}

void writeOutputs(const std::string &path, Format format, const std::vector<Array> &outputs) {
  if (format == Format::Csv)
    return writeFileAtomically(path, formatCsv(outputs));
  if (format == Format::Npy)
    return frontend::writeNpy(path, outputs[0]);
  std::map<std::string, Array> arrays;
  for (size_t i = 0; i < outputs.size(); ++i)
    arrays.emplace(outputs.size() == 1 ? "y" : fmt::format("y{}", i), outputs[i]);
  frontend::writeNpz(path, arrays);
}

void predict(const PredictOptions &options) {
  Format format = outputFormatOf(options.out);
  std::vector<NamedPath> inputs = options.model.inputs();
  inputs.push_back({"--data", options.data.data});
  requireDistinct(inputs, {{"--output", options.out}});
  PendingData pending(options.data.data, options.data);
  Session session =
      pending.open(options.model.forSession(), /*training=*/false, /*forwardOnly=*/true);
  requireWritable(options.out);
  if (format == Format::Npy && session.importedSignature().outputs.size() > 1)
    fail("{}: the model has {} outputs, and a .npy file holds one array; write a .npz file",
         session.name(), session.importedSignature().outputs.size());
  std::vector<OutputClasses> classes = requireClasses(session, options, format);
  trainer::BindOptions binding = options.data.binding();
  binding.wantTargets = false;
  binding.known = session.recipe();
  binding.numbersLabels = false;
  trainer::Dataset data = pending.bindAloud(session, binding);
  std::vector<Array> outputs = trainer::predict(session.compile(0), data);
  if (options.format == "labels")
    writeFileAtomically(options.out, formatLabels(classes, outputs));
  else if (options.format == "probabilities")
    writeFileAtomically(options.out, formatProbabilities(classes, outputs));
  else
    writeOutputs(options.out, format, outputs);
}

} // namespace

void addPredict(CLI::App &command, Action &action) {
  auto options = std::make_shared<PredictOptions>();
  options->model.addModel(command);
  options->data.add(command);
  options->model.addBatchSize(command);
  options->model.addPasses(command);
  options->model.addThreads(command);
  addPath(command, "-o,--output", options->out, "Outputs as .npy, .npz or .csv")->required();
  command
      .add_option(
          "--format", options->format,
          "Outputs as they are, the names of classes, or their probabilities by name (.csv)")
      ->check(CLI::IsMember({"values", "labels", "probabilities"}))
      ->capture_default_str();
  command.callback([&action, options] { action = [options] { predict(*options); }; });
}

} // namespace lamina::tools
