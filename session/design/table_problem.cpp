// What a table asks of a model.
#include <algorithm>
#include <cmath>
#include <set>

#include "session/design/problem.h"
#include "session/design/spread.h"
#include "support/error.h"
#include "trainer/data/cast.h"
#include "trainer/data/columns/column_roles.h"
#include "trainer/data/dataset.h"

namespace lamina::session {

namespace {

using trainer::Columns;
using trainer::Table;

/// Numbers are classes by themselves up to so many different ones.
constexpr size_t kMostGuessedClasses = 20;
constexpr size_t kMostClasses = 1000;
/// Texts of a column that are different: more of them are names of rows, no categories.
constexpr size_t kMostCategories = 100;

/// The content of a column, of the rows that take part.
struct Content {
  std::set<double> numbers;
  std::set<std::string> texts;
  bool isWhole = true; ///< all numbers are
  size_t missing = 0;
};

Content contentOf(const Table &table, size_t column) {
  Content content;
  for (size_t row = 0; row < table.rows(); ++row) {
    double value = table.value(row, column);
    if (const std::string *text = table.text(row, column)) {
      content.texts.insert(*text);
    } else if (std::isnan(value)) {
      ++content.missing;
    } else {
      content.numbers.insert(value);
      content.isWhole &= value == std::trunc(value);
    }
  }
  return content;
}

/// Whether every row's number is by one greater than that of the row before.
bool countsRows(const Table &table, size_t column) {
  for (size_t row = 1; row < table.rows(); ++row)
    if (table.value(row, column) != table.value(row - 1, column) + 1)
      return false;
  return table.rows() > 2;
}

/// Why a column cannot tell a model anything; empty for one that can.
std::string reasonToLeaveOut(const Content &content, size_t rows) {
  size_t distinct = content.numbers.size() + content.texts.size();
  if (distinct == 0)
    return "it is empty";
  if (!content.numbers.empty() && !content.texts.empty())
    return fmt::format("it holds numbers and text ('{}')", printable(*content.texts.begin(), 30));
  if (distinct == 1)
    return "it has one value";
  if (content.texts.size() > kMostCategories || content.texts.size() * 2 > rows)
    return fmt::format("it holds {} different texts in {} rows", content.texts.size(), rows);
  return "";
}

/// The columns and how their cells become values.
class TableProblem {
public:
  TableProblem(const Table &table, const ProblemOptions &options)
      : whole_(table), table_(table), options_(options) {
    targets_ = trainer::findColumns(table, options.targetColumns);
    dropped_ = trainer::findColumns(table, options.dropColumns);
    if (targets_.empty())
      targets_ = {lastColumn()};
    for (size_t column : targets_)
      if (std::ranges::count(dropped_, column))
        fail("{}: column {} is the target and cannot be dropped", table.path,
             table.describeColumn(column));
    leaveOutRowsWithoutTarget();
    problem_.file = table.path;
    problem_.rows = static_cast<int64_t>(table_.rows());
  }

  Problem find() {
    decideTargets();
    chooseFeatures();
    decideInput();
    bind();
    return std::move(problem_);
  }

private:
  size_t lastColumn() const {
    for (size_t column = table_.width; column-- > 0;)
      if (!std::ranges::count(dropped_, column))
        return column;
    fail("{}: all columns are dropped; keep one for the target", table_.path);
  }

  void leaveOutRowsWithoutTarget() {
    size_t kept = 0;
    for (size_t row = 0; row < table_.rows(); ++row) {
      bool isComplete = std::ranges::all_of(targets_, [&](size_t column) {
        return !std::isnan(table_.value(row, column)) || table_.text(row, column);
      });
      if (!isComplete)
        continue;
      auto cells = table_.values.begin() + static_cast<ptrdiff_t>(row * table_.width);
      std::copy_n(cells, table_.width,
                  table_.values.begin() + static_cast<ptrdiff_t>(kept * table_.width));
      table_.lines[kept++] = table_.lines[row];
    }
    problem_.rowsWithoutTarget = static_cast<int64_t>(table_.rows() - kept);
    table_.values.resize(kept * table_.width);
    table_.lines.resize(kept);
    if (kept == 0)
      fail("{}: no row has a value in column {}; choose another with --target", table_.path,
           table_.describeColumn(targets_.front()));
  }

  void say(const std::string &reason) { problem_.reasons.push_back(reason); }

  std::string targetName() const { return table_.describeColumn(targets_.front()); }

