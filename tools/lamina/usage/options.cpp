#include "tools/lamina/usage/options.h"

#include <charconv>

#include "support/error.h"
#include "support/output.h"

namespace lamina::tools {

CLI::Option *addPath(CLI::App &command, const std::string &names, std::string &path,
                     const std::string &help, const char *kind) {
  // Otherwise an option whose value was forgotten takes the next option for a name.
  CLI::Validator named(
      [](std::string &given) -> std::string {
        if (given.empty())
          return "the name is empty";
        if (given.starts_with("--"))
          return fmt::format("the name is missing before {0}; a file of that name is ./{0}",
                             printable(given));
        return "";
      },
      "");
  return command.add_option(names, path, help)->type_name(kind)->check(named);
}

void ModelOptions::addModel(CLI::App &command) {
  addPath(command, "MODEL", model,
          "A .keras file, a legacy .h5 file, or the JSON text of to_json()")
      ->required();
  addPath(command, "--weights", weights,
          "Weights in place of the file's: .weights.h5, .keras or legacy .h5");
  command
      .add_option("--define", definitionTexts,
                  "A model file as the meaning of a class that is not Keras' own, or of a Lambda "
                  "layer: CLASS=FILE, LAYER=FILE")
      ->type_name("CLASS=FILE")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  command
      .add_option("--input-shape", inputShapes,
                  "Shape of one row of an input whose axes the file leaves open: NAME=28,28")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  command
      .add_option("--target-shape", targetShapes,
                  "Shape of one row of an output's targets where the loss leaves it open (CTC): "
                  "NAME=20")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

void ModelOptions::addBatchSize(CLI::App &command) {
  command.add_option("--batch-size", import.batchSize, "Rows of a batch")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 24))
      ->capture_default_str();
}

void ModelOptions::addAccumulation(CLI::App &command) {
  command
      .add_option("--accumulate", accumulate,
                  "Parts that a batch goes through the model in, one update for all: less memory, "
                  "results that differ by rounding, and by what normalizations take for a batch")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 24))
      ->capture_default_str();
}

void ModelOptions::addFreezing(CLI::App &command) {
  auto list = [&](const char *name, std::vector<std::string> &layers, const char *help) {
    command.add_option(name, layers, help)
        ->type_name("NAME[..NAME]")
        ->delimiter(',')
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  list("--freeze", frozen,
       "Layers that are not trained, by name, or from one to another in the file's order");
  list("--unfreeze", unfrozen, "Layers that are trained after all, in the same form");
}

void ModelOptions::addPasses(CLI::App &command) {
  command.add_flag_callback(
      "--no-winograd", [this] { compile.passes.winograd = false; },
      "Compute all convolutions directly: slower where 3 x 3 filters meet many "
      "channels, with smaller rounding errors");
  command.add_flag_callback(
      "--no-fused-attention", [this] { compile.passes.attention = false; },
      "Hold the scores of attention in memory: slower, and memory grows with the square of the "
      "steps");
  command
      .add_option_function<double>(
          "--memory-limit",
          [this](double mebibytes) {
            compile.passes.memoryLimit = static_cast<int64_t>(mebibytes * (1 << 20));
          },
          "MiB that a step may take beside the state: values are computed twice, to the same bits, "
          "where they would not have room until they are needed")
      ->type_name("MIB")
      ->check(CLI::Range(0.001, 1e9));
}

void ModelOptions::addThreads(CLI::App &command) {
  command
      .add_option("--threads", threads, "Threads to use (default: the CPUs this process may use)")
      ->check(CLI::Range(1u, 1024u));
}

void ModelOptions::addTune(CLI::App &command) {
  command.add_flag("--tune", tune,
                   "Measure other tiles and tasks for the kernels first and take the fastest; "
                   "results stay the same bits");
}

void ModelOptions::addLoss(CLI::App &command) {
  command.add_option("--loss", import.loss, "Loss under Keras' name, in place of the file's");
  command
      .add_option("--metrics", import.metrics, "Metrics under Keras' names, in place of the file's")
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void ModelOptions::addOptimizer(CLI::App &command) {
  command.add_option("--optimizer", import.optimizer,
                     "Optimizer under Keras' name, in place of the file's");
  command.add_option("--learning-rate", import.learningRate,
                     "Learning rate in place of the file's");
}

namespace {

std::map<std::string, std::vector<int64_t>> parseShapes(const char *option,
                                                        const std::vector<std::string> &texts) {
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const std::string &text : texts) {
    size_t equals = text.rfind('=');
    std::vector<int64_t> shape;
    std::string_view rest = std::string_view(text).substr(equals + 1);
    while (equals != std::string::npos && !rest.empty()) {
      int64_t extent = 0;
      auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), extent);
      rest.remove_prefix(static_cast<size_t>(end - rest.data()));
      bool separated = rest.empty() || rest[0] == ',';
      if (error != std::errc() || extent < 1 || !separated)
        break;
      shape.push_back(extent);
      rest.remove_prefix(rest.empty() ? 0 : 1);
    }
    if (equals == std::string::npos || shape.empty() || !rest.empty())
      fail("{} {}: expected NAME=N,N,... with extents of at least 1", option, printable(text));
    shapes[text.substr(0, equals)] = shape;
  }
  return shapes;
}

