#include "tools/lamina/usage/manual.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/lamina/usage/option_text.h"
#include "tools/lamina/usage/version.h"

namespace lamina::tools {

namespace {

/// Text that groff shows as it is.
std::string escaped(const std::string &text) {
  std::string result;
  for (char c : text) {
    if (c == '\\')
      result += "\\e";
    else if (c == '-')
      result += "\\-";
    else if (c == ',')
      result += ",\\:"; // long lists of settings may be broken here
    else
      result += c;
  }
  bool isRequest = !result.empty() && (result[0] == '.' || result[0] == '\'');
  return (isRequest ? "\\&" : "") + result;
}

std::string header(const std::string &name, const std::string &description) {
  std::string title = name;
  std::ranges::transform(title, title.begin(), [](unsigned char c) { return std::toupper(c); });
  return fmt::format(
      ".TH {} 1 \"\" \"lamina {}\" \"User Commands\"\n.na\n.nh\n.SH NAME\n{} \\- {}\n",
      escaped(title), versionNumber(), escaped(name), escaped(description));
}

std::string nameWithValue(const OptionText &option) {
  std::string names;
  for (const std::string &name : option.names)
    names += (names.empty() ? "\\fB" : ", \\fB") + escaped(name) + "\\fR";
  return option.value.empty() ? names : names + " \\fI" + escaped(option.value) + "\\fR";
}

std::string details(const OptionText &option) {
  std::string text = escaped(option.description) + "\n";
  if (!option.choices.empty())
    text +=
        fmt::format("One of {}.\n", escaped(fmt::format("{}", fmt::join(option.choices, ", "))));
  if (!option.standard.empty())
    text += fmt::format("Default: {}.\n", escaped(option.standard));
  return text;
}

const char *kExitStatus =
    ".SH EXIT STATUS\n0: done; 1: the input or the request is at fault, which one line on standard "
    "error tells, or standard output could not be written; 2: wrong usage.\n";

} // namespace

std::string programManual(const CLI::App &app) {
  std::string page = header("lamina", app.get_description());
  page += ".SH SYNOPSIS\n.B lamina\n.I COMMAND\n[\\fIOPTIONS\\fR]\n.SH COMMANDS\n";
  std::string pages;
  for (const CLI::App *command : commandsOf(app)) {
    page += fmt::format(".TP\n\\fB{}\\fR\n{}\n", escaped(command->get_name()),
                        escaped(command->get_description()));
    pages += fmt::format("{}.BR lamina\\-{} (1)", pages.empty() ? "" : ",\n",
                         escaped(command->get_name()));
  }
  page += ".SH OPTIONS\n";
  for (const OptionText &option : optionTexts(app))
    page += ".TP\n" + nameWithValue(option) + "\n" + details(option);
  return page + kExitStatus + ".SH SEE ALSO\n" + pages + "\n";
}

std::string commandManual(const CLI::App &command) {
  std::string name = command.get_name(), synopsis, arguments, options;
  for (const OptionText &option : optionTexts(command)) {
    std::string item = ".TP\n" + nameWithValue(option) + "\n" + details(option);
    (option.isPositional() ? arguments : options) += item;
    if (option.isPositional())
      synopsis += option.isRequired ? fmt::format(".I {}\n", escaped(option.names[0]))
                                    : fmt::format("[\\fI{}\\fR]\n", escaped(option.names[0]));
    else if (option.isRequired)
      synopsis += nameWithValue(option) + "\n";
  }
  std::string page = header("lamina-" + name, command.get_description());
  page += fmt::format(".SH SYNOPSIS\n.B lamina {}\n{}[\\fIOPTIONS\\fR]\n", escaped(name), synopsis);
  if (!arguments.empty())
    page += ".SH ARGUMENTS\n" + arguments;
  return page + ".SH OPTIONS\n" + options + kExitStatus + ".SH SEE ALSO\n.BR lamina (1)\n";
}

} // namespace lamina::tools
