#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace lamina::tools {

/// What is wrong with a command line that CLI11 has refused with `error`, and what was meant: the
/// nearest command or option.
std::string explainUsage(const CLI::App &app, const CLI::ParseError &error);

/// The candidate that differs least from `word`; empty where none is near.
std::string nearestName(const std::string &word, const std::vector<std::string> &candidates);

} // namespace lamina::tools
