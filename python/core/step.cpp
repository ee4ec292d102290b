#include "step.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "frontend/keras/weights/weights.h"
#include "support/error.h"
#include "tools/lamina/model_output.h"
#include "trainer/data/cast.h"

namespace nb = nanobind;

namespace lamina::python {

namespace {

/// Lets other Python threads run, and then waits for the step's memory: in this order, so that who
/// has the memory can get the GIL back.
class StepLock {
public:
  explicit StepLock(std::mutex &mutex) : lock_(mutex) {}

private:
  nb::gil_scoped_release release_;
  std::lock_guard<std::mutex> lock_;
};

/// The file's compile_config with other members, as JSON text, in the place of its own.
void replaceCompileConfig(frontend::KerasFile &file, const std::string &text) {
  nlohmann::json changes = nlohmann::json::parse(text);
  nlohmann::json config = file.compileConfig.value_or(nlohmann::json::object());
  config.update(changes);
  file.compileConfig = config;
  // The state of another optimizer may look alike.
  if (changes.contains("optimizer"))
    std::erase_if(file.weights,
                  [](const auto &entry) { return frontend::isOptimizerPath(entry.first); });
}

/// Calls `refuse` with the first value that is no index below `bound`.
template <typename T, typename Refuse>
void findOutOfRange(const void *data, int64_t count, int64_t bound, Refuse refuse) {
  const T *values = static_cast<const T *>(data);
  for (int64_t i = 0; i < count; ++i) {
    auto value = static_cast<double>(values[i]);
    if (!(value >= 0 && value < static_cast<double>(bound)) || value != std::floor(value))
      return refuse(value);
  }
}

/// `kind` and `what` are for the message: an input's values are indices, a target's are classes.
void checkBound(const codegen::TensorSpec &spec, const void *data, int64_t count, const char *kind,
                const char *what) {
  auto refuse = [&](double value) {
    fail("{} '{}': {} is no {} of {} (whole numbers from 0 to {})", kind, spec.name, value, what,
         spec.bound, spec.bound - 1);
  };
  switch (spec.type) {
  case ElementType::F32:
    return findOutOfRange<float>(data, count, spec.bound, refuse);
  case ElementType::F64:
    return findOutOfRange<double>(data, count, spec.bound, refuse);
  case ElementType::I32:
    return findOutOfRange<int32_t>(data, count, spec.bound, refuse);
  case ElementType::I64:
    return findOutOfRange<int64_t>(data, count, spec.bound, refuse);
  case ElementType::I8:
    return findOutOfRange<int8_t>(data, count, spec.bound, refuse);
  case ElementType::U8:
  case ElementType::I1:
    return findOutOfRange<uint8_t>(data, count, spec.bound, refuse);
  }
}

void checkBounds(const std::vector<codegen::TensorSpec> &specs, const Buffers &buffers,
                 int64_t rows, const char *kind, const char *what) {
  for (size_t i = 0; i < buffers.data().size(); ++i)
    if (specs[i].bound > 0) {
      auto perRow = static_cast<int64_t>(buffers.rowBytes()[i] / byteWidth(specs[i].type));
      checkBound(specs[i], buffers.data()[i], rows * perRow, kind, what);
    }
}

} // namespace

Running::Running(Step &step, bool training)
    : step_(step), weighting_(step.weighting()),
      specs_(training ? step.signature().trainLogs : step.signature().evaluateLogs),
      batch_(step.runner().makeBatchLogs(specs_)), running_(step.runner(), specs_) {}

nb::dict Running::values() const {
  if (weighting_ != step_.weighting())
    fail("weights of samples came in the middle of an epoch; give all batches some");
  nb::dict result;
  for (const auto &[name, value] : running_.values())
    result[name.c_str()] = value;
  return result;
}

Step::Step(const Settings &settings, std::optional<frontend::KerasFile> content)
    : settings_(settings) {
  nb::gil_scoped_release release;
  frontend::KerasFile file =
      content ? std::move(*content) : session::readModel(options(settings_.hasSampleWeights));
  if (!settings_.name.empty())
    file.path = file.weightsPath = settings_.name;
  if (!settings_.compileConfig.empty()) {
    replaceCompileConfig(file, settings_.compileConfig);
    compileConfig_ = file.compileConfig;
  }
  findOpenShapes(file);
  use(compile(std::move(file), settings_.hasSampleWeights));
}

session::Options Step::options(bool hasSampleWeights) {
  session::Options options;
  options.model = settings_.path;
  options.import.batchSize = settings_.batchSize;
  options.accumulate = settings_.accumulate;
  options.compile.passes.memoryLimit = settings_.memoryLimit;
  options.import.sampleWeights = hasSampleWeights;
  options.import.inputShapes = settings_.inputShapes;
  options.import.targetShapes = settings_.targetShapes;
  options.threads = settings_.threads;
  if (compilation_ == 0) // later there is nothing new to say
    options.tell = [this](const std::string &line) { notes_.push_back(line); };
  return options;
}

Step::Compiled Step::compile(frontend::KerasFile file, bool hasSampleWeights) {
  Compiled compiled;
  compiled.session = std::make_unique<session::Session>(std::move(file), options(hasSampleWeights),
                                                        /*training=*/true);
  compiled.runner = &compiled.session->compile(settings_.seed);
  return compiled;
}

void Step::use(Compiled compiled) {
  session_ = std::move(compiled.session);
  runner_ = compiled.runner;
  ++compilation_;
}

std::unique_ptr<session::Session> Step::makeSession() const {
  session::Options options;
  options.model = settings_.path;
  options.import = session_->options().import;
  options.import.notes = nullptr;
  return std::make_unique<session::Session>(session_->file(), options, /*training=*/true);
}

void Step::addSampleWeights() {
  requireLoss();
  std::optional<nb::gil_scoped_release> release(std::in_place);
  std::lock_guard lock(mutex_);
  if (settings_.hasSampleWeights)
    return;
  Compiled compiled = compile(session_->file(), /*hasSampleWeights=*/true);
  runner_->giveState(*compiled.runner);
  release.reset(); // nobody looks at the session meanwhile
  settings_.hasSampleWeights = true;
  others_.clear();
  ++weighting_;
  use(std::move(compiled));
}

void Step::requireLoss() const {
  if (signature().evaluateLogs.empty())
    fail("{}: the model has no loss; compile it in Keras, or give loss= and optimizer=",
         session_->name());
}

void Step::requireTraining() const {
  requireLoss();
  if (!session_->compiled().hasTraining())
    fail("{}: the model has no optimizer; compile it in Keras, or give optimizer=",
         session_->name());
}

bool Step::bind(Arrays &arrays, nb::handle x, nb::handle y, nb::handle weights) {
  arrays.compilation = compilation_;
  return arrays.x.bind(x, signature().inputs, arrays.rows) &&
         arrays.y.bind(y, signature().targets, arrays.rows) &&
         (signature().weights.empty() ||
          arrays.weights.bind(weights, signature().weights, arrays.rows));
}

void Step::requireSame(const Running &running, const Arrays &arrays) const {
  if (running.weighting_ != weighting_ || arrays.compilation != compilation_)
    fail("{}: weights of samples were given for the first time meanwhile; give all batches of an "
         "epoch some, and train in one thread first",
         session_->name());
}

void Step::requireBounds(const Arrays &arrays) const {
  checkBounds(signature().inputs, arrays.x, arrays.rows, "input", "index");
  checkBounds(signature().targets, arrays.y, arrays.rows, "target", "class");
}

namespace {

/// The addresses of the rows from `begin` on.
void place(const Buffers &buffers, int64_t begin, std::vector<const void *> &rows) {
  rows.resize(buffers.data().size());
  for (size_t i = 0; i < rows.size(); ++i)
    rows[i] = static_cast<const std::byte *>(buffers.data()[i]) +
              static_cast<size_t>(begin) * buffers.rowBytes()[i];
}

} // namespace

void Step::run(Call call, Running &running, const Arrays &arrays, int64_t batchSize) {
  std::vector<const void *> x, y, weights;
  for (int64_t begin = 0; begin < arrays.rows; begin += batchSize) {
    place(arrays.x, begin, x);
    place(arrays.y, begin, y);
    place(arrays.weights, begin, weights);
    trainer::Batch batch{static_cast<uint32_t>(std::min(batchSize, arrays.rows - begin)), x.data(),
                         y.data(), weights.data()};
    (runner_->*call)(batch, running.batch_);
    running.running_.add(running.batch_, batch.rows);
  }
}

bool Step::train(Running &running, nb::handle x, nb::handle y, nb::handle weights,
                 int64_t batchSize) {
  requireTraining();
  return runAll(&trainer::ModelRunner::trainStep, running, x, y, weights, batchSize);
}

bool Step::test(Running &running, nb::handle x, nb::handle y, nb::handle weights,
                int64_t batchSize) {
  requireLoss();
  return runAll(&trainer::ModelRunner::evaluateStep, running, x, y, weights, batchSize);
}

bool Step::runAll(Call call, Running &running, nb::handle x, nb::handle y, nb::handle weights,
                  int64_t batchSize) {
  Arrays arrays;
  if (!bind(arrays, x, y, weights))
    return false;
  StepLock lock(mutex_);
  requireSame(running, arrays);
  requireBounds(arrays);
  run(call, running, arrays, batchSize);
  return true;
}

nb::object Step::runOne(Call call, bool training, nb::handle x, nb::handle y, nb::handle weights) {
  Arrays arrays;
  if (!bind(arrays, x, y, weights) || arrays.rows < 1 || arrays.rows > signature().batchSize)
    return nb::none();
  Running running(*this, training);
  {
    StepLock lock(mutex_);
    requireSame(running, arrays);
    requireBounds(arrays);
    run(call, running, arrays, arrays.rows);
  }
  return running.values();
}

nb::object Step::trainOnBatch(nb::handle x, nb::handle y, nb::handle weights) {
  requireTraining();
  return runOne(&trainer::ModelRunner::trainStep, true, x, y, weights);
}

nb::object Step::testOnBatch(nb::handle x, nb::handle y, nb::handle weights) {
  requireLoss();
  return runOne(&trainer::ModelRunner::evaluateStep, false, x, y, weights);
}

bool Step::predict(nb::handle x, nb::handle outputs, int64_t batchSize) {
  Arrays arrays;
  Buffers results;
  if (!arrays.x.bind(x, signature().inputs, arrays.rows) ||
      !results.bind(outputs, signature().outputs, arrays.rows, /*writable=*/true))
    return false;
  StepLock lock(mutex_); // prediction takes no weights
  requireBounds(arrays);
  std::vector<const void *> inputs, places;
  for (int64_t begin = 0; begin < arrays.rows; begin += batchSize) {
    place(arrays.x, begin, inputs);
    place(results, begin, places);
    trainer::Batch batch{static_cast<uint32_t>(std::min(batchSize, arrays.rows - begin)),
                         inputs.data()};
    std::vector<void *> pointers;
    for (const void *address : places)
      pointers.push_back(const_cast<void *>(address));
    runner_->predictStep(batch, pointers.data());
  }
  return true;
}

double Step::learningRate() {
  StepLock lock(mutex_);
  if (!runner_->hasLearningRate())
    fail("{}: the optimizer's learning rate follows a schedule", session_->name());
  return runner_->learningRate();
}

void Step::setLearningRate(double rate) {
  StepLock lock(mutex_);
  if (!runner_->hasLearningRate())
    fail("{}: the optimizer's learning rate follows a schedule and cannot be set",
         session_->name());
  runner_->setLearningRate(rate);
}

void Step::finalizeAverages() {
  StepLock lock(mutex_);
  runner_->finalizeAverages();
}

namespace {

/// The memory of arrays of variables, all of the state's or none for None.
class VariableBuffers {
public:
  VariableBuffers(nb::list arrays, const std::vector<codegen::VariableSpec> &variables,
                  bool writable) {
    for (size_t i = 0; i < variables.size(); ++i) {
      nb::handle array = arrays[i];
      int flags = PyBUF_C_CONTIGUOUS | (writable ? PyBUF_WRITABLE : 0);
      Py_buffer view{};
      if (!array.is_none() && PyObject_GetBuffer(array.ptr(), &view, flags) != 0)
        throw nb::python_error();
      views_.push_back(view);
      if (view.obj && view.len != variables[i].byteSize())
        fail("variable '{}' has {} bytes, but its array {}", variables[i].name,
             variables[i].byteSize(), view.len);
    }
  }
  ~VariableBuffers() {
    for (Py_buffer &view : views_)
      PyBuffer_Release(&view);
  }
  VariableBuffers(const VariableBuffers &) = delete;
  VariableBuffers &operator=(const VariableBuffers &) = delete;

  std::vector<void *> data() const {
    std::vector<void *> data;
    for (const Py_buffer &view : views_)
      data.push_back(view.buf);
    return data;
  }

private:
  std::vector<Py_buffer> views_;
};

void requireAll(const nb::list &arrays, const codegen::Signature &signature) {
  if (arrays.size() != signature.variables.size())
    fail("{} arrays are given for {} variables", arrays.size(), signature.variables.size());
}

} // namespace

void Step::readState(nb::list arrays) {
  requireAll(arrays, signature());
  VariableBuffers buffers(arrays, signature().variables, /*writable=*/true);
  StepLock lock(mutex_);
  runner_->copyTo(buffers.data());
}

void Step::writeState(nb::list arrays) {
  requireAll(arrays, signature());
  VariableBuffers buffers(arrays, signature().variables, /*writable=*/false);
  StepLock lock(mutex_);
  std::vector<void *> data = buffers.data();
  runner_->copyFrom({data.begin(), data.end()});
}

void Step::save(const std::string &path) {
  StepLock lock(mutex_);
  tools::writeModel(path, session_->file(), session_->module(), session_->weights(),
                    compileConfig_);
}

} // namespace lamina::python
