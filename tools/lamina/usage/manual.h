#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace lamina::tools {

/// The manual page (section 1, for man and groff) of the program, and of one of its commands.
std::string programManual(const CLI::App &app);
std::string commandManual(const CLI::App &command);

} // namespace lamina::tools
