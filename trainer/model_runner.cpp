#include "trainer/model_runner.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "support/error.h"
#include "trainer/data/cast.h"

namespace lamina::trainer {

using codegen::VariableSpec;
using frontend::Array;

ModelRunner::ModelRunner(std::string name, const codegen::CompiledModel &model,
                         const lamina_env &env)
    : name_(std::move(name)), model_(model), env_(env), state_(model.signature().stateBytes),
      workspace_(model.signature().workspaceBytes) {
  const std::vector<VariableSpec> &variables = signature().variables;
  for (size_t i = 0; i < variables.size(); ++i)
    if (variables[i].average)
      averages_.emplace_back(i, *variables[i].average);
}

void ModelRunner::require(int status, const char *function) const {
  if (status != LAMINA_OK)
    fail("{}: {} failed: {}", name_, function, lamina_status_text(status));
}

void ModelRunner::initialize(uint64_t seed) {
  require(model_.init(state_.data(), seed), "initialization");
}

void ModelRunner::setState(std::span<const std::byte> state) {
  std::memcpy(state_.data(), state.data(), state.size());
}

void ModelRunner::start(uint64_t seed, InitialValues values) {
  const auto &variables = signature().variables;
  bool isComplete = std::ranges::all_of(variables, [&](const VariableSpec &v) {
    return values.arrays.contains(v.name) || values.numbers.contains(v.name);
  });
  if (isComplete)
    state_.clear(); // padding is zero, and so are most variables of optimizers
  else
    initialize(seed);
  for (size_t i = 0; i < variables.size(); ++i) {
    const VariableSpec &variable = variables[i];
    if (auto given = values.arrays.extract(variable.name))
      load(i, std::move(given.mapped()));
    else if (auto number = values.numbers.find(variable.name);
             isComplete && number != values.numbers.end() && number->second != 0)
      load(i, filledArray(variable.type, variable.shape, number->second));
  }
}

void ModelRunner::load(size_t index, Array value) {
  const VariableSpec &variable = signature().variables[index];
  if (value.shape != variable.shape)
    fail("{}: weights '{}' have shape {}, but the model wants {}", name_, variable.name,
         frontend::describeShape(value.shape), frontend::describeShape(variable.shape));
  value = castArray(std::move(value), variable.type, [&](size_t, double element) {
    fail("{}: weights '{}' hold {}, which is no value of type {}", name_, variable.name, element,
         typeName(variable.type));
  });
  std::vector<const void *> pointers(signature().variables.size());
  pointers[index] = value.bytes.data();
  require(model_.load(state_.data(), pointers.data()), "loading the weights");
}

std::map<std::string, Array> ModelRunner::save() const {
  std::vector<Array> all = saveAll();
  std::map<std::string, Array> result;
  for (size_t i = 0; i < all.size(); ++i)
    if (!signature().variables[i].path.empty())
      result.emplace(signature().variables[i].path, std::move(all[i]));
  return result;
}

std::vector<Array> ModelRunner::saveAll() const {
  std::vector<Array> arrays;
  std::vector<void *> pointers;
  for (const VariableSpec &variable : signature().variables)
    pointers.push_back(
        arrays.emplace_back(frontend::makeArray(variable.type, variable.shape)).bytes.data());
  // The arrays' bytes stay where they are when the vector of arrays grows.
  copyTo(pointers);
  return arrays;
}

void ModelRunner::copyTo(const std::vector<void *> &variables) const {
  require(model_.save(state_.data(), variables.data()), "saving the weights");
}

void ModelRunner::copyFrom(const std::vector<const void *> &variables) {
  require(model_.load(state_.data(), variables.data()), "loading the state");
}

void ModelRunner::loadAll(const std::vector<Array> &values) {
  std::vector<const void *> pointers;
  for (const Array &value : values)
    pointers.push_back(value.bytes.data());
  copyFrom(pointers);
}

void ModelRunner::giveState(ModelRunner &other) const {
  give(other, /*onlyLayerStates=*/false);
}

void ModelRunner::giveLayerStates(ModelRunner &other) const {
  give(other, /*onlyLayerStates=*/true);
}

void ModelRunner::give(ModelRunner &other, bool onlyLayerStates) const {
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < other.signature().variables.size(); ++i)
    places.emplace(other.signature().variables[i].name, i);
  std::vector<Array> values;
  std::vector<void *> taken;
  std::vector<const void *> given(places.size());
  for (const VariableSpec &variable : signature().variables) {
    auto place = places.find(variable.name);
    bool isLayerState = variable.path.empty() && !variable.isOfOptimizer();
    bool isGiven = place != places.end() && (isLayerState || !onlyLayerStates);
    taken.push_back(nullptr);
    if (!isGiven)
      continue;
    values.push_back(frontend::makeArray(variable.type, variable.shape));
    given[place->second] = taken.back() = values.back().bytes.data();
  }
  copyTo(taken);
  other.copyFrom(given);
}

