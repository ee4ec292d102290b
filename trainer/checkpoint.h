#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "trainer/callbacks/write_failure.h"
#include "trainer/data/rows/split.h"
#include "trainer/fit.h"

namespace lamina::trainer {

/// Conditions under which a checkpoint is continued with the same bits: they must be equal.
struct CheckpointIdentity {
  uint64_t seed = 0;
  bool shuffle = true;
  int64_t batchSize = 0, rows = 0, validationRows = 0;
  SplitKind split = SplitKind::Last; ///< how validation rows were chosen
  bool operator==(const CheckpointIdentity &) const = default;
};

/// Settings that may differ between the runs of one training.
struct CheckpointSettings {
  int64_t everySteps = 0; ///< also after so many steps of an epoch; 0: after epochs alone
  /// The rate that the user has asked for. A resumed training takes it over from the checkpoint's
  /// only where another one was asked for before: callbacks may have changed the rate since.
  std::optional<double> learningRate = std::nullopt;
  int64_t keep = 0; ///< so many of the last ones also stay under names of their own
};

/// Keeps DIR/checkpoint.npz: all variables, the position of the training and its history. The file
/// is replaced as a whole after every epoch and as the settings say; where that fails, or the state
/// has values that are not finite, the one before stays. The folder belongs to one run at a time,
/// by a lock that ends with the process. With CheckpointSettings::keep the last ones are also
/// DIR/checkpoint-EPOCH-STEP.npz. Members of the archive: "meta" (JSON text) and "variables/N" in
/// the signature's order.
class Checkpoints : public FitObserver {
public:
  /// Makes the folder. Throws UserError `cannot write DIR: reason`, also while another run has it.
  Checkpoints(std::string directory, CheckpointIdentity identity, CheckpointSettings settings = {});
  ~Checkpoints() override;
  Checkpoints(const Checkpoints &) = delete;
  Checkpoints &operator=(const Checkpoints &) = delete;

  /// Puts the saved state into `runner` and gives the saved position; nothing when there is no
  /// checkpoint yet. Throws UserError when it belongs to another model or another training run.
  std::optional<FitPosition> restore(ModelRunner &runner);

  void onPosition(const ModelRunner &runner, const FitPosition &position) override;
  void onInterrupted(const ModelRunner &runner, const FitPosition &position) override;

  void requireWritten() const override { failure_.raise(); }

  std::string path() const { return pathIn(directory_); }
  static std::string pathIn(const std::string &directory) { return directory + "/checkpoint.npz"; }

private:
  void lock();
  void takeLearningRate(const nlohmann::json &saved, ModelRunner &runner);
  void write(const ModelRunner &runner, const FitPosition &position) const;
  void keepLast(const FitPosition &position) const;

  std::string directory_;
  CheckpointIdentity identity_;
  CheckpointSettings settings_;
  int folder_ = -1; ///< holds the lock
  WriteFailure failure_;
};

} // namespace lamina::trainer
