#pragma once

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace lamina::tools {

/// The action of a command line; set while it is parsed, run afterwards.
using Action = std::function<void()>;

// One function for every command: gives it its options and, when it is chosen, sets `action`. The
// action throws UserError.
void addTrain(CLI::App &command, Action &action);
void addPredict(CLI::App &command, Action &action);
void addEvaluate(CLI::App &command, Action &action);
void addCompile(CLI::App &command, Action &action);
void addInspect(CLI::App &command, Action &action);
void addBench(CLI::App &command, Action &action);
void addNew(CLI::App &command, Action &action);
void addReplay(CLI::App &command, Action &action);
void addReport(CLI::App &command, Action &action);
void addConvert(CLI::App &command, Action &action);
void addData(CLI::App &command, Action &action);
void addCorr(CLI::App &command, Action &action);
void addCache(CLI::App &command, Action &action);

/// `help` and `completion` tell about all commands of `app`; `help` knows those with these names.
void addHelp(CLI::App &app, CLI::App &command, Action &action,
             const std::vector<std::string> &commands);
void addCompletion(CLI::App &app, CLI::App &command, Action &action);

} // namespace lamina::tools
