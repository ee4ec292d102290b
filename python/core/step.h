#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>

#include "buffers.h"
#include "session/session.h"
#include "trainer/callbacks/running_logs.h"

namespace lamina::python {

/// Shapes of one row by the name of the input or output.
using Shapes = std::map<std::string, std::vector<int64_t>>;

/// The settings of a compiled model, from `lamina.compile`.
struct Settings {
  std::string path;          ///< the model's file, empty where it is in none
  std::string name;          ///< for messages, in place of the path
  std::string compileConfig; ///< JSON members that replace those of the file's compile_config
  Shapes inputShapes, targetShapes; ///< where the model leaves dimensions open
  int64_t batchSize = 32;
  int64_t accumulate = 1;  ///< parts of a batch
  int64_t memoryLimit = 0; ///< bytes beside the state; 0: none
  uint32_t threads = 0;
  uint64_t seed = 0;
  bool hasSampleWeights = false;
};

class Step;

/// Logs of the batches so far of an epoch or an evaluation. Ends when the step is compiled again.
class Running {
public:
  Running(Step &step, bool training);
  /// Throws UserError when the step has been compiled again.
  nanobind::dict values() const;

private:
  friend class Step;
  const Step &step_;
  uint64_t weighting_; ///< the step's
  const std::vector<codegen::LogSpec> &specs_;
  trainer::BatchLogs batch_;
  trainer::RunningLogs running_;
};

/// A compiled model with its state: what the Python class of the same name stands on. Arrays fit
/// exactly or are refused with false (None), so that Python converts them; what is wrong with them
/// is said there. The GIL is released while compiled code runs, and calls of one step from several
/// threads follow each other.
class Step {
public:
  /// `content` is the model where it is in no file.
  explicit Step(const Settings &settings, std::optional<frontend::KerasFile> content = {});

  /// Logs of one step or evaluation of a batch, or None.
  nanobind::object trainOnBatch(nanobind::handle x, nanobind::handle y, nanobind::handle weights);
  nanobind::object testOnBatch(nanobind::handle x, nanobind::handle y, nanobind::handle weights);
  /// As many steps or evaluations as the rows of the arrays need, the last one smaller, whose logs
  /// are added to `running`.
  bool train(Running &running, nanobind::handle x, nanobind::handle y, nanobind::handle weights,
             int64_t batchSize);
  bool test(Running &running, nanobind::handle x, nanobind::handle y, nanobind::handle weights,
            int64_t batchSize);
  /// Fills `outputs`, which have as many rows as `x`.
  bool predict(nanobind::handle x, nanobind::handle outputs, int64_t batchSize);

  const codegen::Signature &signature() const { return runner_->signature(); }
  trainer::ModelRunner &runner() { return *runner_; }
  session::Session &session() { return *session_; }
  const Settings &settings() const { return settings_; }
  const std::vector<std::string> &notes() const { return notes_; }

  /// Copies values of variables, by the signature's order: arrays to fill or to read, None for
  /// those that are not wanted. Throws UserError when one does not fit.
  void readState(nanobind::list arrays);
  void writeState(nanobind::list arrays);
  double learningRate();
  void setLearningRate(double rate);
  void finalizeAverages();

  /// Throw UserError where there is no loss, or no optimizer either.
  void requireLoss() const;
  void requireTraining() const;

  /// Compiles again so that steps and evaluations take weights of samples. The state stays.
  void addSampleWeights();
  /// Compiles for rows of these shapes, or takes what was compiled for them before; for inputs and
  /// targets with dimensions that the model leaves open. The state goes along.
  void useShapes(const Shapes &inputs, const Shapes &targets);
  const Shapes &inputShapes() const { return settings_.inputShapes; }
  const Shapes &targetShapes() const { return settings_.targetShapes; }
  /// Row shapes of the inputs and targets with open dimensions, which are -1.
  const Shapes &openInputs() const { return openInputs_; }
  const Shapes &openTargets() const { return openTargets_; }
  /// How inputs with open dimensions follow from data.
  const frontend::LookupPlan &openLookups() const { return openLookups_; }
  /// How often it has been compiled to take weights.
  uint64_t weighting() const { return weighting_; }
  /// Writes the model in the format of the path's ending.
  void save(const std::string &path);
  /// A session of its own for the same model, to look at.
  std::unique_ptr<session::Session> makeSession() const;

private:
  struct Arrays {
    Buffers x, y, weights;
    int64_t rows = -1;
    uint64_t compilation = 0; ///< whose signature they fit
  };
  struct Compiled {
    std::unique_ptr<session::Session> session;
    trainer::ModelRunner *runner = nullptr;
  };
  using Call = void (trainer::ModelRunner::*)(const trainer::Batch &, trainer::BatchLogs &);

  Compiled compile(frontend::KerasFile file, bool hasSampleWeights);
  void use(Compiled compiled);
  void findOpenShapes(const frontend::KerasFile &file);
  session::Options options(bool hasSampleWeights);
  bool bind(Arrays &arrays, nanobind::handle x, nanobind::handle y, nanobind::handle weights);
  /// Refuses values that are no index of the entries or no class that they stand for.
  void requireBounds(const Arrays &arrays) const;
  /// Refuses what was made for the step before it was compiled again.
  void requireSame(const Running &running, const Arrays &arrays) const;
  /// Whether the arrays could be bound; then all their batches were run.
  bool runAll(Call call, Running &running, nanobind::handle x, nanobind::handle y,
              nanobind::handle weights, int64_t batchSize);
  void run(Call call, Running &running, const Arrays &arrays, int64_t batchSize);
  nanobind::object runOne(Call call, bool training, nanobind::handle x, nanobind::handle y,
                          nanobind::handle weights);

  Settings settings_;
  std::vector<std::string> notes_;
  std::optional<nlohmann::json> compileConfig_; ///< the one to write, where it is not the file's
  Shapes openInputs_, openTargets_;
  frontend::LookupPlan openLookups_;
  std::unique_ptr<session::Session> session_;
  trainer::ModelRunner *runner_ = nullptr;
  uint64_t compilation_ = 0; ///< changes with session_
  uint64_t weighting_ = 0;
  std::map<std::pair<Shapes, Shapes>, Compiled> others_; ///< for other shapes, which go on existing
  /// Of state and workspace. Who waits for it does not hold the GIL; session_ and what belongs to
  /// it change under both.
  std::mutex mutex_;
};

} // namespace lamina::python
