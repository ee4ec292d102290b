#include "tools/lamina/data.h"

#include <fmt/format.h>

#include "support/error.h"
#include "support/output.h"

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
  trainer::Dataset data =
      trainer::bindDataset(file_.get(), signature.inputs, signature.targets, complete);
  if (!tell)
    return data;
  if (data.droppedRows)
    note("{}: {} rows with missing values are left out\n", data.file, data.droppedRows);
  for (const auto &classes : data.classes) {
    if (classes.empty())
      continue;
    note("{}: classes", data.file);
    for (size_t i = 0; i < classes.size(); ++i)
      note("{} {}={}", i ? "," : "", i, printable(classes[i]));
    note("\n");
  }
  return data;
}

} // namespace lamina::tools
