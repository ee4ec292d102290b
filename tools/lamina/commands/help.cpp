// lamina help, lamina completion
#include <memory>

#include "support/output.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/usage/completion.h"
#include "tools/lamina/usage/manual.h"

namespace lamina::tools {

namespace {

struct HelpOptions {
  std::string command;
  bool manual = false;
};

void help(const CLI::App &app, const HelpOptions &options) {
  const CLI::App *command = options.command.empty() ? &app : app.get_subcommand(options.command);
  if (options.manual)
    writeOutput(command == &app ? programManual(app) : commandManual(*command));
  else // not App::help, which explains the command that was called: this one
    writeOutput(app.get_formatter()->make_help(
        command, command == &app ? "lamina" : "lamina " + options.command,
        CLI::AppFormatMode::Normal));
}

} // namespace

void addHelp(CLI::App &app, CLI::App &command, Action &action,
             const std::vector<std::string> &commands) {
  auto options = std::make_shared<HelpOptions>();
  command
      .add_option("COMMAND", options->command, "The command to explain (default: all, in short)")
      ->check(CLI::IsMember(commands));
  command.add_flag("--man", options->manual, "Write the manual page, for man and groff");
  command.callback([&app, &action, options] { action = [&app, options] { help(app, *options); }; });
}

void addCompletion(CLI::App &app, CLI::App &command, Action &action) {
  auto shell = std::make_shared<std::string>();
  command.add_option("SHELL", *shell, "The shell to complete for")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}));
  command.callback([&app, &action, shell] {
    action = [&app, shell] {
      writeOutput(*shell == "bash" ? bashCompletion(app) : zshCompletion(app));
    };
  });
}

} // namespace lamina::tools