  void decideTargets() {
    Content content = contentOf(table_, targets_.front());
    bool isText = !content.texts.empty();
    if (isText && !content.numbers.empty())
      fail("{}: column {} holds numbers and text ('{}'); mend it, or choose another with --target",
           table_.path, targetName(), printable(*content.texts.begin()));
    size_t distinct = content.numbers.size() + content.texts.size();
    if (distinct == 1)
      fail("{}: column {} has the same value in every row, so there is nothing to learn; choose "
           "another with --target",
           table_.path, targetName());
    bool wantsClasses = options_.task == Task::Classification;
    bool wantsNumbers = options_.task == Task::Regression || targets_.size() > 1;
    bool looksLikeClasses = isText || (content.isWhole && distinct <= kMostGuessedClasses &&
                                       2 * distinct <= table_.rows());
    if (wantsClasses || (looksLikeClasses && !wantsNumbers))
      return decideClasses(content);
    requireNumbers();
    say(fmt::format(
        "regression: {}",
        options_.task == Task::Regression ? fmt::format("column {}", joinColumns(targets_))
        : targets_.size() > 1
            ? fmt::format("columns {} are the targets", joinColumns(targets_))
            : fmt::format("column {} holds {} different numbers", targetName(), distinct)));
  }

  void decideClasses(const Content &content) {
    if (targets_.size() > 1)
      fail("{}: classification is by one column, and --target names {}; give one", table_.path,
           targets_.size());
    size_t distinct = content.numbers.size() + content.texts.size();
    if (!content.texts.empty() && 2 * distinct > table_.rows())
      fail(
          "{}: column {} holds {} different texts in {} rows, which are no classes; choose another "
          "column with --target",
          table_.path, targetName(), distinct, table_.rows());
    if (!content.isWhole || distinct > kMostClasses)
      fail(
          "{}: column {} holds {} different {}, which are no classes; {}choose another column with "
          "--target",
          table_.path, targetName(), distinct, content.texts.empty() ? "numbers" : "texts",
          content.texts.empty() ? "use --task regression, or " : "");
    bool isDeclared = !declaredOf(targets_.front()).empty();
    problem_.classes =
        static_cast<int64_t>(isDeclared ? declaredOf(targets_.front()).size() : distinct);
    if (content.texts.empty())
      nameNumbers(content.numbers);
    say(fmt::format("classification: column {} holds {} {}", targetName(), distinct,
                    content.texts.empty() ? "different whole numbers" : "different texts"));
  }

  /// Numbers that do not count from 0 are names of classes.
  void nameNumbers(const std::set<double> &numbers) {
    bool isCounted =
        *numbers.begin() == 0 && *numbers.rbegin() == static_cast<double>(numbers.size() - 1);
    for (double number : numbers)
      if (!isCounted)
        binding_.classes.push_back(fmt::format("{}", number));
  }

  void requireNumbers() const {
    for (size_t column : targets_) {
      Content content = contentOf(table_, column);
      if (!content.texts.empty())
        fail("{}: column {} holds text ('{}'), and regression is for numbers; use --task "
             "classification, or choose another column with --target",
             table_.path, table_.describeColumn(column), printable(*content.texts.begin()));
    }
  }

  std::string joinColumns(const Columns &columns) const {
    std::string names;
    for (size_t column : columns)
      names += (names.empty() ? "" : ", ") + table_.describeColumn(column);
    return names;
  }

  void chooseFeatures() {
    size_t texts = 0, gaps = 0;
    for (size_t column = 0; column < table_.width; ++column) {
      if (std::ranges::count(dropped_, column) || std::ranges::count(targets_, column))
        continue;
      Content content = contentOf(table_, column);
      // Pixels and steps keep their places, whatever they hold.
      bool keepsItsPlace = (options_.task == Task::Image || options_.task == Task::Series) &&
                           content.texts.empty() && !content.numbers.empty();
      std::string reason = keepsItsPlace                ? ""
                           : countsRows(whole_, column) ? "it counts the rows"
                                                        : reasonToLeaveOut(content, table_.rows());
      if (!reason.empty()) {
        say(fmt::format("column {} is left out: {}", table_.describeColumn(column), reason));
        dropped_.push_back(column);
        continue;
      }
      features_.push_back(column);
      size_t width = content.texts.empty() ? 1 : widthOf(column, content);
      bool isFlagged = options_.flagMissing && content.missing > 0;
      width_ += width + isFlagged;
      // Values of a category, and flags, stay 0 and 1.
      isNumber_.insert(isNumber_.end(), width, content.texts.empty());
      isNumber_.insert(isNumber_.end(), isFlagged, false);
      texts += !content.texts.empty();
      gaps += content.missing > 0;
    }
    if (features_.empty())
      fail("{}: no column is left for the inputs; a model needs at least one that varies",
           table_.path);
    say(fmt::format("inputs: {} values of {} columns{}{}", width_, features_.size(),
                    texts ? fmt::format(", {} of them text (a value for each category)", texts)
                          : "",
                    gaps ? fmt::format("; {} have gaps, which get the median or the most frequent "
                                       "value{}",
                                       gaps, options_.flagMissing ? ", and a flag" : "")
                         : ""));
  }

