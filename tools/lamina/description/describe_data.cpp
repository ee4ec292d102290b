#include "tools/lamina/description/describe_data.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "support/error.h"
#include "tools/lamina/statistics.h"
#include "trainer/data/cast.h"

namespace lamina::tools {

namespace {

using nlohmann::ordered_json;
using trainer::Table;

/// Values that are different are counted up to here.
constexpr size_t kMostDistinct = 10000;
/// Categories that are listed.
constexpr size_t kMostListed = 20;

/// Numbers of a column or an array.
class Summary {
public:
  void add(double value) {
    if (!std::isfinite(value)) {
      ++notFinite_;
      return;
    }
    ++count_;
    least_ = std::min(least_, value);
    most_ = std::max(most_, value);
    double distance = value - mean_; // Welford's update
    mean_ += distance / static_cast<double>(count_);
    squares_ += distance * (value - mean_);
    isWhole_ &= value == std::trunc(value);
    if (distinct_.size() <= kMostDistinct)
      distinct_.insert(value);
  }

  size_t count() const { return count_; }
  size_t notFinite() const { return notFinite_; }
  size_t distinct() const { return distinct_.size(); }
  void addRange(ordered_json &json) const {
    json["min"] = count_ ? number(least_) : nlohmann::json();
    json["max"] = count_ ? number(most_) : nlohmann::json();
  }
  void addTo(ordered_json &json) const {
    addRange(json);
    json["mean"] = number(mean_);
    json["standard_deviation"] = number(std::sqrt(squares_ / static_cast<double>(count_)));
    json["distinct"] =
        distinct_.size() > kMostDistinct ? ordered_json() : ordered_json(distinct_.size());
    json["integers"] = isWhole_;
  }

private:
  size_t count_ = 0, notFinite_ = 0;
  double least_ = INFINITY, most_ = -INFINITY, mean_ = 0, squares_ = 0;
  bool isWhole_ = true;
  std::set<double> distinct_;
};

void addCategories(ordered_json &json, const std::map<std::string, size_t> &counts) {
  std::vector<std::pair<std::string, size_t>> values(counts.begin(), counts.end());
  std::ranges::stable_sort(values, std::greater(), &std::pair<std::string, size_t>::second);
  json["distinct"] = values.size();
  json["values"] = ordered_json::object();
  for (const auto &[name, rows] : std::span(values).first(std::min(values.size(), kMostListed)))
    json["values"][name] = rows;
}

std::string treatmentOf(const std::string &kind, size_t distinct, size_t missing) {
  std::string gaps =
      missing ? "; rows that lack it are refused unless --missing says what to do" : "";
  if (kind == "empty")
    return "nothing is in it: leave it out with --drop";
  if (kind == "mixed")
    return "refused: it holds numbers and text; mend it, or leave it out with --drop";
  if (kind == "numbers")
    return (distinct == 1 ? "taken as it is, though all its values are equal" : "taken as it is") +
           gaps;
  if (distinct == 1)
    return "refused as a feature: it has one value; leave it out with --drop";
  return fmt::format("{} values (one-hot), or numbers from 0 where an input takes indices; class "
                     "numbers as a target{}",
                     distinct, gaps);
}

ordered_json describeColumn(const Table &table, size_t column) {
  Summary numbers;
  std::map<std::string, size_t> categories;
  size_t missing = 0;
  std::optional<size_t> firstText;
  for (size_t row = 0; row < table.rows(); ++row) {
    double value = table.value(row, column);
    if (const std::string *text = table.text(row, column)) {
      ++categories[*text];
      firstText = firstText.value_or(row);
    } else if (std::isnan(value)) {
      ++missing;
    } else {
      numbers.add(value);
    }
  }
  bool hasNumbers = numbers.count() + numbers.notFinite() > 0;
  std::string kind = categories.empty() ? (hasNumbers ? "numbers" : "empty")
                                        : (hasNumbers ? "mixed" : "categories");
  ordered_json json = {{"name", table.columnName(column)}, {"kind", kind}, {"missing", missing}};
  if (kind == "numbers")
    numbers.addTo(json);
  if (kind == "categories")
    addCategories(json, categories);
  if (kind == "mixed") {
    json["first_text"] = *table.text(*firstText, column);
    json["line"] = table.lines[*firstText];
  }
  if (column < table.dates.size() && table.dates[column])
    json["dates"] = true;
  size_t distinct = kind == "categories" ? categories.size() : numbers.distinct();
  json["treatment"] = treatmentOf(kind, distinct, missing);
  return json;
}

ordered_json describeArray(const std::string &name, const frontend::Array &array) {
  Summary summary;
  for (size_t i = 0; i < static_cast<size_t>(array.elementCount()); ++i)
    summary.add(trainer::loadValue(array, i));
  ordered_json json = {{"name", name}, {"type", typeName(array.type)}, {"shape", array.shape}};
  summary.addRange(json);
  json["not_finite"] = summary.notFinite();
  return json;
}

std::string columnInWords(const ordered_json &column) {
  std::string kind = column["kind"], text;
  if (kind == "numbers")
    text = fmt::format("{} to {}, mean {:.6g}, standard deviation {:.6g}", column["min"].dump(),
                       column["max"].dump(), column["mean"].get<double>(),
                       column["standard_deviation"].get<double>());
  if (column.contains("dates"))
    text = "dates, as days since 1970-01-01: " + text;
  if (kind == "mixed")
    text = fmt::format("numbers, and text ('{}' in line {})",
                       printable(column["first_text"].get<std::string>()),
                       column["line"].get<size_t>());
  if (kind == "categories") {
    text = fmt::format("{} categories:", column["distinct"].get<size_t>());
    for (const auto &[name, rows] : column["values"].items())
      text += fmt::format(" {} ({})", printable(name, 30), rows.get<size_t>());
    if (column["distinct"] > column["values"].size())
      text += " ...";
  }
  if (column["missing"] != 0)
    text += fmt::format("{}{} missing", text.empty() ? "" : "; ", column["missing"].get<size_t>());
  return fmt::format("{}: {}\n  {}\n", printable(column["name"].get<std::string>()),
                     text.empty() ? kind : text, column["treatment"].get<std::string>());
}

std::string arrayInWords(const ordered_json &array) {
  std::string text =
      fmt::format("{}: {} of shape {}, {} to {}", printable(array["name"].get<std::string>()),
                  array["type"].get<std::string>(), array["shape"].dump(), array["min"].dump(),
                  array["max"].dump());
  if (array["not_finite"] != 0)
    text += fmt::format("; {} not finite", array["not_finite"].get<size_t>());
  return text + "\n";
}

} // namespace

ordered_json describeData(trainer::DataFile &file) {
  ordered_json json = {{"file", file.path}};
  if (file.table) {
    json["rows"] = file.table->rows();
    json["columns"] = std::vector<ordered_json>();
    for (size_t column = 0; column < file.table->width; ++column)
      json["columns"].push_back(describeColumn(*file.table, column));
    return json;
  }
  json["arrays"] = std::vector<ordered_json>();
  for (const std::string &name : file.arrayNames())
    json["arrays"].push_back(describeArray(name, *file.find(name)));
  return json;
}

std::string describeInWords(const ordered_json &description) {
  std::string text = printable(description["file"].get<std::string>(), 4096);
  if (description.contains("arrays")) {
    text += fmt::format(": {} arrays\n\n", description["arrays"].size());
    for (const ordered_json &array : description["arrays"])
      text += arrayInWords(array);
    return text;
  }
  text += fmt::format(": {} rows, {} columns\n\n", description["rows"].get<size_t>(),
                      description["columns"].size());
  for (const ordered_json &column : description["columns"])
    text += columnInWords(column);
  return text;
}

} // namespace lamina::tools
