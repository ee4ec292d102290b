#pragma once

#include <chrono>
#include <future>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace lamina::tools {

/// The files of a run that `train --run DIR` keeps.
struct RunPaths {
  explicit RunPaths(const std::string &folder)
      : record(folder + "/run.json"), csv(folder + "/log.csv"), lines(folder + "/log.jsonl"),
        tensorBoard(folder + "/tensorboard"), checkpoint(folder + "/checkpoint"),
        model(folder + "/model.keras") {}

  std::string record, csv, lines, tensorBoard, checkpoint, model;
};

/// What is said of a run when it begins.
struct RunDescription {
  std::vector<std::string> arguments; ///< of the command line, behind `train`
  std::string model, data, validationData;
  int64_t rows = 0, validationRows = 0, batchSize = 0;
  uint64_t seed = 0;
  uint32_t threads = 0;
};

/// Keeps DIR/run.json: settings, versions, machine, hashes of model and data, and how the run
/// ended. The file is replaced as a whole.
class RunFolder {
public:
  /// Makes the folder. Throws UserError `cannot write DIR: reason`, also where it holds a run and
  /// this one does not resume it.
  RunFolder(const std::string &folder, bool resumes);

  /// Writes the record of a run that is going on. Hashes are computed meanwhile.
  void begin(const RunDescription &run);
  /// Writes how it ended: "finished", "interrupted" or "failed" with an error.
  void end(const std::string &status, const std::string &error = "");

private:
  void write() const;

  RunPaths paths_;
  nlohmann::ordered_json record_;
  std::future<std::vector<std::string>> hashes_; ///< of model, data, validation data
  std::chrono::steady_clock::time_point began_;
};

/// The SHA-256 of a file's bytes in hexadecimal digits; empty for what cannot be read.
std::string hashFile(const std::string &path);

} // namespace lamina::tools
