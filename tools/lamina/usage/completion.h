#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace lamina::tools {

/// Scripts that complete commands, options and their values, for the shells' completion systems.
std::string bashCompletion(const CLI::App &app);
std::string zshCompletion(const CLI::App &app);

} // namespace lamina::tools
