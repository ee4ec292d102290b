// lamina report
#include <algorithm>
#include <filesystem>
#include <memory>

#include "frontend/files/json.h"
#include "frontend/files/read_file.h"
#include "ir/module.h"
#include "support/atomic_file.h"
#include "support/error.h"
#include "support/output.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/commands/data.h"
#include "tools/lamina/report/page.h"
#include "tools/lamina/run/run_folder.h"
#include "tools/lamina/run/train_options.h"
#include "tools/lamina/usage/version.h"

namespace lamina::tools {

namespace {

using nlohmann::ordered_json;

struct ReportOptions {
  std::string run, out;
  uint32_t threads = 0;
};

std::string readText(const std::string &path) {
  auto bytes = frontend::readFile(path);
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

ordered_json readRecord(const std::string &path) {
  ordered_json record = frontend::parseJson(path, readText(path));
  if (!record.is_object() || record.value("lamina_run", ordered_json()) != 1)
    fail("{}: this is no record of a run; lamina train --run DIR writes one", path);
  return record;
}

/// The epochs of the log, as far as its lines are whole.
std::vector<ordered_json> readEpochs(const std::string &path) {
  std::vector<ordered_json> epochs;
  std::string text = readText(path);
  for (size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos;
       begin = end + 1) {
    ordered_json line =
        frontend::parseJson(path, std::string_view(text).substr(begin, end - begin));
    if (!line.is_object())
      fail("{}: a line is no object; the log is damaged", path);
    epochs.push_back(std::move(line));
  }
  return epochs;
}

/// Reads the options of the training again, from what the record has of its command line. They ask
/// `app` later what was given.
void readOptions(CLI::App &app, TrainOptions &options, const std::string &path,
                 const ordered_json &record) {
  options.add(app);
  try {
    auto arguments = record.at("arguments").get<std::vector<std::string>>();
    std::ranges::reverse(arguments); // as CLI11 takes them
    app.parse(arguments);
    options.data.data = record.at("data").at("path").get<std::string>();
  } catch (const CLI::ParseError &error) {
    fail("{}: the record is damaged: {}", path, printable(error.what(), 200));
  } catch (const ordered_json::exception &) {
    fail("{}: the record is damaged: it does not say what was trained on", path);
  }
}

class Reporter {
public:
  explicit Reporter(const ReportOptions &options) : paths_(options.run), threads_(options.threads) {
    report_.record = readRecord(paths_.record);
    std::error_code ignored;
    if (std::filesystem::exists(paths_.lines, ignored))
      report_.epochs = readEpochs(paths_.lines);
    report_.processor = processorText();
  }

  RunReport make() {
    CLI::App app;
    TrainOptions options;
    readOptions(app, options, paths_.record, report_.record);
    std::string model = options.out.empty() ? paths_.model : options.out;
    std::error_code ignored;
    if (!std::filesystem::exists(model, ignored)) {
      leaveOut("Confusion matrix, kernels and memory", fmt::format("there is no {}", model));
    } else {
      attempt("The confusion matrix", [&] { confuse(options, model); });
      attempt("Kernels and memory", [&] { profile(options, model); });
    }
    attempt("Correlation", [&] { correlate(options); });
    return std::move(report_);
  }

private:
  void leaveOut(const std::string &part, const std::string &reason) {
    report_.missing.push_back(fmt::format("{} cannot be shown: {}.", part, reason));
  }

  /// What one part lacks does no harm to the others.
  template <typename Part> void attempt(const char *name, Part part) {
    try {
      part();
    } catch (const UserError &error) {
      leaveOut(name, error.what());
    }
  }

  session::Options sessionOptions(const TrainOptions &options, const std::string &model) const {
    session::Options settings = options.model.forSession();
    settings.model = model;
    settings.weights.clear();
    settings.threads = threads_;
    settings.tell = nullptr;
    return settings;
  }

  void requireSameData(const TrainOptions &options) const {
    std::string hash = hashFile(options.data.data);
    if (hash.empty())
      fail("{} is not there any more", options.data.data);
    const ordered_json &data = report_.record["data"];
    if (data.contains("sha256") && data["sha256"] != hash)
      fail("{} has changed since the run", options.data.data);
  }

  void confuse(const TrainOptions &options, const std::string &model) {
    requireSameData(options);
    bool isApart = !options.validationData.empty();
    std::string path = isApart ? report_.record["validation"].value("path", options.validationData)
                               : options.data.data;
    PendingData pending(path, options.data);
    Session session = pending.open(sessionOptions(options, model), false);
    trainer::BindOptions binding = options.data.binding();
    binding.known = session.recipe();
    binding.numbersLabels = false;
    if (!isApart)
      binding.keyColumn = options.splitColumn;
    binding.splitsRows = options.validationSplit > 0;
    binding.weighting = {options.data.sampleWeight, true, {}};
    trainer::Dataset data = pending.bind(session, binding);
    report_.confusionRows = isApart ? "the validation data" : "the training data";
    if (options.validationSplit > 0) {
      data = options.splitOff(data, session.importedSignature().inputs);
      report_.confusionRows = "the rows kept for validation";
    }
    report_.confusions = confusionsOf(session, session.compile(0), data);
  }

  void profile(const TrainOptions &options, const std::string &model) {
    Session session(sessionOptions(options, model), /*training=*/true);
    if (!session.module().lookupSymbol(ir::kOptimizer))
      fail("{} is not compiled for training", model);
    trainer::Dataset batch = session::randomBatch(session);
    constexpr int64_t kSteps = 20;
    report_.profile = profileStep(session, ir::kTrainStep.str(), batch, kSteps, "");
    report_.memory =
        passes::describeArena(session.module().lookupSymbol<mlir::func::FuncOp>(ir::kTrainStep));
  }

  void correlate(const TrainOptions &options) {
    requireSameData(options);
    trainer::DataFile file = trainer::openDataFile(options.data.data, options.data.text());
    if (!file.table)
      return;
    AnalysisOptions wanted;
    wanted.drop = options.data.drop;
    if (options.data.targets.size() == 1)
      wanted.target = options.data.targets.front();
    else if (options.data.targets.empty())
      wanted.target = "-1";
    report_.correlation = analyse(*file.table, wanted, session::sharePool(threads_));
    report_.correlation->file = std::filesystem::path(file.path).filename().string();
  }

  RunPaths paths_;
  uint32_t threads_;
  RunReport report_;
};

void report(const ReportOptions &options) {
  if (!options.out.ends_with(".html"))
    fail("cannot write {}: the name must end in .html", printable(options.out, 4096));
  requireWritable(options.out);
  RunReport made = Reporter(options).make();
  writeFileAtomically(options.out, std::string_view(reportPage(made)));
  for (const std::string &reason : made.missing)
    note("note: {}\n", printable(reason, 4096));
}

} // namespace

void addReport(CLI::App &command, Action &action) {
  auto options = std::make_shared<ReportOptions>();
  addPath(command, "RUN", options->run, "The folder of lamina train --run", "DIR")->required();
  addPath(command, "-o,--output", options->out, "The page: .html")->required();
  command
      .add_option("--threads", options->threads,
                  "Threads to measure with (default: the CPUs this process may use)")
      ->check(CLI::Range(1u, 1024u));
  command.callback([&action, options] { action = [options] { report(*options); }; });
}

} // namespace lamina::tools