std::map<std::string, std::string> parseDefinitions(const std::vector<std::string> &texts) {
  std::map<std::string, std::string> files;
  for (const std::string &text : texts) {
    size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == text.size())
      fail("--define {}: expected CLASS=FILE, a class or a Lambda layer and a model file",
           printable(text));
    std::string name = text.substr(0, equals);
    if (!files.emplace(name, text.substr(equals + 1)).second)
      fail("--define {}: {} is defined twice", printable(text), printable(name));
  }
  return files;
}

} // namespace

std::vector<NamedPath> ModelOptions::inputs() const {
  std::vector<NamedPath> paths = {{"MODEL", model}, {"--weights", weights}};
  for (const auto &[name, path] : parseDefinitions(definitionTexts))
    paths.push_back({"--define " + name, path});
  return paths;
}

session::Options ModelOptions::forSession() const {
  session::Options options = *this;
  options.definitions = parseDefinitions(definitionTexts);
  options.import.inputShapes = parseShapes("--input-shape", inputShapes);
  options.import.targetShapes = parseShapes("--target-shape", targetShapes);
  options.tell = [](const std::string &line) { note("{}\n", line); };
  return options;
}

CLI::Option *addList(CLI::App &command, const char *name, std::vector<std::string> &values,
                     const char *help) {
  return command.add_option(name, values, help)
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void TextFileOptions::addText(CLI::App &command) {
  command.add_option("--delimiter", delimiter, "Between columns: a character, 'tab' or 'blanks'");
  auto *with = command.add_flag("--header", header, "The first row of a text file has names");
  command.add_flag("--no-header", noHeader, "The first row of a text file has data")
      ->excludes(with);
}

void DataOptions::add(CLI::App &command) {
  this->command = &command;
  addPath(command, "--data", data,
          "Rows: .npz, .npy, IDX, HDF5, CSV, TSV, .data, ARFF, JSON lines or libsvm's format, also "
          "compressed by gzip or Zstandard; a pattern (\"part-*.csv\") for several tables, - for "
          "standard input")
      ->required();
  addList(command, "--target", targets,
          "Target columns of a text file, by name or number (default: the last)");
  addList(command, "--drop", drop, "Columns of a text file to leave out, by name or number");
  addList(command, "--classes", classes,
          "Labels in the order of the model's classes (default: sorted)");
  command
      .add_option(
          "--missing", missing,
          "Rows of a text file that lack a value: error, drop, or what to put in: a number, "
          "mean, median or most-frequent of the column")
      ->capture_default_str();
  command.add_option(
      "--part", part,
      "Take arrays x_PART and y_PART of a file (default: x and y, or those of train)");
  addText(command);
  addWindow(command);
}

void DataOptions::addSampleWeight(CLI::App &command) {
  command.add_option("--sample-weight", sampleWeight,
                     "Weights of the rows in loss and weighted metrics: a column of a text "
                     "file, or an array of a .npz file (NAME, or NAME0, NAME1, ... for the "
                     "targets)");
}

void DataOptions::addStandardize(CLI::App &command) {
  command.add_flag(
      "--standardize", standardize,
      "Give columns of numbers of a text file the mean 0 and the standard deviation 1; "
      "the model remembers how");
  command.add_flag("--flag-missing", flagMissing,
                   "Give columns of a text file that lack values a further one, 1 where a value is "
                   "missing; with a --missing that puts values in");
}

void DataOptions::addWindow(CLI::App &command) {
  constexpr int64_t kMost = 1 << 24;
  command
      .add_option("--window", window,
                  "Rows that one input takes, in order of time: rows 1 to N, 2 to N + 1, ...; the "
                  "model remembers it")
      ->check(CLI::Range(int64_t(1), kMost));
  command
      .add_option(
          "--horizon", horizon,
          "Rows from the last one of a window to that of its target; from 1 on the target's "
          "own past is an input too")
      ->check(CLI::Range(int64_t(0), kMost))
      ->needs("--window")
      ->capture_default_str();
  command.add_option("--stride", stride, "Rows from the beginning of a window to that of the next")
      ->check(CLI::Range(int64_t(1), kMost))
      ->needs("--window")
      ->capture_default_str();
}

void DataOptions::addClassWeight(CLI::App &command) {
  command
      .add_option("--class-weight", classWeights,
                  "Weights of the rows of some classes in training: 0=1,1=2.5")
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->excludes("--sample-weight");
}

namespace {

std::map<int64_t, double> parseClassWeights(const std::vector<std::string> &texts) {
  std::map<int64_t, double> weights;
  for (const std::string &text : texts) {
    size_t equals = text.find('=');
    int64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    bool isNumber = equals != std::string::npos && error == std::errc() && end == &text[equals];
    auto weight =
        isNumber ? trainer::parseNumber(std::string_view(text).substr(equals + 1)) : std::nullopt;
    if (!weight || !weights.emplace(number, *weight).second)
      fail("--class-weight {}: expected CLASS=WEIGHT,... with every class number once",
           printable(text));
  }
  return weights;
}

} // namespace

std::vector<std::string> DataOptions::givenForText() const {
  std::vector<std::string> given;
  for (const char *name : {"--target", "--drop", "--classes", "--delimiter", "--missing",
                           "--header", "--no-header", "--standardize", "--flag-missing"})
    if (command->get_option_no_throw(name) && command->count(name))
      given.push_back(name);
  return given;
}

trainer::TextOptions TextFileOptions::text() const {
  trainer::TextOptions options;
  if (delimiter == "tab" || delimiter == "\\t")
    options.delimiter = '\t';
  else if (delimiter == "blanks")
    options.delimiter = ' ';
  else if (delimiter.size() == 1)
    options.delimiter = delimiter[0];
  else if (!delimiter.empty())
    fail("--delimiter {}: expected one character, 'tab' or 'blanks'", printable(delimiter));
  if (header || noHeader)
    options.header = header;
  return options;
}

trainer::BindOptions DataOptions::binding() const {
  trainer::BindOptions options;
  options.targetColumns = targets;
  options.dropColumns = drop;
  options.classes = classes;
  options.weighting = {sampleWeight, false, parseClassWeights(classWeights)};
  using Policy = trainer::MissingValues::Policy;
  const std::map<std::string, Policy> policies = {{"error", Policy::Error},
                                                  {"drop", Policy::Drop},
                                                  {"mean", Policy::Mean},
                                                  {"median", Policy::Median},
                                                  {"most-frequent", Policy::MostFrequent}};
  options.standardize = standardize;
  options.window = {window, horizon, stride};
  options.flagMissing = flagMissing;
  if (flagMissing && (missing == "error" || missing == "drop"))
    fail("--flag-missing: it is for values that are put in; give --missing mean, median, "
         "most-frequent or a number too");
  if (auto named = policies.find(missing); named != policies.end()) {
    options.missing.policy = named->second;
  } else {
    auto number = trainer::parseNumber(missing);
    if (!number)
      fail("--missing {}: expected 'error', 'drop', 'mean', 'median', 'most-frequent' or a number",
           printable(missing));
    options.missing = {Policy::Fill, *number};
  }
  return options;
}

} // namespace lamina::tools
