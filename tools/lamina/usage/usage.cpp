#include "tools/lamina/usage/usage.h"

#include <algorithm>

#include <fmt/format.h>

#include "support/error.h"
#include "tools/lamina/usage/option_text.h"
#include "llvm/ADT/StringRef.h"

namespace lamina::tools {

namespace {

std::string suggest(const std::string &nearest, const std::string &otherwise) {
  return nearest.empty() ? otherwise : fmt::format("; did you mean {}?", nearest);
}

std::string unknownCommand(const CLI::App &app, const std::string &word) {
  std::vector<std::string> names;
  for (const CLI::App *command : commandsOf(app))
    names.push_back(command->get_name());
  return fmt::format("unknown command '{}'{}", printable(word),
                     suggest(nearestName(word, names), "; 'lamina help' lists them"));
}

std::string unknownOption(const CLI::App &command, const std::string &word,
                          const std::string &help) {
  std::string name = word.substr(0, word.find('='));
  std::vector<std::string> names;
  for (const OptionText &option : optionTexts(command))
    for (const std::string &known : option.names)
      if (known.starts_with("--"))
        names.push_back(known);
  return fmt::format("unknown option {}{}", printable(name),
                     suggest(nearestName(name, names), fmt::format("; '{}' lists them", help)));
}

bool isOption(const std::string &word) {
  return word.size() > 1 && word[0] == '-';
}

/// CLI11's words: the first line, which is about the fault.
std::string firstLine(const CLI::ParseError &error) {
  std::string text = error.what();
  return printable(text.substr(0, text.find('\n')), 400);
}

} // namespace

std::string nearestName(const std::string &word, const std::vector<std::string> &candidates) {
  llvm::StringRef letters = llvm::StringRef(word).ltrim('-');
  std::string nearest;
  // A slip of the pen leaves most letters as they are; two that changed places count twice.
  size_t least = std::max<size_t>(1, (letters.size() + 1) / 3) + 1;
  for (const std::string &candidate : candidates) {
    llvm::StringRef other = llvm::StringRef(candidate).ltrim('-');
    bool isBeginning = letters.size() > 3 && other.starts_with(letters);
    size_t distance = isBeginning ? 1 : other.edit_distance(letters);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string explainUsage(const CLI::App &app, const CLI::ParseError &error) {
  std::vector<CLI::App *> chosen = const_cast<CLI::App &>(app).get_subcommands();
  const CLI::App &command = chosen.empty() ? app : *chosen.front();
  std::string help = chosen.empty() ? "lamina help" : "lamina help " + command.get_name();
  std::vector<std::string> rest = command.remaining();
  auto option = std::ranges::find_if(rest, isOption);
  if (option != rest.end())
    return unknownOption(command, *option, help);
  if (!rest.empty() && chosen.empty())
    return unknownCommand(app, rest.front());
  if (chosen.empty())
    return fmt::format("a command is missing; '{}' lists them", help);
  if (!rest.empty() && error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError))
    return fmt::format("there is no place for '{}'; see '{}'", printable(rest.front()), help);
  return fmt::format("{}; see '{}'", firstLine(error), help);
}

} // namespace lamina::tools
