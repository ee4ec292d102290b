#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "session/session.h"
#include "tools/lamina/paths.h"
#include "trainer/data/dataset.h"

namespace lamina::tools {

/// Adds an option for the name of a file or, with the kind "DIR", of a folder.
CLI::Option *addPath(CLI::App &command, const std::string &names, std::string &path,
                     const std::string &help, const char *kind = "FILE");

using session::Session;

/// The model and how it is to be compiled.
struct ModelOptions : session::Options {
  std::vector<std::string> inputShapes;     ///< "NAME=28,28"
  std::vector<std::string> targetShapes;    ///< "NAME=20"
  std::vector<std::string> definitionTexts; ///< "CLASS=FILE"
  bool tune = false;

  void addModel(CLI::App &command); ///< MODEL, --weights, --define, --input-shape, --target-shape
  void addBatchSize(CLI::App &command);    ///< --batch-size
  void addFreezing(CLI::App &command);     ///< --freeze, --unfreeze
  void addAccumulation(CLI::App &command); ///< --accumulate
  void addPasses(CLI::App &command);       ///< switches of passes: --no-winograd, …
  void addThreads(CLI::App &command);      ///< --threads
  void addTune(CLI::App &command);         ///< --tune
  void addLoss(CLI::App &command);         ///< --loss, --metrics
  void addOptimizer(CLI::App &command);    ///< --optimizer, --learning-rate
  /// As sessions take them, with words for the user on standard error. Throws UserError when a
  /// shape is not well-formed.
  session::Options forSession() const;
  /// The files that are read.
  std::vector<NamedPath> inputs() const;
};

/// How the text of a table is to be read.
struct TextFileOptions {
  std::string delimiter;
  bool header = false, noHeader = false;

  void addText(CLI::App &command); ///< --delimiter, --header, --no-header
  trainer::TextOptions text() const;
};

/// Adds an option whose values are separated by commas, or given one by one.
CLI::Option *addList(CLI::App &command, const char *name, std::vector<std::string> &values,
                     const char *help);

/// The data and how columns become inputs and targets.
struct DataOptions : TextFileOptions {
  std::string data;
  std::vector<std::string> targets, drop, classes;
  std::string missing = "error", part;
  bool standardize = false, flagMissing = false;
  int64_t window = 0, horizon = 1, stride = 1; ///< as trainer::Window
  CLI::App *command = nullptr;                 ///< which was given the options
  std::string sampleWeight;                    ///< column or array
  std::vector<std::string> classWeights;       ///< "CLASS=WEIGHT"

  void add(CLI::App &command);
  void addSampleWeight(CLI::App &command); ///< --sample-weight
  void addClassWeight(CLI::App &command);  ///< --class-weight
  void addWindow(CLI::App &command);       ///< --window, --horizon, --stride
  void addStandardize(CLI::App &command);  ///< --standardize, --flag-missing
  bool hasWeights() const { return !sampleWeight.empty() || !classWeights.empty(); }
  /// The options given that mean something for text files alone.
  std::vector<std::string> givenForText() const;
  /// Without the model's class counts.
  trainer::BindOptions binding() const;
};

} // namespace lamina::tools
