#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "trainer/callbacks/write_failure.h"
#include "trainer/fit.h"

namespace lamina::trainer {

/// CRC-32C (Castagnoli), and masked as TFRecord files store it
/// (tensorflow/core/lib/hash/crc32c.h).
uint32_t crc32c(std::string_view bytes);
uint32_t maskedCrc32c(std::string_view bytes);

/// A TFRecord around `data`: length, its CRC, data, its CRC.
std::string tfRecord(std::string_view data);

/// tensorflow.Event messages (tensorflow/core/util/event.proto) in protobuf's wire format.
std::string versionEvent(double wallTime);
std::string scalarEvent(double wallTime, int64_t step, std::string_view tag, float value);

/// Writes the epochs' logs as TensorBoard reads them and Keras names them: event files below
/// DIR/train and DIR/validation, scalars epoch_loss and so on, the step being the epoch from 0.
class TensorBoardLog : public FitObserver {
public:
  /// Throws UserError `cannot write PATH: reason`.
  explicit TensorBoardLog(std::string directory);
  ~TensorBoardLog() override;

  void onEpochEnd(int64_t epoch, const Logs &logs) override;
  void requireWritten() const override { failure_.raise(); }

private:
  class EventFile;
  void writeEpoch(int64_t epoch, const Logs &logs);
  EventFile &file(std::unique_ptr<EventFile> &slot, const char *part);

  std::string directory_;
  std::unique_ptr<EventFile> training_, validation_;
  WriteFailure failure_;
};

} // namespace lamina::trainer
