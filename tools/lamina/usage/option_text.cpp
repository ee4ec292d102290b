#include "tools/lamina/usage/option_text.h"

namespace lamina::tools {

namespace {

std::vector<std::string> split(const std::string &text, char separator) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// CLI11 keeps choices in the text that describes them: "TEXT:{train_step,predict}".
std::vector<std::string> choicesOf(const std::string &type) {
  size_t open = type.find(":{"), close = type.rfind('}');
  if (open == std::string::npos || close == std::string::npos || close < open)
    return {};
  return split(type.substr(open + 2, close - open - 2), ',');
}

OptionText describe(const CLI::Option &option) {
  OptionText text;
  text.names = split(option.get_name(option.get_positional(), !option.get_positional()), ',');
  if (option.get_items_expected_max() > 0) {
    std::string type = option.get_type_name();
    text.value = type.substr(0, type.find_first_of(": "));
    text.choices = choicesOf(type);
    text.standard = option.get_default_str();
  }
  text.description = option.get_description();
  text.isRequired = option.get_required();
  return text;
}

} // namespace

std::vector<OptionText> optionTexts(const CLI::App &command) {
  std::vector<OptionText> texts;
  for (const CLI::Option *option : command.get_options())
    texts.push_back(describe(*option));
  return texts;
}

std::vector<const CLI::App *> commandsOf(const CLI::App &app) {
  return app.get_subcommands([](const CLI::App *) { return true; });
}

} // namespace lamina::tools
