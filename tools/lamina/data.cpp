#include "tools/lamina/data.h"

#include <fmt/format.h>

#include "support/error.h"
#include "trainer/cast.h"

namespace lamina::tools {

namespace {

/// Keras trains on such targets too, so they are no error: most are labels that count from 1.
void tellImproperProbabilities(const trainer::Dataset &data, const Session &session) {
  const auto &targets = session.importedSignature().targets;
  for (size_t t = 0; t < data.targets.size(); ++t) {
    const frontend::Array &target = data.targets[t];
    int64_t count = session.targetProbabilities()[t] ? target.elementCount() : 0;
    for (int64_t i = 0; i < count; ++i) {
      double value = trainer::loadValue(target, static_cast<size_t>(i));
      if (value >= 0 && value <= 1)
        continue;
      fmt::print(
          stderr,
          "note: {}: {}: target '{}' is {}, but binary cross-entropy is for targets from 0 to "
          "1: with others the loss falls without end\n",
          data.file, data.describeRow(i / trainer::valuesPerRow(target.shape)),
          printable(targets[t].name), value);
      break;
    }
  }
}

} // namespace

PendingData::PendingData(const std::string &path, const trainer::TextOptions &options)
    : file_(std::async(std::launch::async,
                       [path, options] { return trainer::openDataFile(path, options); })) {}

trainer::Dataset PendingData::bind(const Session &session, const trainer::BindOptions &options,
                                   bool tell) {
  const codegen::Signature &signature = session.importedSignature();
  trainer::BindOptions complete = options;
  complete.targetClasses = session.targetClasses();
  complete.inputEntries = session.inputEntries();
  complete.weights = signature.weights;
  for (const codegen::TensorSpec &output : signature.outputs)
    complete.outputs.push_back(output.name);
  trainer::Dataset data =
      trainer::bindDataset(file_.get(), signature.inputs, signature.targets, complete);
  if (!tell)
    return data;
  tellImproperProbabilities(data, session);
  if (data.droppedRows)
    fmt::print(stderr, "{}: {} rows with missing values are left out\n", data.file,
               data.droppedRows);
  for (const auto &classes : data.classes) {
    if (classes.empty())
      continue;
    fmt::print(stderr, "{}: classes", data.file);
    for (size_t i = 0; i < classes.size(); ++i)
      fmt::print(stderr, "{} {}={}", i ? "," : "", i, printable(classes[i]));
    fmt::print(stderr, "\n");
  }
  return data;
}

} // namespace lamina::tools
