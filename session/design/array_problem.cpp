// What arrays ask of a model.
#include <algorithm>
#include <cmath>
#include <set>

#include "session/design/problem.h"
#include "session/design/spread.h"
#include "support/error.h"
#include "trainer/data/cast.h"
#include "trainer/data/dataset.h"

namespace lamina::session {

namespace {

using frontend::Array;

/// Numbers are classes by themselves up to so many different ones.
constexpr size_t kMostGuessedClasses = 20;
constexpr int64_t kMostClasses = 100000;
/// Smaller squares are hardly pictures.
constexpr int64_t kLeastSide = 8;

class ArrayProblem {
public:
  ArrayProblem(trainer::DataFile &file, const ProblemOptions &options)
      : file_(file), options_(options), x_(find("x")), y_(find("y")) {
    problem_.file = file.path;
    problem_.rows = x_.shape[0];
    if (y_.shape[0] != x_.shape[0])
      fail("{}: 'x' has {} rows and 'y' {}; they must have as many", file.path, x_.shape[0],
           y_.shape[0]);
    requireFinite("x", x_);
    requireFinite("y", y_);
  }

  Problem find() {
    decideInput();
    decideTargets();
    return std::move(problem_);
  }

private:
  const Array &find(const std::string &name) {
    if (file_.isSingleArray && name == "y")
      fail(
          "{}: a .npy file holds one array, and targets are needed; give .npz with arrays x and y, "
          "or a table",
          file_.path);
    const Array *array = file_.find(name);
    if (!array)
      fail("{}: there is no array '{}'; a model is made for arrays x and y, and the file has {}",
           file_.path, name,
           printable(fmt::format("{}", fmt::join(file_.arrayNames(), ", ")), 200));
    if (array->shape.empty() || array->shape[0] == 0)
      fail("{}: '{}' has no rows", file_.path, name);
    return *array;
  }

  void requireFinite(const char *name, const Array &array) const {
    for (size_t i = 0; i < static_cast<size_t>(array.elementCount()); ++i)
      if (!std::isfinite(trainer::loadValue(array, i)))
        fail("{}: '{}' has values that are not finite, the first in row {}; replace them",
             file_.path, name, static_cast<int64_t>(i) / trainer::valuesPerRow(array.shape));
  }

  void say(const std::string &reason) { problem_.reasons.push_back(reason); }

  void decideInput() {
    std::vector<int64_t> shape(x_.shape.begin() + 1, x_.shape.end());
    auto rank = shape.size();
    bool isBytes = x_.type == ElementType::U8;
    bool isSquare = rank == 2 && shape[0] == shape[1] && shape[0] >= kLeastSide;
    bool wantsImage = options_.task == Task::Image, wantsSeries = options_.task == Task::Series;
    std::string described = fmt::format("'x' is {}", frontend::describe(x_));
    if ((wantsImage && rank != 2 && rank != 3) || (wantsSeries && rank != 1 && rank != 2))
      fail("{}: {}, and {} are of shape {}", file_.path, described,
           wantsImage ? "images" : "series",
           wantsImage ? "(rows, height, width, channels) or (rows, height, width)"
                      : "(rows, steps, values) or (rows, steps)");
    if (rank > 3)
      fail("{}: {}; models are made for rows of at most three dimensions", file_.path, described);
    bool isImage =
        wantsImage || (!wantsSeries && (rank == 3 || isSquare || (rank == 2 && isBytes)));
    bool isSeries = wantsSeries || (!isImage && rank == 2);
    if (isImage && rank == 2)
      shape.push_back(1);
    if ((isSeries && rank == 1) || rank == 0)
      shape.push_back(1);
    problem_.rowShape = shape;
    problem_.input = isImage    ? Problem::Input::Image
                     : isSeries ? Problem::Input::Series
                                : Problem::Input::Features;
    problem_.values = spreadsOf(x_, shape.back());
    problem_.largest = largestOf(x_);
    say(isImage    ? fmt::format("image: {}: {} x {} pixels, {} channel{}", described, shape[0],
                                 shape[1], shape[2], shape[2] == 1 ? "" : "s")
        : isSeries ? fmt::format("series: {}: {} steps of {} value{}", described, shape[0],
                                 shape[1], shape[1] == 1 ? "" : "s")
                   : fmt::format("inputs: {}: {} values a row", described, shape[0]));
  }

  void decideTargets() {
    int64_t width = trainer::valuesPerRow(y_.shape);
    std::string described = fmt::format("'y' is {}", frontend::describe(y_));
    if (y_.shape.size() > 2)
      fail("{}: {}; models are made for targets of one number or vector a row", file_.path,
           described);
    if (width > 1 && options_.task != Task::Regression && isOneHot(width)) {
      problem_.classes = width;
      problem_.isOneHot = true;
      return say(fmt::format("classification: {} with a single 1 in each row", described));
    }
    std::set<double> values;
    bool isWhole = width == 1;
    for (size_t i = 0; isWhole && i < static_cast<size_t>(y_.elementCount()); ++i) {
      values.insert(trainer::loadValue(y_, i));
      isWhole = *values.rbegin() == std::trunc(*values.rbegin()) && *values.begin() >= 0 &&
                trainer::loadValue(y_, i) == std::trunc(trainer::loadValue(y_, i));
    }
    bool isInteger = y_.type != ElementType::F32 && y_.type != ElementType::F64;
    auto count = isWhole ? static_cast<int64_t>(*values.rbegin()) + 1 : 0;
    bool looksLikeClasses = isWhole &&
                            (isInteger ? count <= 1000 : values.size() <= kMostGuessedClasses) &&
                            2 * static_cast<int64_t>(values.size()) <= problem_.rows;
    if (options_.task == Task::Classification && (!isWhole || count > kMostClasses))
      fail("{}: {} and holds no class numbers; number the classes from 0, or use --task regression",
           file_.path, described);
    if (isWhole && values.size() == 1)
      fail("{}: 'y' has the same value in every row, so there is nothing to learn", file_.path);
    if (options_.task == Task::Classification ||
        (looksLikeClasses && options_.task != Task::Regression)) {
      problem_.classes = count;
      return say(fmt::format("classification: {} with class numbers from {} to {}", described,
                             *values.begin(), *values.rbegin()));
    }
    problem_.targets = spreadsOf(y_, width);
    say(fmt::format("regression: {}", described));
  }

  bool isOneHot(int64_t width) const {
    for (int64_t row = 0; row < problem_.rows; ++row) {
      int64_t ones = 0, others = 0;
      for (int64_t i = 0; i < width; ++i) {
        double value = trainer::loadValue(y_, static_cast<size_t>(row * width + i));
        ones += value == 1;
        others += value != 0 && value != 1;
      }
      if (ones != 1 || others)
        return false;
    }
    return true;
  }

  trainer::DataFile &file_;
  const ProblemOptions &options_;
  const Array &x_, &y_;
  Problem problem_;
};

} // namespace

Problem findArrayProblem(trainer::DataFile &file, const ProblemOptions &options) {
  return ArrayProblem(file, options).find();
}

} // namespace lamina::session