  /// The values that an ARFF file declares for a column; none of others.
  const std::vector<std::string> &declaredOf(size_t column) const {
    static const std::vector<std::string> none;
    return column < table_.declared.size() ? table_.declared[column] : none;
  }

  size_t widthOf(size_t column, const Content &content) const {
    return declaredOf(column).empty() ? content.texts.size() : declaredOf(column).size();
  }

  void decideInput() {
    auto width = static_cast<int64_t>(width_);
    problem_.rowShape = {width};
    if (options_.task != Task::Image && options_.task != Task::Series)
      return;
    bool allNumbers = std::ranges::all_of(isNumber_, [](bool is) { return is; });
    if (!allNumbers)
      fail("{}: columns of text are no values of {}; drop them with --drop", table_.path,
           options_.task == Task::Image ? "an image" : "a series");
    if (options_.task == Task::Series) {
      problem_.input = Problem::Input::Series;
      problem_.rowShape = {width, 1};
      return say(fmt::format("series: the columns are {} steps of one value", width));
    }
    auto side = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(width))));
    if (side * side != width || side < 4)
      fail("{}: {} values a row are no square image; give arrays of shape (rows, height, width) in "
           "a .npz file",
           table_.path, width);
    problem_.input = Problem::Input::Image;
    problem_.rowShape = {side, side, 1};
    say(fmt::format("image: the columns are {0} x {0} pixels", side));
  }

  /// Encodes the rows as training will do, and looks at the values.
  void bind() {
    for (size_t column : targets_)
      binding_.targetColumns.push_back(std::to_string(column));
    for (size_t column : dropped_)
      binding_.dropColumns.push_back(std::to_string(column));
    binding_.flagMissing = options_.flagMissing;
    binding_.missing.policy = trainer::MissingValues::Policy::Median;
    binding_.targetClasses = {problem_.classes};
    std::vector<codegen::TensorSpec> inputs = {{"x", ElementType::F32, {-1}}};
    inputs[0].shape.push_back(static_cast<int64_t>(width_));
    auto outputs = problem_.classes ? 1 : static_cast<int64_t>(targets_.size());
    std::vector<codegen::TensorSpec> targets = {{"y", ElementType::F32, {-1, outputs}}};
    // Names of columns may be numbers: the numbers of these are meant.
    Table nameless = table_;
    nameless.names.clear();
    trainer::Dataset data = trainer::bindTable(nameless, inputs, targets, binding_);
    problem_.recipe = std::move(data.recipe);
    problem_.recipe.features = trainer::columnNames(table_, features_);
    problem_.recipe.targets = trainer::columnNames(table_, targets_);
    lookAtInput(data.inputs[0]);
    if (!problem_.classes)
      problem_.targets = spreadsOf(data.targets[0], outputs);
  }

  void lookAtInput(const frontend::Array &values) {
    if (problem_.input == Problem::Input::Features) {
      problem_.values = spreadsOf(values, static_cast<int64_t>(width_));
      for (size_t i = 0; i < width_; ++i)
        if (!isNumber_[i])
          problem_.values[i] = {};
    } else {
      problem_.values = spreadsOf(values, 1);
    }
    problem_.largest = largestOf(values);
  }

  const Table &whole_;
  Table table_; ///< the rows that have a target
  const ProblemOptions &options_;
  Columns targets_, dropped_, features_;
  size_t width_ = 0;
  std::vector<bool> isNumber_; ///< by value
  trainer::BindOptions binding_;
  Problem problem_;
};

} // namespace

Problem findTableProblem(const Table &table, const ProblemOptions &options) {
  return TableProblem(table, options).find();
}

} // namespace lamina::session
