#include "tools/lamina/report/page.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "tools/lamina/correlation/report.h"
#include "tools/lamina/report/chart.h"
#include "tools/lamina/report/style.h"
#include "tools/lamina/statistics.h"

namespace lamina::tools {

namespace {

using nlohmann::ordered_json;

/// Rows of tables; more would be read by nobody, and pages stay small.
constexpr size_t kMostRows = 200, kMostKernels = 40, kMostRelevant = 20;
/// A heatmap's numbers of more columns cannot be read.
constexpr size_t kMostColumns = 60;

std::string number(const ordered_json &value) {
  return value.is_number() ? fmt::format("{:.5g}", value.get<double>()) : "-";
}

double numberOr(const ordered_json &value, double otherwise) {
  return value.is_number() ? value.get<double>() : otherwise;
}

/// Text of a member, or of a member of a member.
std::string text(const ordered_json &record, const std::string &pointer) {
  ordered_json value = record.value(ordered_json::json_pointer(pointer), ordered_json());
  return value.is_null() ? "" : value.is_string() ? value.get<std::string>() : value.dump();
}

class Page {
public:
  explicit Page(const RunReport &report) : report_(report) {}

  std::string write() {
    std::string model = text(report_.record, "/model/path");
    std::string title = "Run of " + model.substr(model.rfind('/') + 1);
    html_ = fmt::format("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                        "<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n<header>\n"
                        "<h1>{0}</h1>\n",
                        escapeMarkup(title), kReportStyle);
    writeFacts();
    html_ += "</header>\n<main>\n";
    writeCurves();
    writeConfusions();
    writeCorrelation();
    writeKernels();
    writeMemory();
    writeSettings();
    html_ += "</main>\n</body>\n</html>\n";
    return std::move(html_);
  }

private:
  void begin(const char *id, const char *title, const std::string &words) {
    html_ += fmt::format("<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\">{1}</h2>\n", id, title);
    if (!words.empty())
      html_ += fmt::format("<p>{}</p>\n", escapeMarkup(words));
  }
  void end() { html_ += "</section>\n"; }

  void panel(const std::string &title, const std::string &content) {
    html_ +=
        fmt::format("<div class=\"panel\"><h3>{}</h3>{}</div>\n", escapeMarkup(title), content);
  }

  /// A table that can be moved sideways with the keyboard too. Cells of `head` and `rows` are
  /// markup.
  void table(const std::string &caption, const std::vector<std::string> &head,
             const std::vector<std::vector<std::string>> &rows) {
    html_ += fmt::format("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\">"
                         "<table><caption>{0}</caption>\n<thead><tr>",
                         escapeMarkup(caption));
    for (const std::string &cell : head)
      html_ += fmt::format("<th scope=\"col\">{}</th>", cell);
    html_ += "</tr></thead>\n<tbody>\n";
    for (const std::vector<std::string> &row : rows) {
      html_ += fmt::format("<tr><th scope=\"row\">{}</th>", row.front());
      for (size_t i = 1; i < row.size(); ++i)
        html_ += row[i].starts_with("<td") ? row[i] : fmt::format("<td>{}</td>", row[i]);
      html_ += "</tr>\n";
    }
    html_ += "</tbody></table></div>\n";
  }

  void fact(const std::string &name, const std::string &value) {
    if (!value.empty())
      html_ += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escapeMarkup(name),
                           escapeMarkup(value));
  }

  void writeFacts() {
    const ordered_json &record = report_.record;
    std::string error = text(record, "/error");
    if (!error.empty())
      html_ += fmt::format("<p class=\"failed\">{}</p>\n", escapeMarkup(error));
    html_ += "<dl class=\"facts\">\n";
    fact("state", text(record, "/status"));
    fact("epochs", std::to_string(report_.epochs.size()));
    if (!report_.epochs.empty())
      for (const auto &[name, value] : report_.epochs.back().items())
        if (name != "epoch" && name != "seconds")
          fact(name, number(value));
    if (record.contains("seconds"))
      fact("seconds", number(record["seconds"]));
    std::string began = text(record, "/started").substr(0, 16); // without seconds
    std::ranges::replace(began, 'T', ' ');
    fact("began (UTC)", began);
    html_ += "</dl>\n";
  }

  std::vector<double> valuesOf(const std::string &log) const {
    std::vector<double> values;
    for (const ordered_json &epoch : report_.epochs)
      values.push_back(numberOr(epoch.value(log, ordered_json()), NAN));
    return values;
  }

