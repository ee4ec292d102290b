// lamina corr
#include <memory>

#include "support/atomic_file.h"
#include "support/error.h"
#include "support/output.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/correlation/report.h"
#include "tools/lamina/usage/options.h"

namespace lamina::tools {

namespace {

struct CorrOptions {
  std::string data, method = "pearson", heatmap;
  AnalysisOptions analysis;
  TextFileOptions text;
  uint32_t threads = 0;
  bool json = false;
};

/// What makes a picture's file from a heatmap.
using Draw = std::string (*)(const Heatmap &map);

Draw drawingOf(const std::string &path) {
  for (auto [ending, draw] :
       {std::pair<std::string_view, Draw>{".svg", toSvg}, {".png", toPng}, {".html", toHtml}})
    if (path.ends_with(ending))
      return draw;
  fail("cannot write {}: the name must end in .svg, .png or .html", printable(path, 4096));
}

void correlate(CorrOptions options) {
  Draw draw = options.heatmap.empty() ? nullptr : drawingOf(options.heatmap);
  requireDistinct({{"DATA", options.data}}, {{"--heatmap", options.heatmap}});
  if (draw)
    requireWritable(options.heatmap);
  trainer::DataFile file = trainer::openDataFile(options.data, options.text.text());
  if (!file.table)
    fail("{}: correlation is of a table's columns, and this file holds arrays; give CSV, TSV, "
         ".data or ARFF",
         options.data);
  for (auto method : {statistics::Method::Spearman, statistics::Method::Kendall})
    if (options.method == nameOf(method))
      options.analysis.method = method;
  Analysis analysis = analyse(*file.table, options.analysis, session::sharePool(options.threads));
  if (draw)
    writeFileAtomically(options.heatmap, draw(heatmapOf(analysis)));
  if (options.json)
    output("{}\n", toJson(analysis).dump());
  else
    output("{}", describe(analysis));
}

} // namespace

void addCorr(CLI::App &command, Action &action) {
  auto options = std::make_shared<CorrOptions>();
  addPath(command, "DATA", options->data, "A table: CSV, TSV, .data or ARFF, also gzipped")
      ->required();
  command
      .add_option("--method", options->method,
                  "pearson for linear relations, spearman or kendall for all monotonic ones")
      ->check(CLI::IsMember({"pearson", "spearman", "kendall"}))
      ->capture_default_str();
  command.add_option("--target", options->analysis.target,
                     "A column by name or number: show the relevance of the others for it");
  addList(command, "--drop", options->analysis.drop, "Columns to leave out, by name or number");
  options->text.addText(command);
  addPath(command, "--heatmap", options->heatmap,
          "A picture of the coefficients: .svg, .png or "
          ".html");
  command
      .add_option("--threads", options->threads,
                  "Threads to use (default: the CPUs this process may use)")
      ->check(CLI::Range(1u, 1024u));
  command.add_flag("--json", options->json, "Print one line of JSON");
  command.callback([&action, options] { action = [options] { correlate(*options); }; });
}

} // namespace lamina::tools
