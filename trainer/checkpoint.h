#pragma once

#include <optional>
#include <string>

#include "trainer/fit.h"
#include "trainer/write_failure.h"

namespace lamina::trainer {

/// What must be the same for a checkpoint to be continued with the same bits.
struct CheckpointIdentity {
  uint64_t seed = 0;
  bool shuffle = true;
  int64_t batchSize = 0, rows = 0, validationRows = 0;
  bool operator==(const CheckpointIdentity &) const = default;
};

/// Keeps DIR/checkpoint.npz: all variables, the position of the training and its history. The file
/// is replaced as a whole after every epoch, and after every `everySteps` steps if that is not 0;
/// where that fails, the one before stays.
/// Members of the archive: "meta" (JSON text) and "variables/N" in the signature's order.
class Checkpoints : public FitObserver {
public:
  /// Makes the folder. Throws UserError `cannot write DIR: reason`.
  Checkpoints(std::string directory, CheckpointIdentity identity, int64_t everySteps = 0);

  /// Puts the saved state into `runner` and gives the saved position; nothing when there is no
  /// checkpoint yet. Throws UserError when it belongs to another model or another training run.
  std::optional<FitPosition> restore(ModelRunner &runner) const;

  void onPosition(const ModelRunner &runner, const FitPosition &position) override;

  void requireWritten() const override { failure_.raise(); }

  std::string path() const { return directory_ + "/checkpoint.npz"; }

private:
  void write(const ModelRunner &runner, const FitPosition &position) const;

  std::string directory_;
  CheckpointIdentity identity_;
  int64_t everySteps_;
  WriteFailure failure_;
};

} // namespace lamina::trainer