  void writeCurves() {
    if (report_.epochs.empty())
      return;
    std::vector<std::string> logs;
    for (const auto &[name, value] : report_.epochs.back().items())
      if (name != "epoch" && name != "seconds" && !name.starts_with("val_"))
        logs.push_back(name);
    // The loss is what is looked at first.
    std::ranges::stable_partition(logs, [](const std::string &name) { return name == "loss"; });
    begin("curves", "Curves", "");
    html_ += "<div class=\"charts\">\n";
    for (const std::string &log : logs)
      panel(log, drawLog(log));
    html_ += "</div>\n";
    writeEpochs(logs);
    end();
  }

  std::string drawLog(const std::string &log) const {
    LineChart chart;
    chart.title = log + " by epoch";
    chart.horizontal = "epoch";
    chart.begin = 1;
    chart.lines = {{"training", valuesOf(log)}};
    chart.description = fmt::format("Training: from {:.5g} to {:.5g}.",
                                    chart.lines[0].values.front(), chart.lines[0].values.back());
    if (report_.epochs.back().contains("val_" + log)) {
      chart.lines.push_back({"validation", valuesOf("val_" + log)});
      chart.description += fmt::format(" Validation: from {:.5g} to {:.5g}.",
                                       chart.lines[1].values.front(), chart.lines[1].values.back());
    }
    return drawLines(chart);
  }

  void writeEpochs(const std::vector<std::string> &logs) {
    std::vector<std::string> head = {"epoch"}, names;
    for (const std::string &log : logs)
      for (const std::string &name : {log, "val_" + log})
        if (report_.epochs.back().contains(name)) {
          names.push_back(name);
          head.push_back(escapeMarkup(name));
        }
    std::vector<std::vector<std::string>> rows;
    size_t count = report_.epochs.size(), step = (count + kMostRows - 1) / kMostRows;
    for (size_t i = (count - 1) % step; i < count; i += step) {
      rows.push_back({std::to_string(i + 1)});
      for (const std::string &name : names)
        rows.back().push_back(number(report_.epochs[i].value(name, ordered_json())));
    }
    html_ += "<details><summary>The numbers</summary>\n";
    table(step > 1 ? fmt::format("Every {}th epoch", step) : "All epochs", head, rows);
    html_ += "</details>\n";
  }

  void writeConfusions() {
    if (report_.confusions.empty())
      return;
    begin("confusion", "Confusion matrix",
          fmt::format("How many rows of each class (lines) were taken for each class, of {}.",
                      report_.confusionRows));
    for (const auto &[output, matrix] : report_.confusions)
      writeConfusion(output, matrix);
    end();
  }

  void writeConfusion(const std::string &output, const ConfusionMatrix &matrix) {
    std::vector<std::string> head = {"class"};
    std::vector<std::vector<std::string>> rows;
    size_t count = std::min(matrix.names().size(), kMostRows / 2);
    for (size_t i = 0; i < count; ++i) {
      head.push_back(escapeMarkup(matrix.names()[i]));
      int64_t all = 0;
      for (size_t j = 0; j < matrix.names().size(); ++j)
        all += matrix.count(i, j);
      rows.push_back({escapeMarkup(matrix.names()[i])});
      for (size_t j = 0; j < count; ++j) {
        double share = all ? static_cast<double>(matrix.count(i, j)) / static_cast<double>(all) : 0;
        const char *color = i == j ? "31, 95, 191" : "180, 83, 9";
        rows.back().push_back(fmt::format("<td style=\"background: rgba({}, {:.2f})\">{}</td>",
                                          color, 0.55 * share, matrix.count(i, j)));
      }
    }
    table(fmt::format("Output {}", output), head, rows);
  }

  void writeCorrelation() {
    if (!report_.correlation)
      return;
    const Analysis &analysis = *report_.correlation;
    begin("correlation", "Correlation",
          fmt::format("Pearson's coefficients between the columns of {}.", analysis.file));
    if (analysis.columns.size() <= kMostColumns)
      html_ += "<div class=\"heatmap\">" + toSvg(heatmapOf(analysis)) + "</div>\n";
    std::vector<std::vector<std::string>> rows;
    for (const Relevance &relevance : analysis.relevance)
      if (rows.size() < kMostRelevant)
        rows.push_back({escapeMarkup(analysis.columns[relevance.column]),
                        fmt::format("{:.3f}", relevance.coefficient),
                        fmt::format("{:.2g}", relevance.pValue)});
    if (!rows.empty())
      table("Relevance for " + analysis.target,
            {"column", analysis.hasRatios() ? "correlation ratio" : "correlation", "p"}, rows);
    end();
  }

