#include "tools/lamina/commands/class_report.h"

#include <algorithm>

#include "support/error.h"
#include "trainer/data/cast.h"
#include "trainer/fit.h"

namespace lamina::tools {

namespace {

/// The output that a target belongs to: they have one name.
std::optional<size_t> findOutput(const codegen::Signature &signature, const std::string &target) {
  if (signature.outputs.size() == 1)
    return 0;
  for (size_t i = 0; i < signature.outputs.size(); ++i)
    if (signature.outputs[i].name == target)
      return i;
  return std::nullopt;
}

std::string formatShare(int64_t part, int64_t whole) {
  return whole ? fmt::format("{:.4f}", static_cast<double>(part) / static_cast<double>(whole))
               : "-";
}

} // namespace

std::vector<OutputClasses> outputClasses(const Session &session,
                                         const trainer::ColumnRecipe &recipe) {
  const codegen::Signature &signature = session.importedSignature();
  std::vector<OutputClasses> all;
  for (size_t t = 0; t < signature.targets.size(); ++t) {
    const codegen::TensorSpec &target = signature.targets[t];
    std::optional<size_t> output = findOutput(signature, target.name);
    if (!output || trainer::valuesPerRow(target.shape) != 1)
      continue;
    int64_t width = trainer::valuesPerRow(signature.outputs[*output].shape);
    OutputClasses classes{*output, t, {}, width == 1};
    if (t < recipe.classes.size())
      classes.names = recipe.classes[t];
    int64_t count = classes.isBinary ? 2 : width;
    bool isOfClasses = classes.isBinary ? target.isProbability : target.bound == width;
    if (!isOfClasses)
      continue;
    for (auto i = static_cast<int64_t>(classes.names.size()); i < count; ++i)
      classes.names.push_back(std::to_string(i));
    if (static_cast<int64_t>(classes.names.size()) == count)
      all.push_back(classes);
  }
  return all;
}

std::vector<int64_t> predictedClasses(const OutputClasses &classes, const frontend::Array &output) {
  auto width = static_cast<size_t>(trainer::valuesPerRow(output.shape));
  std::vector<int64_t> predicted;
  for (size_t row = 0; row < static_cast<size_t>(output.shape[0]); ++row) {
    size_t best = classes.isBinary && trainer::loadValue(output, row) >= 0.5;
    for (size_t i = 1; i < width; ++i)
      if (trainer::loadValue(output, row * width + i) >
          trainer::loadValue(output, row * width + best))
        best = i;
    predicted.push_back(static_cast<int64_t>(best));
  }
  return predicted;
}

ConfusionMatrix::ConfusionMatrix(std::vector<std::string> names, const std::vector<int64_t> &actual,
                                 const std::vector<int64_t> &predicted)
    : names_(std::move(names)), counts_(names_.size() * names_.size()) {
  for (size_t row = 0; row < actual.size(); ++row)
    ++counts_[static_cast<size_t>(actual[row]) * names_.size() +
              static_cast<size_t>(predicted[row])];
}

std::string ConfusionMatrix::describe() const {
  size_t width = 8;
  for (const std::string &name : names_)
    width = std::max(width, printable(name, 20).size());
  std::string text =
      fmt::format("Rows of each class (lines), by what they were taken for:\n{:{}}", "", width);
  for (const std::string &name : names_)
    text += fmt::format("  {:>{}}", printable(name, 20), width);
  text += '\n';
  for (size_t i = 0; i < names_.size(); ++i) {
    text += fmt::format("{:{}}", printable(names_[i], 20), width);
    for (size_t j = 0; j < names_.size(); ++j)
      text += fmt::format("  {:>{}}", count(i, j), width);
    text += '\n';
  }
  text += fmt::format("\n{:{}}  {:>9}  {:>9}  {:>9}  {:>9}\n", "", width, "precision", "recall",
                      "f1", "rows");
  for (size_t i = 0; i < names_.size(); ++i) {
    int64_t rows = 0, taken = 0, right = count(i, i);
    for (size_t j = 0; j < names_.size(); ++j) {
      rows += count(i, j);
      taken += count(j, i);
    }
    text += fmt::format("{:{}}  {:>9}  {:>9}  {:>9}  {:>9}\n", printable(names_[i], 20), width,
                        formatShare(right, taken), formatShare(right, rows),
                        formatShare(2 * right, rows + taken), rows);
  }
  return text;
}

std::vector<NamedConfusion> confusionsOf(const Session &session, trainer::ModelRunner &runner,
                                         const trainer::Dataset &data) {
  trainer::ColumnRecipe recipe = session.recipe();
  if (!data.recipe.classes.empty())
    recipe.classes = data.recipe.classes;
  std::vector<NamedConfusion> confusions;
  std::vector<OutputClasses> all = outputClasses(session, recipe);
  if (all.empty())
    return confusions;
  std::vector<frontend::Array> outputs = trainer::predict(runner, data);
  for (const OutputClasses &classes : all) {
    const frontend::Array &labels = data.targets[classes.target];
    std::vector<int64_t> actual;
    for (int64_t row = 0; row < data.rows; ++row) {
      double label = trainer::loadValue(labels, static_cast<size_t>(row));
      if (label != 0 && label != 1 && classes.isBinary)
        fail("{}: {}: --report takes a class, 0 or 1, not {}", data.file, data.describeRow(row),
             label);
      actual.push_back(static_cast<int64_t>(label));
    }
    confusions.push_back({runner.signature().outputs[classes.output].name,
                          ConfusionMatrix(classes.names, actual,
                                          predictedClasses(classes, outputs[classes.output]))});
  }
  return confusions;
}

} // namespace lamina::tools
