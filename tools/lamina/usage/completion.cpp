#include "tools/lamina/usage/completion.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/lamina/usage/option_text.h"

namespace lamina::tools {

namespace {

std::string commandNames(const CLI::App &app) {
  std::vector<std::string> names;
  for (const CLI::App *command : commandsOf(app))
    names.push_back(command->get_name());
  return fmt::format("{}", fmt::join(names, " "));
}

/// Bash's proposals for an option's value: `compgen` with these arguments, or nothing.
std::string bashValue(const OptionText &option) {
  if (!option.choices.empty())
    return fmt::format("offer -W '{}'", fmt::join(option.choices, " "));
  if (option.value == "FILE")
    return "offer -f";
  if (option.value == "DIR")
    return "offer -d";
  return ":";
}

/// The branches of one command: values after options, then options, then arguments.
std::string bashCommand(const CLI::App &command) {
  std::string values, options, arguments = ":";
  for (const OptionText &option : optionTexts(command)) {
    if (option.isPositional()) {
      arguments = arguments == ":" ? bashValue(option) : arguments;
      continue;
    }
    for (const std::string &name : option.names)
      options += (options.empty() ? "" : " ") + name;
    if (!option.value.empty())
      values +=
          fmt::format("      {}) {}; return ;;\n", fmt::join(option.names, "|"), bashValue(option));
  }
  return fmt::format("    {}) case $before in\n{}      esac\n"
                     "      if [[ $word == -* ]]; then offer -W '{}'; else {}; fi ;;\n",
                     command.get_name(), values, options, arguments);
}

/// Text within single quotes.
std::string quoted(const std::string &text, std::string_view escapes = "") {
  std::string result = "'";
  for (char c : text) {
    if (c == '\'')
      result += "'\\''";
    else if (escapes.find(c) != std::string_view::npos)
      result += std::string("\\") + c;
    else
      result += c;
  }
  return result + "'";
}

/// Zsh's proposals for a value: the last part of a specification for _arguments.
std::string zshValue(const OptionText &option) {
  std::string value = ":" + (option.value.empty() ? option.names[0] : option.value) + ":";
  if (!option.choices.empty())
    return value + fmt::format("({})", fmt::join(option.choices, " "));
  if (option.value == "FILE")
    return value + "_files";
  return option.value == "DIR" ? value + "_files -/" : value + " ";
}

std::string zshOption(const OptionText &option, const std::string &name) {
  std::string description = quoted(option.description, "[]:\\");
  description = description.substr(1, description.size() - 2);
  return fmt::format("'{}[{}]{}'", name, description, option.value.empty() ? "" : zshValue(option));
}

std::string zshCommand(const CLI::App &command) {
  std::string specifications;
  for (const OptionText &option : optionTexts(command)) {
    if (option.isPositional()) {
      specifications += fmt::format(" \\\n        {}", quoted(zshValue(option)));
      continue;
    }
    for (const std::string &name : option.names)
      specifications += " \\\n        " + zshOption(option, name);
  }
  return fmt::format("    {}) _arguments{} ;;\n", command.get_name(), specifications);
}

} // namespace

std::string bashCompletion(const CLI::App &app) {
  std::string commands;
  for (const CLI::App *command : commandsOf(app))
    commands += bashCommand(*command);
  return fmt::format(
      R"(# bash completion for lamina: source this file, or put it where bash-completion looks.
_lamina() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
  # --option=value comes as three words.
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]]; then
    before=${{COMP_WORDS[COMP_CWORD-2]}}
  fi
  offer() {{ mapfile -t COMPREPLY < <(compgen "$@" -- "$word"); }}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    offer -W '{} --help --version'
    return
  fi
  case ${{COMP_WORDS[1]}} in
{}  esac
}}
complete -o filenames -F _lamina lamina
)",
      commandNames(app), commands);
}

std::string zshCompletion(const CLI::App &app) {
  std::string names, commands;
  for (const CLI::App *command : commandsOf(app)) {
    names +=
        fmt::format("\n    {}", quoted(command->get_name() + ":" + command->get_description()));
    commands += zshCommand(*command);
  }
  return fmt::format(R"(#compdef lamina
# zsh completion for lamina: put this file as _lamina into a folder of $fpath.
_lamina() {{
  local -a commands=({})
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  shift words
  ((CURRENT--))
  case $words[1] in
{}  esac
}}
_lamina "$@"
)",
                     names, commands);
}

} // namespace lamina::tools
