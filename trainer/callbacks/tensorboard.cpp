#include "trainer/callbacks/tensorboard.h"

#include <chrono>
#include <filesystem>

#include <unistd.h>

#include "support/append_file.h"
#include "support/error.h"

namespace lamina::trainer {

namespace {

double secondsSinceEpoch() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

} // namespace

/// One event file. TensorBoard finds it by "tfevents" in its name.
class TensorBoardLog::EventFile {
public:
  explicit EventFile(const std::string &directory)
      : file_(newPath(directory), AppendFile::Content::Kept) {
    append(tfRecord(versionEvent(secondsSinceEpoch())));
  }

  void append(const std::string &records) { file_.append(records); }

private:
  static std::string newPath(const std::string &directory) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error)
      fail("cannot write {}: {}", printable(directory, 4096), error.message());
    char host[256] = "localhost";
    gethostname(host, sizeof host - 1);
    return fmt::format("{}/events.out.tfevents.{}.{}.{}.0.v2", directory,
                       static_cast<int64_t>(secondsSinceEpoch()), host, getpid());
  }

  AppendFile file_;
};

TensorBoardLog::TensorBoardLog(std::string directory, TensorBoardOptions options)
    : directory_(std::move(directory)), options_(std::move(options)) {
  EventFile &events = file(training_, "train");
  if (!options_.graph.empty())
    events.append(tfRecord(graphEvent(secondsSinceEpoch(), options_.graph)));
}

TensorBoardLog::~TensorBoardLog() = default;

TensorBoardLog::EventFile &TensorBoardLog::file(std::unique_ptr<EventFile> &slot,
                                                const char *part) {
  if (!slot)
    slot = std::make_unique<EventFile>(directory_ + "/" + part);
  return *slot;
}

void TensorBoardLog::onEpochEnd(int64_t epoch, const Logs &logs) {
  failure_.attempt([&] { writeEpoch(epoch, logs); });
}

void TensorBoardLog::onPosition(const ModelRunner &runner, const FitPosition &position) {
  int64_t every = options_.histogramEpochs;
  if (every == 0 || position.step > 0 || position.epoch % every != 0)
    return;
  std::string events;
  std::vector<frontend::Array> values = runner.saveAll();
  for (size_t i = 0; i < values.size(); ++i) {
    const codegen::VariableSpec &variable = runner.signature().variables[i];
    bool isFloat = variable.type == ElementType::F32 || variable.type == ElementType::F64;
    if (isFloat && !variable.isOfOptimizer())
      events += tfRecord(histogramEvent(secondsSinceEpoch(), position.epoch - 1,
                                        variable.name + "/histogram", values[i]));
  }
  failure_.attempt([&] { file(training_, "train").append(events); });
}

void TensorBoardLog::writeEpoch(int64_t epoch, const Logs &logs) {
  double now = secondsSinceEpoch();
  std::string training, validation;
  for (const auto &[name, value] : logs) {
    bool validated = name.starts_with("val_");
    std::string tag = "epoch_" + (validated ? name.substr(4) : name);
    (validated ? validation : training) +=
        tfRecord(scalarEvent(now, epoch, tag, static_cast<float>(value)));
  }
  file(training_, "train").append(training);
  if (!validation.empty())
    file(validation_, "validation").append(validation);
}

} // namespace lamina::trainer
