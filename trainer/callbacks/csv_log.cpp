#include "trainer/callbacks/csv_log.h"

namespace lamina::trainer {

namespace {

/// A name that holds a comma or a quote is quoted.
std::string csvField(const std::string &text) {
  if (text.find_first_of(",\"\n") == std::string::npos)
    return text;
  std::string quoted = "\"";
  for (char c : text)
    quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

} // namespace

CsvLog::CsvLog(const std::string &path) : file_(path, AppendFile::Content::Replaced) {}

void CsvLog::writeLine(const std::string &line) {
  failure_.attempt([&] { file_.append(line + "\n"); });
}

void CsvLog::onTrainBegin(const FitPlan &plan) {
  for (size_t epoch = 0; epoch < plan.start->history.size(); ++epoch)
    onEpochEnd(static_cast<int64_t>(epoch), plan.start->history[epoch]);
}

void CsvLog::onEpochEnd(int64_t epoch, const Logs &logs) {
  if (columns_.empty()) {
    for (const auto &[name, value] : logs)
      columns_.push_back(name);
    std::string header = "epoch";
    for (const std::string &name : columns_)
      header += "," + csvField(name);
    writeLine(header);
  }
  std::string line = std::to_string(epoch);
  for (const std::string &name : columns_) {
    auto value = logs.find(name);
    line += value == logs.end() ? ",NA" : fmt::format(",{}", value->second);
  }
  writeLine(line);
}

} // namespace lamina::trainer
