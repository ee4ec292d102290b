// Lengths that a model leaves open: what is compiled for those of the arrays at hand, over one
// state.
#include <algorithm>
#include <tuple>

#include "step.h"

namespace nb = nanobind;

namespace lamina::python {

/// Targets of open length begin with a length of 1, until there are some.
void Step::findOpenShapes(const frontend::KerasFile &file) {
  session::Options unknown = options(false);
  unknown.import.inputShapes.clear();
  unknown.import.targetShapes.clear();
  trainer::DeclaredTensors declared = session::declaredTensors(file, unknown);
  auto keepOpen = [](const std::vector<codegen::TensorSpec> &tensors, Shapes &open) {
    for (const codegen::TensorSpec &tensor : tensors)
      if (std::count(tensor.shape.begin() + 1, tensor.shape.end(), -1) > 0)
        open[tensor.name] = {tensor.shape.begin() + 1, tensor.shape.end()};
  };
  openLookups_ = declared.lookups;
  keepOpen(declared.inputs, openInputs_);
  keepOpen(declared.targets, openTargets_);
  for (const auto &[name, shape] : openTargets_)
    settings_.targetShapes.try_emplace(name, shape.size(), 1);
}

void Step::useShapes(const Shapes &inputs, const Shapes &targets) {
  std::optional<nb::gil_scoped_release> release(std::in_place);
  std::lock_guard lock(mutex_);
  std::pair<Shapes, Shapes> before = {settings_.inputShapes, settings_.targetShapes};
  std::pair<Shapes, Shapes> wanted = {inputs, targets};
  if (wanted == before)
    return;
  Compiled compiled;
  if (auto known = others_.extract(wanted)) {
    compiled = std::move(known.mapped());
  } else {
    std::tie(settings_.inputShapes, settings_.targetShapes) = wanted;
    try {
      compiled = compile(session_->file(), settings_.hasSampleWeights);
    } catch (...) {
      std::tie(settings_.inputShapes, settings_.targetShapes) = before;
      throw;
    }
  }
  runner_->giveState(*compiled.runner);
  release.reset(); // nobody looks at the session meanwhile
  std::tie(settings_.inputShapes, settings_.targetShapes) = wanted;
  others_[before] = {std::move(session_), runner_};
  use(std::move(compiled));
}

} // namespace lamina::python
