#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "tools/lamina/paths.h"
#include "trainer/dataset.h"

namespace lamina::tools {

/// Adds an option for the name of a file or, with the kind "DIR", of a folder.
CLI::Option *addPath(CLI::App &command, const std::string &names, std::string &path,
                     const std::string &help, const char *kind = "FILE");

/// The model and how it is to be compiled.
struct ModelOptions {
  std::string model, weights;
  int64_t batchSize = 32;
  uint32_t threads = 0; ///< 0: the CPUs this process may use
  std::string optimizer, loss;
  std::optional<double> learningRate;
  std::vector<std::string> metrics;
  std::vector<std::string> inputShapes; ///< "NAME=28,28"
  bool tune = false;
  bool winograd = true;       ///< off: all convolutions are computed directly
  bool sampleWeights = false; ///< the loss takes weights (DataOptions::hasWeights)

  void addModel(CLI::App &command);     ///< MODEL, --weights, --input-shape
  void addBatchSize(CLI::App &command); ///< --batch-size
  void addPasses(CLI::App &command);    ///< switches of passes: --no-winograd
  void addThreads(CLI::App &command);   ///< --threads
  void addTune(CLI::App &command);      ///< --tune
  void addLoss(CLI::App &command);      ///< --loss, --metrics
  void addOptimizer(CLI::App &command); ///< --optimizer, --learning-rate
  std::map<std::string, std::vector<int64_t>> parsedInputShapes() const;
  /// The files that are read.
  std::vector<NamedPath> inputs() const { return {{"MODEL", model}, {"--weights", weights}}; }
};

/// The data and how columns become inputs and targets.
struct DataOptions {
  std::string data;
  std::vector<std::string> targets, drop, classes;
  std::string delimiter, missing = "error";
  bool header = false, noHeader = false;
  CLI::App *command = nullptr;           ///< which was given the options
  std::string sampleWeight;              ///< column or array
  std::vector<std::string> classWeights; ///< "CLASS=WEIGHT"

  void add(CLI::App &command);
  void addSampleWeight(CLI::App &command); ///< --sample-weight
  void addClassWeight(CLI::App &command);  ///< --class-weight
  bool hasWeights() const { return !sampleWeight.empty() || !classWeights.empty(); }
  trainer::TextOptions text() const;
  /// The options given that mean something for text files alone.
  std::vector<std::string> givenForText() const;
  /// Without the model's class counts.
  trainer::BindOptions binding() const;
};

} // namespace lamina::tools
