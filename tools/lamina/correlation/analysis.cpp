#include "tools/lamina/correlation/analysis.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "statistics/variance_inflation.h"
#include "support/error.h"
#include "trainer/data/columns/column_roles.h"

namespace lamina::tools {

namespace {

using statistics::Matrix;
using statistics::Observations;
using trainer::Table;

/// The classes of a column of text, sorted, and the class of each row, -1 for none.
struct Classes {
  std::vector<std::string> names;
  std::vector<int64_t> rows;
};

Classes classesOf(const Table &table, size_t column) {
  auto label = [&](size_t row) -> std::optional<std::string> {
    if (const std::string *text = table.text(row, column))
      return *text;
    double value = table.value(row, column);
    return std::isnan(value) ? std::nullopt : std::optional(fmt::format("{}", value));
  };
  std::map<std::string, int64_t> numbers;
  for (size_t row = 0; row < table.rows(); ++row)
    if (auto text = label(row))
      numbers.emplace(*text, 0);
  Classes classes;
  for (auto &[name, number] : numbers) {
    number = static_cast<int64_t>(classes.names.size());
    classes.names.push_back(name);
  }
  for (size_t row = 0; row < table.rows(); ++row) {
    auto text = label(row);
    classes.rows.push_back(text ? numbers.at(*text) : -1);
  }
  return classes;
}

bool holdsText(const Table &table, size_t column) {
  for (size_t row = 0; row < table.rows(); ++row)
    if (table.text(row, column))
      return true;
  return false;
}

class Analyst {
public:
  Analyst(const Table &table, const AnalysisOptions &options,
          std::shared_ptr<trainer::ThreadPool> pool)
      : table_(table), options_(options), pool_(std::move(pool)) {}

  Analysis run() {
    analysis_.file = table_.path;
    analysis_.rows = table_.rows();
    chooseColumns();
    Observations all = observe();
    analysis_.correlation = statistics::correlate(all, options_.method, pool_);
    findInflation(all);
    if (target_)
      findRelevance(all);
    std::vector<size_t> features(analysis_.features());
    std::iota(features.begin(), features.end(), size_t(0));
    std::vector<double> relevance(target_ ? analysis_.columns.size() : 0);
    for (const Relevance &each : analysis_.relevance)
      relevance[each.column] = std::isnan(each.coefficient) ? 0 : std::abs(each.coefficient);
    analysis_.redundant = statistics::findRedundant(analysis_.correlation, features, relevance);
    return std::move(analysis_);
  }

private:
  void chooseColumns() {
    if (!options_.target.empty())
      target_ = trainer::findColumn(table_, options_.target);
    trainer::Columns dropped = trainer::findColumns(table_, options_.drop);
    for (size_t column = 0; column < table_.width; ++column) {
      if (column == target_ || std::count(dropped.begin(), dropped.end(), column))
        continue;
      if (holdsText(table_, column))
        analysis_.leftOut.push_back(table_.columnName(column));
      else
        columns_.push_back(column);
    }
    features_ = columns_.size();
    if (target_)
      addTarget();
    if (columns_.size() + analysis_.hasRatios() < 2 || columns_.empty())
      fail("{}: {} of {} columns hold numbers; correlation takes two at least", table_.path,
           columns_.size(), table_.width);
    for (size_t column : columns_)
      analysis_.columns.push_back(table_.columnName(column));
  }

  void addTarget() {
    analysis_.target = table_.columnName(*target_);
    if (holdsText(table_, *target_)) {
      classes_ = classesOf(table_, *target_);
      analysis_.classes = classes_.names;
      if (classes_.names.size() < 2)
        fail("{}: column {} has only the value '{}': no column can be relevant for it", table_.path,
             table_.describeColumn(*target_), printable(classes_.names[0]));
    }
    if (!analysis_.hasRatios())
      columns_.push_back(*target_);
  }

  /// The columns' values side by side: those of the table itself where they are all of it.
  Observations observe() {
    bool isWhole = columns_.size() == table_.width && analysis_.classes.empty();
    for (size_t i = 0; i < columns_.size(); ++i)
      isWhole &= columns_[i] == i;
    if (isWhole)
      return {table_.rows(), table_.width, table_.values};
    values_ = Matrix(table_.rows(), columns_.size());
    for (size_t row = 0; row < table_.rows(); ++row)
      for (size_t i = 0; i < columns_.size(); ++i) {
        bool isClass = columns_[i] == target_ && !analysis_.classes.empty();
        double value =
            isClass ? static_cast<double>(classes_.rows[row]) : table_.value(row, columns_[i]);
        values_(row, i) = isClass && value < 0 ? std::numeric_limits<double>::quiet_NaN() : value;
      }
    return {values_.rows, values_.columns, values_.values};
  }

  void findInflation(const Observations &all) {
    Matrix copy;
    Observations features = all;
    if (features_ < all.columns) {
      copy = Matrix(all.rows, features_);
      for (size_t row = 0; row < all.rows; ++row)
        std::copy_n(&all.values[row * all.columns], features_, &copy.values[row * features_]);
      features = {copy.rows, copy.columns, copy.values};
    }
    analysis_.inflation = statistics::varianceInflation(features, pool_);
  }

  void findRelevance(const Observations &all) {
    const auto &correlation = analysis_.correlation;
    if (analysis_.hasRatios()) {
      const Matrix &ranks = correlation.ranks;
      bool isOfRanks = options_.method != statistics::Method::Pearson;
      Observations values = isOfRanks ? Observations{ranks.rows, ranks.columns, ranks.values} : all;
      auto ratios = statistics::relevanceForClasses(values, classes_.rows);
      for (size_t i = 0; i < features_; ++i)
        analysis_.relevance.push_back({i, ratios[i].ratio, ratios[i].pValue});
    } else {
      for (size_t i = 0; i < features_; ++i)
        analysis_.relevance.push_back(
            {i, correlation.coefficients(i, features_), correlation.pValues(i, features_)});
    }
    auto size = [](const Relevance &each) {
      return std::isnan(each.coefficient) ? -1 : std::abs(each.coefficient);
    };
    std::ranges::sort(analysis_.relevance, [&](const Relevance &a, const Relevance &b) {
      return std::pair(-size(a), a.column) < std::pair(-size(b), b.column);
    });
  }

  const Table &table_;
  const AnalysisOptions &options_;
  std::shared_ptr<trainer::ThreadPool> pool_;
  Analysis analysis_;
  std::optional<size_t> target_;
  Classes classes_;
  trainer::Columns columns_; ///< of the table
  size_t features_ = 0;
  Matrix values_;
};

} // namespace

const char *nameOf(statistics::Method method) {
  constexpr const char *kNames[] = {"pearson", "spearman", "kendall"};
  return kNames[static_cast<size_t>(method)];
}

Analysis analyse(const Table &table, const AnalysisOptions &options,
                 const std::shared_ptr<trainer::ThreadPool> &pool) {
  return Analyst(table, options, pool).run();
}

} // namespace lamina::tools