  void writeKernels() {
    if (!report_.profile)
      return;
    const StepProfile &profile = *report_.profile;
    begin("kernels", "Kernels by time",
          fmt::format(
              "A training step takes {:.4g} ms ({:.4g} ms in kernels), measured on {} when this "
              "page was made.",
              profile.stepMs, profile.kernelsMs, report_.processor));
    std::vector<RooflinePoint> points;
    for (const KernelProfile &kernel : profile.kernels)
      points.push_back({nameOf(kernel), kernel.flops / std::max(kernel.bytes, 1.0),
                        kernel.flops / std::max(kernel.milliseconds, 1e-9) * 1e3,
                        std::min(kernel.milliseconds / profile.stepMs, 1.0)});
    if (profile.peakFlops > 0 && profile.bandwidth > 0) {
      html_ += "<div class=\"charts\">\n";
      panel("Roofline", drawRoofline(points, profile.peakFlops, profile.bandwidth));
      html_ += "</div>\n";
    }
    std::vector<std::vector<std::string>> rows;
    for (const KernelProfile &kernel : profile.kernels)
      if (rows.size() < kMostKernels)
        rows.push_back(kernelRow(kernel, profile));
    table(fmt::format("The slowest {} of {} kernels", rows.size(), profile.kernels.size()),
          {"layer", "family", "ms", "share of the step", "%", "% of the roof"}, rows);
    end();
  }

  static std::string nameOf(const KernelProfile &kernel) {
    return kernel.layer.empty() ? kernel.family : kernel.layer;
  }

  static std::vector<std::string> kernelRow(const KernelProfile &kernel,
                                            const StepProfile &profile) {
    double share = 100 * kernel.milliseconds / profile.stepMs, roof = profile.rooflineShare(kernel);
    return {escapeMarkup(nameOf(kernel)),
            fmt::format("<td class=\"words\">{}</td>", escapeMarkup(kernel.family)),
            fmt::format("{:.4f}", kernel.milliseconds),
            fmt::format("<td><span class=\"bar\" style=\"--part: {:.1f}%\"></span></td>",
                        std::min(share, 100.0)),
            fmt::format("{:.1f}", share),
            std::isfinite(roof) ? fmt::format("{:.0f}", 100 * roof) : "-"};
  }

  void writeMemory() {
    if (!report_.memory || report_.memory->waves == 0)
      return;
    const passes::MemoryPlan &plan = *report_.memory;
    LineChart chart;
    chart.title = "Memory in use over the step";
    chart.horizontal = "wave";
    chart.isArea = true;
    chart.unit = "MiB";
    std::vector<double> live(static_cast<size_t>(plan.waves));
    for (const passes::PlannedBuffer &buffer : plan.buffers)
      for (int64_t wave = buffer.firstWave; wave <= buffer.lastWave && wave < plan.waves; ++wave)
        live[static_cast<size_t>(wave)] += static_cast<double>(buffer.bytes) / (1 << 20);
    chart.lines = {{"in use", live}};
    chart.description = fmt::format("At most {} live at one time.", formatBytes(plan.liveBytes));
    begin("memory", "Memory over the step",
          fmt::format(
              "Intermediate values of a training step in {} waves of kernels: the arena has {}, "
              "at most {} live at one time; without sharing they would take {}.",
              plan.waves, formatBytes(plan.arenaBytes), formatBytes(plan.liveBytes),
              formatBytes(plan.totalBytes)));
    html_ += "<div class=\"charts\">\n";
    panel("Memory in use", drawLines(chart));
    html_ += "</div>\n";
    end();
  }

  void writeSettings() {
    begin("settings", "Settings, data and machine", "");
    for (const std::string &reason : report_.missing)
      html_ += fmt::format("<p>{}</p>\n", escapeMarkup(reason));
    std::vector<std::vector<std::string>> rows;
    const ordered_json &record = report_.record;
    auto add = [&](const char *name, const std::string &value) {
      if (!value.empty())
        rows.push_back({name, fmt::format("<td class=\"long\">{}</td>", escapeMarkup(value))});
    };
    std::string command = "lamina train";
    for (const ordered_json &argument : record.value("arguments", ordered_json::array()))
      command += " " + (argument.is_string() ? argument.get<std::string>() : argument.dump());
    add("command", command);
    for (const char *part : {"model", "data", "validation"})
      for (const char *key : {"path", "sha256", "rows"})
        add(fmt::format("{} {}", part, key).c_str(),
            text(record, fmt::format("/{}/{}", part, key)));
    for (const char *key : {"processor", "threads", "memory_bytes", "system"})
      add(key, text(record, std::string("/machine/") + key));
    add("versions", text(record, "/versions"));
    table("What the run was made with", {"", ""}, rows);
    end();
  }

  const RunReport &report_;
  std::string html_;
};

} // namespace

std::string reportPage(const RunReport &report) {
  return Page(report).write();
}

} // namespace lamina::tools
