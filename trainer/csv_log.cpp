#include "trainer/csv_log.h"

#include <cerrno>
#include <cstring>

#include "support/error.h"

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

CsvLog::CsvLog(const std::string &path) : path_(path), file_(std::fopen(path.c_str(), "w")) {
  if (!file_)
    fail("cannot write {}: {}", path, std::strerror(errno));
}

CsvLog::~CsvLog() {
  std::fclose(file_);
}

void CsvLog::writeLine(const std::string &line) {
  if (std::fputs((line + "\n").c_str(), file_) < 0 || std::fflush(file_) != 0)
    fail("cannot write {}: {}", path_, std::strerror(errno));
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
