// lamina data describe
#include <memory>

#include "support/output.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/description/describe_data.h"
#include "tools/lamina/usage/options.h"

namespace lamina::tools {

namespace {

struct DescribeOptions {
  std::string action, data;
  TextFileOptions text;
  bool json = false;
};

void describe(const DescribeOptions &options) {
  trainer::DataFile file = trainer::openDataFile(options.data, options.text.text());
  nlohmann::ordered_json description = describeData(file);
  if (options.json)
    output("{}\n", description.dump());
  else
    output("{}", describeInWords(description));
}

} // namespace

void addData(CLI::App &command, Action &action) {
  auto options = std::make_shared<DescribeOptions>();
  command
      .add_option("ACTION", options->action,
                  "describe: types, ranges, missing values, categories, and what training does "
                  "with each column")
      ->required()
      ->check(CLI::IsMember({"describe"}));
  addPath(command, "DATA", options->data, "A table or arrays, of any kind that --data takes")
      ->required();
  options->text.addText(command);
  command.add_flag("--json", options->json, "Print one line of JSON");
  command.callback([&action, options] { action = [options] { describe(*options); }; });
}

} // namespace lamina::tools
