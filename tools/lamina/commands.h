#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace lamina::tools {

/// What a command line asks for; set while it is parsed, run afterwards.
using Action = std::function<void()>;

// One function for every subcommand: adds its options and, when it is chosen, sets `action`. The
// action throws UserError.
void addTrain(CLI::App &app, Action &action);
void addPredict(CLI::App &app, Action &action);
void addEvaluate(CLI::App &app, Action &action);
void addCompile(CLI::App &app, Action &action);
void addInspect(CLI::App &app, Action &action);
void addBench(CLI::App &app, Action &action);
void addConvert(CLI::App &app, Action &action);

} // namespace lamina::tools
