#include "tools/lamina/commands/data.h"

#include <algorithm>
#include <system_error>

#include "support/error.h"
#include "support/output.h"
#include "trainer/data/cast.h"

namespace lamina::tools {

namespace {
/// Keras trains on such targets too, so they are no error: most are labels that count from 1.
void tellImproperProbabilities(const trainer::Dataset &data, const Session &session) {
  const auto &targets = session.importedSignature().targets;
  for (size_t t = 0; t < data.targets.size(); ++t) {
    const frontend::Array &target = data.targets[t];
    int64_t count = targets[t].isProbability ? target.elementCount() : 0;
    for (int64_t i = 0; i < count; ++i) {
      double value = trainer::loadValue(target, static_cast<size_t>(i));
      if (value >= 0 && value <= 1)
        continue;
      note("note: {}: {}: target '{}' is {}, but binary cross-entropy is for targets from 0 to 1: "
           "with others the loss falls without end\n",
           data.file, data.describeRow(i / trainer::valuesPerRow(target.shape)),
           printable(targets[t].name), value);
      break;
    }
  }
}

/// Reads the file on a thread of its own, or later where none can be started.
std::future<trainer::DataFile> startReading(const std::string &path,
                                            const trainer::TextOptions &options) {
  auto read = [path, options] { return trainer::openDataFile(path, options); };
  try {
    return std::async(std::launch::async, read);
  } catch (const std::system_error &) {
    return std::async(std::launch::deferred, read);
  }
}

trainer::Dataset bindFile(trainer::DataFile file, const Session &session,
                          const trainer::BindOptions &options) {
  const codegen::Signature &signature = session.importedSignature();
  trainer::BindOptions complete = options;
  for (const codegen::TensorSpec &target : signature.targets)
    complete.targetClasses.push_back(target.bound);
  for (const codegen::TensorSpec &input : signature.inputs)
    complete.inputEntries.push_back(input.bound);
  complete.lookups = &session.lookups();
  complete.weights = signature.weights;
  for (const codegen::TensorSpec &output : signature.outputs)
    complete.outputs.push_back(output.name);
  return trainer::bindDataset(std::move(file), signature.inputs, signature.targets, complete);
}

/// A training may begin anew with other columns than the model knows.
bool lacksColumns(const trainer::DataFile &file, const trainer::ColumnRecipe &known) {
  if (!file.table || file.table->names.empty())
    return false;
  const auto &names = file.table->names;
  return std::ranges::any_of(known.features, [&](const std::string &name) {
    return std::find(names.begin(), names.end(), name) == names.end();
  });
}

void tellClasses(const trainer::Dataset &data) {
  for (const auto &classes : data.recipe.classes) {
    if (classes.empty())
      continue;
    std::string line = data.file + ": classes";
    for (size_t i = 0; i < classes.size(); ++i)
      line += fmt::format("{} {}={}", i ? "," : "", i, printable(classes[i]));
    note("{}\n", line);
  }
}

} // namespace

PendingData::PendingData(const std::string &path, const DataOptions &options)
    : pending_(startReading(path, options.text())), path_(path), text_(options.text()),
      binding_(options.binding()), part_(options.part), textOptions_(options.givenForText()) {}

trainer::DataFile &PendingData::wait() {
  if (!file_)
    file_.emplace(pending_.get());
  if (file_->table && !part_.empty())
    fail("{}: --part is for files of arrays, and this file holds a table; leave it out",
         file_->path);
  file_->part = part_;
  return *file_;
}

trainer::DataFile &PendingData::waitFor(const frontend::LookupPlan &lookups) {
  trainer::DataFile &file = wait();
  bool takesText =
      std::ranges::any_of(lookups.inputs, [](const auto &input) { return input.isText; });
  if (!file.table || file.table->keepsCells || !takesText)
    return file;
  if (path_ == "-")
    fail("{}: a table for a model of texts is read twice; give it as a file", file.path);
  text_.keepsCells = true;
  return file_.emplace(trainer::openDataFile(path_, text_));
}

Session PendingData::open(session::Options options, bool training, bool forwardOnly) {
  frontend::KerasFile model = session::readModel(options);
  session::Options completed = complete(std::move(options), model, forwardOnly);
  return Session(std::move(model), completed, training, forwardOnly);
}

session::Options PendingData::complete(session::Options options, const frontend::KerasFile &model,
                                       bool forwardOnly) {
  trainer::DeclaredTensors declared = session::declaredTensors(model, options);
  auto isOpen = [](const codegen::TensorSpec &tensor) {
    return std::count(tensor.shape.begin(), tensor.shape.end(), -1) > 1;
  };
  if (std::ranges::any_of(declared.inputs, isOpen) ||
      (!forwardOnly && std::ranges::any_of(declared.targets, isOpen))) {
    trainer::BindOptions binding = binding_;
    binding.known = session::readRecipe(model, declared.targets);
    binding.wantTargets = !forwardOnly;
    trainer::RowShapes found =
        trainer::findOpenShapes(waitFor(declared.lookups), declared, binding);
    options.import.inputShapes.merge(found.inputs);
    options.import.targetShapes.merge(found.targets);
  }
  return options;
}

trainer::Dataset PendingData::bind(const Session &session, const trainer::BindOptions &options) {
  return bindFile(std::move(waitFor(session.lookups())), session, options);
}

trainer::Dataset PendingData::bindAloud(const Session &session,
                                        const trainer::BindOptions &options) {
  trainer::DataFile file = std::move(waitFor(session.lookups()));
  if (!file.table && !textOptions_.empty())
    fail("{}: {} is for text files, and this file holds arrays; leave it out", file.path,
         textOptions_.front());
  bool isArff = file.table && !file.table->declared.empty();
  for (const std::string &option : textOptions_)
    if (isArff && (option == "--delimiter" || option == "--header" || option == "--no-header"))
      fail("{}: {} is for other text files, an ARFF file says this itself; leave it out", file.path,
           option);
  trainer::BindOptions adapted = options;
  if (options.numbersLabels && lacksColumns(file, options.known)) {
    note("{}: other columns than the model was trained on; they are taken by position\n",
         file.path);
    adapted.known = {};
  }
  trainer::Dataset data = bindFile(std::move(file), session, adapted);
  tellImproperProbabilities(data, session);
  if (data.droppedRows)
    note("{}: {} rows with missing values are left out\n", data.file, data.droppedRows);
  tellClasses(data);
  return data;
}

} // namespace lamina::tools
