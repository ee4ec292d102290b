#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace lamina::tools {

/// The text about an option in help, manual pages and completion: all from its declaration.
struct OptionText {
  std::vector<std::string> names; ///< "-o", "--output"; that of an argument without a dash
  std::string value; ///< the name of its value: "FILE", "DIR", "INT", …; empty: nothing
  std::vector<std::string> choices; ///< the values that it may have, where these are some
  std::string description;
  std::string standard; ///< the value that it has without being given; empty: none to tell
  bool isRequired = false;

  bool isPositional() const { return !names.front().starts_with('-'); }
};

/// The options and arguments of a command, in the order of their declaration.
std::vector<OptionText> optionTexts(const CLI::App &command);

/// The commands that are for people.
std::vector<const CLI::App *> commandsOf(const CLI::App &app);

} // namespace lamina::tools
