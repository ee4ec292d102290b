#include "trainer/checkpoint.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "frontend/files/arrays/npy.h"
#include "frontend/files/bytes.h"
#include "frontend/files/json.h"
#include "support/atomic_file.h"
#include "support/error.h"
#include "trainer/finite.h"

namespace lamina::trainer {

namespace {

using frontend::Array;
using nlohmann::json;

constexpr int kFormatVersion = 2;

std::string memberName(size_t variable) {
  return fmt::format("variables/{}", variable);
}

json describeVariables(const codegen::Signature &signature) {
  json list = json::array();
  for (const codegen::VariableSpec &variable : signature.variables)
    list.push_back({variable.name, std::string(typeName(variable.type)), variable.shape});
  return list;
}

/// The model and data that the partial sums of an epoch belong to.
json describeLogs(const codegen::Signature &signature) {
  json list = json::array();
  for (const codegen::LogSpec &log : signature.trainLogs)
    list.push_back(log.name);
  return list;
}

/// Seeds have 64 bits without sign, which JSON readers do not all keep: hence a string.
json describeIdentity(const CheckpointIdentity &identity) {
  return {{"seed", std::to_string(identity.seed)},      {"shuffle", identity.shuffle},
          {"batch_size", identity.batchSize},           {"rows", identity.rows},
          {"validation_rows", identity.validationRows}, {"split", nameOf(identity.split)}};
}

json describePosition(const FitPosition &position) {
  return {{"epoch", position.epoch},
          {"step", position.step},
          {"rows", position.rows},
          {"sums", position.sums},
          {"history", position.history}};
}

FitPosition positionFrom(const json &meta) {
  FitPosition position;
  position.epoch = meta.at("epoch").get<int64_t>();
  position.step = meta.at("step").get<int64_t>();
  position.rows = meta.at("rows").get<double>();
  position.sums = meta.at("sums").get<std::vector<double>>();
  position.history = meta.at("history").get<History>();
  return position;
}

json readMeta(const std::string &path, frontend::NpzFile &file) {
  json meta = frontend::parseJson(path, frontend::asText(file.read("meta").bytes));
  if (!meta.is_object() || meta.value("format", 0) != kFormatVersion)
    fail("{}: not a checkpoint of this version", path);
  return meta;
}

/// Names the first setting in which two training runs differ.
void requireSameRun(const std::string &path, const json &saved, const json &current) {
  for (const auto &[name, value] : current.items()) {
    // Checkpoints of before did not say which rows are for validation: the last ones.
    json before = saved.value(name, name == "split" ? json("last") : json());
    if (before != value)
      fail("{}: the checkpoint was made with {} {}, this run has {}; resume with the same data and "
           "options, or use another folder",
           path, name, frontend::dumpJson(before), frontend::dumpJson(value));
  }
}

} // namespace

Checkpoints::Checkpoints(std::string directory, CheckpointIdentity identity,
                         CheckpointSettings settings)
    : directory_(std::move(directory)), identity_(identity), settings_(settings) {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  if (error)
    fail("cannot write {}: {}", printable(directory_, 4096), error.message());
  lock();
}

Checkpoints::~Checkpoints() {
  if (folder_ >= 0)
    close(folder_);
}

/// The folder itself is locked: no file has to be made, and none is left by a run that is killed. A
/// file system without locks is taken as it is.
void Checkpoints::lock() {
  folder_ = open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_ >= 0 && flock(folder_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(std::exchange(folder_, -1));
    fail("cannot write {}: another training keeps its checkpoints there; wait for its end, or use "
         "another folder",
         printable(directory_, 4096));
  }
  // Leftovers of a run that was killed go now: this one may have nothing to write.
  AtomicFile probe(path());
}

void Checkpoints::onPosition(const ModelRunner &runner, const FitPosition &position) {
  int64_t every = settings_.everySteps;
  bool due = position.step == 0 || (every > 0 && position.step % every == 0);
  if (due)
    failure_.attempt([&] { write(runner, position); });
}

void Checkpoints::onInterrupted(const ModelRunner &runner, const FitPosition &position) {
  failure_.attempt([&] { write(runner, position); });
}

/// A second name for the file that was just written, which the next one does not replace. The
/// oldest of these go.
void Checkpoints::keepLast(const FitPosition &position) const {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path kept = fs::path(directory_) /
                  fmt::format("checkpoint-{:06}-{:06}.npz", position.epoch, position.step);
  fs::remove(kept, error);
  fs::create_hard_link(path(), kept, error);
  if (error)
    fs::copy_file(path(), kept, error); // a file system without links
  if (error)
    fail("cannot write {}: {}", printable(kept.string(), 4096), error.message());
  std::vector<fs::path> all;
  for (const fs::directory_entry &entry : fs::directory_iterator(directory_, error))
    if (std::string name = entry.path().filename().string();
        name.starts_with("checkpoint-") && name.ends_with(".npz"))
      all.push_back(entry.path());
  // Names of a run before may count further.
  std::ranges::sort(all, {}, [](const fs::path &each) {
    std::error_code ignored;
    return std::pair(fs::last_write_time(each, ignored), each);
  });
  for (size_t i = 0; i + static_cast<size_t>(settings_.keep) < all.size(); ++i)
    fs::remove(all[i], error);
}

void Checkpoints::write(const ModelRunner &runner, const FitPosition &position) const {
  json meta = {{"format", kFormatVersion},
               {"run", describeIdentity(identity_)},
               {"variables", describeVariables(runner.signature())},
               {"logs", describeLogs(runner.signature())},
               {"learning_rate", settings_.learningRate ? json(*settings_.learningRate) : json()},
               {"position", describePosition(position)}};
  std::map<std::string, Array> arrays;
  arrays.emplace("meta", frontend::textArray(frontend::dumpJson(meta)));
  std::vector<Array> values = runner.saveAll();
  for (size_t i = 0; i < values.size(); ++i)
    if (findNonFinite(values[i]))
      fail("{}: '{}' has values that are not finite, so that the checkpoint before stays", path(),
           printable(runner.signature().variables[i].name));
  for (size_t i = 0; i < values.size(); ++i)
    arrays.emplace(memberName(i), std::move(values[i]));
  frontend::writeNpz(path(), arrays);
  if (settings_.keep > 0)
    keepLast(position);
}

void Checkpoints::takeLearningRate(const json &saved, ModelRunner &runner) {
  if (!settings_.learningRate && saved.is_number())
    settings_.learningRate = saved.get<double>();
  else if (settings_.learningRate && saved != *settings_.learningRate && runner.hasLearningRate())
    runner.setLearningRate(*settings_.learningRate);
}

std::optional<FitPosition> Checkpoints::restore(ModelRunner &runner) {
  std::error_code error;
  if (!std::filesystem::exists(path(), error))
    return std::nullopt;
  frontend::NpzFile file(path());
  try {
    json meta = readMeta(path(), file);
    if (meta.at("variables") != describeVariables(runner.signature()))
      fail("{}: the checkpoint belongs to another model than {}", path(), runner.name());
    requireSameRun(path(), meta.at("run"), describeIdentity(identity_));
    FitPosition position = positionFrom(meta.at("position"));
    if (position.step > 0 && meta.at("logs") != describeLogs(runner.signature()))
      fail("{}: the checkpoint is from the middle of an epoch with other metrics; resume with the "
           "same metrics, or use another folder",
           path());
    std::vector<Array> values;
    for (size_t i = 0; i < runner.signature().variables.size(); ++i) {
      const codegen::VariableSpec &variable = runner.signature().variables[i];
      Array &value = values.emplace_back(file.read(memberName(i)));
      if (value.type != variable.type || value.shape != variable.shape)
        fail("{}: the checkpoint is damaged", path());
    }
    runner.loadAll(values);
    takeLearningRate(meta.value("learning_rate", json()), runner);
    return position;
  } catch (const json::exception &) {
    fail("{}: the checkpoint is damaged", path());
  }
}

} // namespace lamina::trainer
