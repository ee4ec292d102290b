#include "tools/lamina/correlation/report.h"

#include <algorithm>
#include <cmath>

#include "support/error.h"
#include "tools/lamina/statistics.h"

namespace lamina::tools {

namespace {

using nlohmann::ordered_json;
using statistics::Matrix;

/// What people read at a glance; --json has all.
constexpr size_t kMostMatrixColumns = 16, kMostPairs = 25;

struct Pair {
  size_t first, second;
  double coefficient, pValue, count;
};

/// All pairs of different columns, the closest first; those that are not defined last.
std::vector<Pair> pairsOf(const Analysis &analysis) {
  const auto &correlation = analysis.correlation;
  std::vector<Pair> pairs;
  for (size_t i = 0; i < analysis.columns.size(); ++i)
    for (size_t j = i + 1; j < analysis.columns.size(); ++j)
      pairs.push_back({i, j, correlation.coefficients(i, j), correlation.pValues(i, j),
                       correlation.counts(i, j)});
  auto rank = [](const Pair &pair) {
    double size = std::isnan(pair.coefficient) ? -1 : std::abs(pair.coefficient);
    return std::tuple(-size, pair.first, pair.second);
  };
  std::ranges::sort(pairs, [&](const Pair &a, const Pair &b) { return rank(a) < rank(b); });
  return pairs;
}

ordered_json rowsOf(const Matrix &matrix) {
  std::vector<ordered_json> rows;
  for (size_t i = 0; i < matrix.rows; ++i) {
    ordered_json row = ordered_json::array();
    for (size_t j = 0; j < matrix.columns; ++j)
      row.emplace_back(number(matrix(i, j)));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string formatNumber(double value) {
  return std::isnan(value) ? "-" : std::isinf(value) ? "infinite" : fmt::format("{:.3f}", value);
}

std::string formatProbability(double value) {
  return std::isnan(value) ? "p -" : value < 1e-4 ? "p < 0.0001" : fmt::format("p {:.4f}", value);
}

/// A name that fits a column of text.
std::string shortName(const std::string &name, size_t width = 20) {
  return printable(name, width);
}

std::string describeMatrix(const Analysis &analysis) {
  if (analysis.columns.size() > kMostMatrixColumns)
    return fmt::format("{} x {} coefficients; --json and --heatmap give them all\n",
                       analysis.columns.size(), analysis.columns.size());
  size_t width = 8;
  for (const std::string &name : analysis.columns)
    width = std::max(width, shortName(name, 18).size());
  std::string text = fmt::format("{:20}", "");
  for (const std::string &name : analysis.columns)
    text += fmt::format("  {:>{}}", shortName(name, 18), width);
  text += '\n';
  for (size_t i = 0; i < analysis.columns.size(); ++i) {
    text += fmt::format("{:20}", shortName(analysis.columns[i]));
    for (size_t j = 0; j < analysis.columns.size(); ++j)
      text += fmt::format("  {:>{}}", formatNumber(analysis.correlation.coefficients(i, j)), width);
    text += '\n';
  }
  return text;
}

/// "positive, very strong", "neutral", "undefined".
std::string wordsFor(double coefficient, double pValue) {
  std::string direction = statistics::directionOf(coefficient, pValue);
  bool hasSign = direction == "positive" || direction == "negative";
  return hasSign ? direction + ", " + statistics::strengthOf(coefficient, pValue) : direction;
}

std::string describePairs(const Analysis &analysis) {
  std::vector<Pair> pairs = pairsOf(analysis);
  std::string text = "\nPairs, the closest first:\n";
  for (const Pair &pair : std::span(pairs).first(std::min(pairs.size(), kMostPairs)))
    text +=
        fmt::format("  {:20}  {:20}  {:>7}  {:10}  {}\n", shortName(analysis.columns[pair.first]),
                    shortName(analysis.columns[pair.second]), formatNumber(pair.coefficient),
                    formatProbability(pair.pValue), wordsFor(pair.coefficient, pair.pValue));
  if (pairs.size() > kMostPairs)
    text += fmt::format("  and {} more\n", pairs.size() - kMostPairs);
  return text;
}

const char *inflationInWords(double factor) {
  return std::isnan(factor)   ? "  constant, or too few rows"
         : std::isinf(factor) ? "  a linear combination of the others"
         : factor >= 10       ? "  very high: nearly a linear combination of the others"
         : factor >= 5        ? "  high"
                              : "";
}

std::string describeInflation(const Analysis &analysis) {
  std::string text = "\nVariance inflation factors (how far the other columns explain one):\n";
  for (size_t i = 0; i < analysis.features(); ++i)
    text +=
        fmt::format("  {:20}  {:>10}{}\n", shortName(analysis.columns[i]),
                    formatNumber(analysis.inflation[i]), inflationInWords(analysis.inflation[i]));
  return text;
}

std::string describeRelevance(const Analysis &analysis) {
  if (analysis.target.empty())
    return "";
  std::string text = fmt::format("\nRelevance for '{}' ({}):\n", printable(analysis.target),
                                 analysis.hasRatios() ? "correlation ratio" : "correlation");
  for (const Relevance &each : analysis.relevance)
    text += fmt::format("  {:20}  {:>7}  {:10}  {}\n", shortName(analysis.columns[each.column]),
                        formatNumber(each.coefficient), formatProbability(each.pValue),
                        analysis.hasRatios() ? statistics::strengthOf(each.coefficient, each.pValue)
                                             : wordsFor(each.coefficient, each.pValue));
  return text;
}

std::string describeRedundant(const Analysis &analysis) {
  if (analysis.redundant.empty())
    return "";
  std::string text = "\nPairs that say nearly the same:\n";
  for (const auto &pair : analysis.redundant)
    text += fmt::format("  {} and {} ({}): drop {}\n", printable(analysis.columns[pair.first]),
                        printable(analysis.columns[pair.second]), formatNumber(pair.coefficient),
                        printable(analysis.columns[pair.drop]));
  return text;
}

void addPairs(ordered_json &json, const Analysis &analysis) {
  json["pairs"] = ordered_json::array();
  for (const Pair &pair : pairsOf(analysis))
    json["pairs"].push_back({{"first", analysis.columns[pair.first]},
                             {"second", analysis.columns[pair.second]},
                             {"coefficient", number(pair.coefficient)},
                             {"p_value", number(pair.pValue)},
                             {"rows", pair.count},
                             {"direction", statistics::directionOf(pair.coefficient, pair.pValue)},
                             {"strength", statistics::strengthOf(pair.coefficient, pair.pValue)}});
  json["redundant"] = ordered_json::array();
  for (const auto &pair : analysis.redundant)
    json["redundant"].push_back({{"first", analysis.columns[pair.first]},
                                 {"second", analysis.columns[pair.second]},
                                 {"coefficient", number(pair.coefficient)},
                                 {"drop", analysis.columns[pair.drop]}});
}

} // namespace

ordered_json toJson(const Analysis &analysis) {
  ordered_json json = {{"method", nameOf(analysis.correlation.method)},
                       {"columns", analysis.columns},
                       {"matrix", rowsOf(analysis.correlation.coefficients)},
                       {"vif", ordered_json::object()},
                       {"p_values", rowsOf(analysis.correlation.pValues)},
                       {"rows", rowsOf(analysis.correlation.counts)}};
  for (size_t i = 0; i < analysis.features(); ++i)
    json["vif"][analysis.columns[i]] = number(analysis.inflation[i]);
  addPairs(json, analysis);
  if (!analysis.target.empty()) {
    json["target"] = analysis.target;
    json["classes"] = analysis.classes;
    json["relevance_measure"] = analysis.hasRatios() ? "correlation ratio" : "correlation";
    json["relevance"] = ordered_json::array();
    for (const Relevance &each : analysis.relevance)
      json["relevance"].push_back(
          {{"column", analysis.columns[each.column]},
           {"coefficient", number(each.coefficient)},
           {"p_value", number(each.pValue)},
           {"direction", analysis.hasRatios() ? ordered_json()
                                              : ordered_json(statistics::directionOf(
                                                    each.coefficient, each.pValue))},
           {"strength", statistics::strengthOf(each.coefficient, each.pValue)}});
  }
  json["left_out"] = analysis.leftOut;
  return json;
}

std::string describe(const Analysis &analysis) {
  std::string text =
      fmt::format("{}: {} correlation of {} columns, {} rows\n", printable(analysis.file, 4096),
                  nameOf(analysis.correlation.method), analysis.columns.size(), analysis.rows);
  if (!analysis.leftOut.empty()) {
    text += "left out, as they hold text:";
    for (const std::string &name : analysis.leftOut)
      text += " " + shortName(name);
    text += '\n';
  }
  if (analysis.classes.size() == 2)
    text += fmt::format("'{}' counts as 0 for '{}' and 1 for '{}'\n", printable(analysis.target),
                        printable(analysis.classes[0]), printable(analysis.classes[1]));
  return text + "\n" + describeMatrix(analysis) + describePairs(analysis) +
         describeInflation(analysis) + describeRelevance(analysis) + describeRedundant(analysis);
}

Heatmap heatmapOf(const Analysis &analysis) {
  Heatmap map;
  map.title = fmt::format("{} correlation of {}", nameOf(analysis.correlation.method),
                          printable(analysis.file, 200));
  map.names = analysis.columns;
  map.values = analysis.correlation.coefficients;
  return map;
}

} // namespace lamina::tools