void ModelRunner::loadModel(const std::vector<Array> &values) {
  std::vector<const void *> pointers;
  for (size_t i = 0; i < values.size(); ++i) {
    const VariableSpec &variable = signature().variables[i];
    bool isWeight = !variable.path.empty() && !variable.isOfOptimizer();
    pointers.push_back(isWeight ? values[i].bytes.data() : nullptr);
  }
  require(model_.load(state_.data(), pointers.data()), "loading the weights");
}

int64_t ModelRunner::learningRateIndex() const {
  const auto &variables = signature().variables;
  for (size_t i = 0; i < variables.size(); ++i)
    if (variables[i].role == ir::VariableRole::LearningRate)
      return static_cast<int64_t>(i);
  return -1;
}

double ModelRunner::learningRate() const {
  float rate = 0;
  std::vector<void *> pointers(signature().variables.size());
  pointers.at(static_cast<size_t>(learningRateIndex())) = &rate;
  require(model_.save(state_.data(), pointers.data()), "reading the learning rate");
  return rate;
}

void ModelRunner::setLearningRate(double value) {
  auto rate = static_cast<float>(value);
  std::vector<const void *> pointers(signature().variables.size());
  pointers.at(static_cast<size_t>(learningRateIndex())) = &rate;
  require(model_.load(state_.data(), pointers.data()), "setting the learning rate");
}

void ModelRunner::finalizeAverages() {
  if (!hasAverages())
    return;
  std::vector<Array> values = saveAll();
  for (auto [variable, average] : averages_)
    values[variable].bytes = values[average].bytes;
  loadAll(values);
}

void ModelRunner::swapAverages() {
  std::vector<Array> values = saveAll();
  for (auto [variable, average] : averages_)
    std::swap(values[variable].bytes, values[average].bytes);
  loadAll(values);
}

void ModelRunner::resetAverages() {
  std::vector<Array> values = saveAll();
  for (auto [variable, average] : averages_)
    values[average].bytes = values[variable].bytes;
  loadAll(values);
}

BatchLogs ModelRunner::makeBatchLogs(const std::vector<codegen::LogSpec> &logs) const {
  return {std::vector<float>(logs.size()),
          std::vector<float>(static_cast<size_t>(signature().sums))};
}

static codegen::StepArrays arraysOf(const Batch &batch, BatchLogs &logs) {
  return {.inputs = batch.inputs,
          .targets = batch.targets,
          .weights = batch.weights,
          .logs = logs.logs.data(),
          .sums = logs.sums.data()};
}

void ModelRunner::trainStep(const Batch &batch, BatchLogs &logs) {
  require(
      model_.trainStep(&env_, state_.data(), workspace_.data(), batch.rows, arraysOf(batch, logs)),
      "a training step");
}

void ModelRunner::evaluateStep(const Batch &batch, BatchLogs &logs) {
  require(
      model_.evaluate(&env_, state_.data(), workspace_.data(), batch.rows, arraysOf(batch, logs)),
      "evaluation");
}

void ModelRunner::results(const double *sums, double *logs) {
  require(model_.results(workspace_.data(), sums, logs), "computing the metrics");
}

void ModelRunner::predictStep(const Batch &batch, void *const *outputs) {
  require(
      model_.predict(&env_, state_.data(), workspace_.data(), batch.rows, batch.inputs, outputs),
      "prediction");
}

} // namespace lamina::trainer
