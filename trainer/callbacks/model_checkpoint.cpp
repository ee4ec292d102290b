#include "trainer/callbacks/model_checkpoint.h"

#include <utility>

#include <fmt/args.h>

#include "support/error.h"

namespace lamina::trainer {

std::string formatPath(const std::string &path, int64_t epoch, const Logs &logs) {
  fmt::dynamic_format_arg_store<fmt::format_context> arguments;
  std::string names = "epoch";
  arguments.push_back(fmt::arg("epoch", epoch + 1));
  for (const auto &[name, value] : logs) {
    arguments.push_back(fmt::arg(name.c_str(), value));
    names += ", " + name;
  }
  try {
    return fmt::vformat(path, arguments);
  } catch (const fmt::format_error &error) {
    fail("--model-checkpoint {}: {}; names that can stand in braces are {}", printable(path),
         error.what(), names);
  }
}

ModelCheckpoint::ModelCheckpoint(ModelCheckpointOptions options, Write write)
    : options_(std::move(options)), best_(options_.threshold), write_(std::move(write)) {
  if (options_.savesBestOnly)
    monitor_.emplace("--model-checkpoint", options_.monitor);
}

bool ModelCheckpoint::isWorthSaving(const Logs &logs) {
  if (!monitor_)
    return true;
  double value = monitor_->read(logs);
  if (!monitor_->isImprovement(value, best_))
    return false;
  best_ = value;
  return true;
}

void ModelCheckpoint::onTrainBegin(FitControl &, const FitPosition &start) {
  for (const Logs &logs : start.history)
    isWorthSaving(logs);
}

void ModelCheckpoint::onEpochEnd(FitControl &, int64_t epoch, Logs &logs) {
  if (isWorthSaving(logs))
    write_(formatPath(options_.path, epoch, logs));
}

} // namespace lamina::trainer
