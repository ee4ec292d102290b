#include "session/design/problem.h"

#include <array>

#include "support/error.h"

namespace lamina::session {

namespace {

constexpr std::array<std::pair<Task, const char *>, 4> kTasks = {
    {{Task::Classification, "classification"},
     {Task::Regression, "regression"},
     {Task::Image, "image"},
     {Task::Series, "series"}}};

} // namespace

const char *nameOf(Task task) {
  return kTasks[static_cast<size_t>(task)].second;
}

std::optional<Task> findTask(const std::string &name) {
  for (const auto &[task, text] : kTasks)
    if (name == text)
      return task;
  return std::nullopt;
}

Problem findProblem(trainer::DataFile &file, const ProblemOptions &options) {
  if (file.table)
    return findTableProblem(*file.table, options);
  if (!options.targetColumns.empty() || !options.dropColumns.empty())
    fail("{}: --target and --drop are for text files, and this file holds arrays; leave them out",
         file.path);
  return findArrayProblem(file, options);
}

} // namespace lamina::session
