// The extension module lamina._core: what the package's Python files stand on.
#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "content.h"
#include "inspection.h"
#include "lookups.h"
#include "step.h"
#include "support/unsupported.h"
#include "tools/lamina/command_line.h"
#include "trainer/data/shuffle.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace lamina::python {

namespace {

/// (name, dtype, shape of one row, bound) of every tensor.
nb::list describe(const std::vector<codegen::TensorSpec> &specs) {
  nb::list result;
  for (const codegen::TensorSpec &spec : specs) {
    std::vector<int64_t> row(spec.shape.begin() + 1, spec.shape.end());
    result.append(nb::make_tuple(spec.name, std::string(typeName(spec.type)),
                                 nb::tuple(nb::cast(row)), spec.bound));
  }
  return result;
}

/// (name, path, dtype, shape, trainable, whether the optimizer's) of every variable of the state.
nb::list describeVariables(const Step &step) {
  nb::list result;
  for (const codegen::VariableSpec &variable : step.signature().variables)
    result.append(nb::make_tuple(variable.name, variable.path, std::string(typeName(variable.type)),
                                 nb::tuple(nb::cast(variable.shape)), variable.trainable,
                                 variable.isOfOptimizer()));
  return result;
}

nb::list logNames(const std::vector<codegen::LogSpec> &logs) {
  nb::list names;
  for (const codegen::LogSpec &log : logs)
    names.append(nb::str(log.name.c_str(), log.name.size()));
  return names;
}

int commandLine(std::vector<std::string> arguments) {
  std::vector<char *> pointers;
  for (std::string &argument : arguments)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  return tools::runCommandLine(static_cast<int>(arguments.size()), pointers.data());
}

/// The rows of epoch `epoch` as 4-byte numbers in a bytes object.
nb::bytes shuffledRows(uint64_t seed, int64_t epoch, uint32_t count) {
  std::vector<uint32_t> rows = trainer::shuffledRows(seed, epoch, count);
  return nb::bytes(reinterpret_cast<const char *>(rows.data()), rows.size() * sizeof(uint32_t));
}

void addStep(nb::module_ &module) {
  nb::class_<Running>(module, "Running").def("values", &Running::values);
  nb::class_<Step>(module, "Step")
      .def(
          "__init__",
          [](Step *place, const std::string &path, const std::string &name,
             const std::string &compileConfig, const Shapes &inputShapes,
             const Shapes &targetShapes, int64_t batchSize, int64_t accumulate, int64_t memoryLimit,
             uint32_t threads, uint64_t seed, bool sampleWeights, std::optional<nb::dict> content) {
            std::optional<frontend::KerasFile> file;
            if (content)
              file = makeContent(name, *content);
            new (place) Step({path, name, compileConfig, inputShapes, targetShapes, batchSize,
                              accumulate, memoryLimit, threads, seed, sampleWeights},
                             std::move(file));
          },
          "path"_a, "name"_a, "compile_config"_a, "input_shapes"_a, "target_shapes"_a,
          "batch_size"_a, "accumulate"_a, "memory_limit"_a, "threads"_a, "seed"_a,
          "sample_weights"_a, "content"_a.none() = nb::none())
      .def("train_on_batch", &Step::trainOnBatch, "x"_a.none(), "y"_a.none(),
           "weights"_a = nb::none())
      .def("test_on_batch", &Step::testOnBatch, "x"_a.none(), "y"_a.none(),
           "weights"_a = nb::none())
      .def("train", &Step::train, "running"_a, "x"_a, "y"_a, "weights"_a, "batch_size"_a)
      .def("test", &Step::test, "running"_a, "x"_a, "y"_a, "weights"_a, "batch_size"_a)
      .def("predict", &Step::predict, "x"_a, "outputs"_a, "batch_size"_a)
      .def(
          "begin", [](Step &step, bool training) { return new Running(step, training); },
          "training"_a, nb::keep_alive<0, 1>())
      .def("read_state", &Step::readState, "arrays"_a)
      .def("write_state", &Step::writeState, "arrays"_a)
      .def_prop_rw("learning_rate", &Step::learningRate, &Step::setLearningRate)
      .def("finalize_averages", &Step::finalizeAverages)
      .def("require_loss", &Step::requireLoss)
      .def("require_training", &Step::requireTraining)
      .def("use_shapes", &Step::useShapes, "inputs"_a, "targets"_a)
      .def_prop_ro(
          "shapes",
          [](Step &step) { return nb::make_tuple(step.inputShapes(), step.targetShapes()); })
      .def_prop_ro("open_shapes",
                   [](Step &step) { return nb::make_tuple(step.openInputs(), step.openTargets()); })
      .def("add_sample_weights", &Step::addSampleWeights)
      .def("save", &Step::save, "path"_a)
      .def("stage_text", &stageText, "stage"_a)
      .def("kernels", &kernelTable)
      .def("memory_plan", &memoryTable)
      .def_prop_ro("name", [](Step &step) { return step.session().name(); })
      .def_prop_ro("batch_size", [](Step &step) { return step.signature().batchSize; })
      .def_prop_ro("threads", [](Step &step) { return step.session().threads(); })
      .def_prop_ro("accumulate", [](Step &step) { return step.settings().accumulate; })
      .def_prop_ro("memory_limit", [](Step &step) { return step.settings().memoryLimit; })
      .def_prop_ro("requested_threads", [](Step &step) { return step.settings().threads; })
      .def_prop_ro("has_sample_weights",
                   [](Step &step) { return step.settings().hasSampleWeights; })
      .def_prop_ro("has_loss", [](Step &step) { return !step.signature().evaluateLogs.empty(); })
      .def_prop_ro("has_training",
                   [](Step &step) { return step.session().compiled().hasTraining(); })
      .def_prop_ro("state_bytes", [](Step &step) { return step.signature().stateBytes; })
      .def_prop_ro("workspace_bytes", [](Step &step) { return step.signature().workspaceBytes; })
      .def_prop_ro("notes", &Step::notes)
      .def_prop_ro("data_inputs", &describeData)
      .def("look_up", &lookUp, "columns"_a, "outputs"_a)
      .def("found_shapes", &foundShapes, "columns"_a, "rows"_a)
      .def_prop_ro("inputs", [](Step &step) { return describe(step.signature().inputs); })
      .def_prop_ro("targets", [](Step &step) { return describe(step.signature().targets); })
      .def_prop_ro("outputs", [](Step &step) { return describe(step.signature().outputs); })
      .def_prop_ro("weights", [](Step &step) { return describe(step.signature().weights); })
      .def_prop_ro("variables", &describeVariables)
      .def_prop_ro("train_logs", [](Step &step) { return logNames(step.signature().trainLogs); })
      .def_prop_ro("evaluate_logs",
                   [](Step &step) { return logNames(step.signature().evaluateLogs); });
}

} // namespace

NB_MODULE(_core, module) {
  nb::register_exception_translator([](const std::exception_ptr &pointer, void *) {
    try {
      std::rethrow_exception(pointer);
    } catch (const UnsupportedError &error) {
      PyErr_SetString(PyExc_NotImplementedError, error.what());
    } catch (const UserError &error) {
      PyErr_SetString(PyExc_ValueError, error.what());
    }
  });
  module.attr("version") = LAMINA_VERSION;
  addStep(module);
  module.def("command_line", &commandLine, "arguments"_a);
  module.def("shuffled_rows", &shuffledRows, "seed"_a, "epoch"_a, "count"_a);
}

} // namespace lamina::python
