#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "codegen/driver.h"
#include "frontend/keras/import.h"

namespace lamina::session {

/// The options of a session: one struct on its whole way from the command line, or another
/// caller, to the stages that read it.
struct Options {
  std::string model;   ///< the model's file
  std::string weights; ///< a file of weights in place of its own; empty: none
  /// Files of models that say what classes mean, by class, and Lambda layers, by name.
  std::map<std::string, std::string> definitions;
  std::vector<std::string> frozen, unfrozen; ///< layers: see frontend::setTrainability
  frontend::ImportOptions import; ///< settings in place of the file's, batch size, open axes
  /// Parts that a batch goes through the model in, to take less memory: their gradients are summed
  /// before the update. The results differ from those of one part by rounding, and by what a model
  /// makes of a batch as a whole (the statistics of a normalization). At most import.batchSize.
  int64_t accumulate = 1;
  codegen::CompileOptions compile;
  uint32_t threads = 0; ///< 0: those of the process's pool, or the CPUs this process may use
  /// Told what its user should know, a line without its end; null: nobody is told.
  std::function<void(const std::string &line)> tell;
};

} // namespace lamina::session
