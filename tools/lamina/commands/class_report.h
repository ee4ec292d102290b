#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/lamina/usage/options.h"
#include "trainer/data/dataset.h"

namespace lamina::tools {

/// The classes that an output of a classifier tells apart: one probability for two, or one for
/// each.
struct OutputClasses {
  size_t output = 0, target = 0;  ///< by number, among the model's
  std::vector<std::string> names; ///< those of the training; numbers where it had none
  bool isBinary = false;          ///< one value for each row, the second class from 0.5 on
};

/// The outputs whose targets are classes: numbers below a bound, probabilities of two, or the names
/// that the training has kept.
std::vector<OutputClasses> outputClasses(const Session &session,
                                         const trainer::ColumnRecipe &recipe);

/// The class of each row of an output, by number.
std::vector<int64_t> predictedClasses(const OutputClasses &classes, const frontend::Array &output);

/// How many rows of each class were taken for each class.
class ConfusionMatrix {
public:
  /// `actual` are class numbers of the rows.
  ConfusionMatrix(std::vector<std::string> names, const std::vector<int64_t> &actual,
                  const std::vector<int64_t> &predicted);

  const std::vector<std::string> &names() const { return names_; }
  int64_t count(size_t actual, size_t predicted) const {
    return counts_[actual * names_.size() + predicted];
  }

  /// The matrix, and of each class precision, recall, f1 (scikit-learn's classification_report;
  /// "-" where it has no rows to be of) and rows, as text for people.
  std::string describe() const;

private:
  std::vector<std::string> names_;
  std::vector<int64_t> counts_;
};

/// The matrix of an output that has classes.
struct NamedConfusion {
  std::string output;
  ConfusionMatrix matrix;
};

/// Predicts all rows: the matrices of the outputs that have classes, named by the data, else by the
/// model. Throws UserError for a target of two classes that is neither.
std::vector<NamedConfusion> confusionsOf(const Session &session, trainer::ModelRunner &runner,
                                         const trainer::Dataset &data);

} // namespace lamina::tools
