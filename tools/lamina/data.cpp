#include "tools/lamina/data.h"

#include <fmt/format.h>

#include "support/error.h"

namespace lamina::tools {

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
