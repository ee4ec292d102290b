#include "trainer/callbacks/json_log.h"

#include <cmath>

#include <nlohmann/json.hpp>

namespace lamina::trainer {

JsonLog::JsonLog(const std::string &path) : file_(path, AppendFile::Content::Replaced) {}

void JsonLog::writeLine(int64_t epoch, const Logs &logs, double seconds) {
  nlohmann::ordered_json line = {{"epoch", epoch}};
  for (const auto &[name, value] : logs)
    line[name] = std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
  if (seconds > 0)
    line["seconds"] = seconds;
  std::string text =
      line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  failure_.attempt([&] { file_.append(text); });
}

void JsonLog::onTrainBegin(const FitPlan &plan) {
  for (size_t epoch = 0; epoch < plan.start->history.size(); ++epoch)
    writeLine(static_cast<int64_t>(epoch), plan.start->history[epoch], 0);
}

void JsonLog::onEpochEnd(int64_t epoch, const Logs &logs) {
  std::chrono::duration<double> taken = std::chrono::steady_clock::now() - began_;
  writeLine(epoch, logs, taken.count());
}

} // namespace lamina::trainer
