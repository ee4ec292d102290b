#pragma once

#include <chrono>
#include <map>
#include <optional>

#include "support/error.h"
#include "trainer/data/dataset.h"
#include "trainer/model_runner.h"

namespace lamina::trainer {

/// The first step of a training whose loss, or whose new variables, are not finite.
struct NonFiniteStep {
  int64_t epoch = 0, step = 0;            ///< from 0
  bool isLoss = false;                    ///< its loss is not; else the variables that it makes
  std::vector<frontend::Array> variables; ///< before it, in the signature's order
  Dataset batch;                          ///< that it is made with
};

/// Ends a training that is not finite any more.
class NonFiniteError : public UserError {
public:
  NonFiniteError(const std::string &message, const std::string &advice,
                 std::optional<NonFiniteStep> step)
      : UserError(message + "; " + advice), finding(message), advice(advice),
        step(std::move(step)) {}

  std::string finding, advice;       ///< the message's parts
  std::optional<NonFiniteStep> step; ///< nothing where no state was kept
};

/// Runs the last steps of a training again. The state is kept now and then, so that it costs less
/// than a hundredth of the time, and the steps since then have the same bits when they are run
/// again. A state of more than kMostBytes is kept only where that is wanted: memory counts too.
class Rewind {
public:
  /// The order of a training's rows.
  struct Order {
    uint64_t seed = 0;
    bool shuffle = true;
  };

  static constexpr size_t kMostBytes = size_t(256) << 20;

  /// `runner` and `data` must live longer. What callbacks do to the learning rate is repeated;
  /// where they change other variables (`variablesChange`), the state is kept in every epoch.
  Rewind(ModelRunner &runner, const Dataset &data, Order order, bool variablesChange,
         bool keepsAnySize);

  /// To be called when callbacks have begun an epoch, and before each step.
  void beginEpoch(int64_t epoch);
  void beforeStep(int64_t epoch, int64_t step) {
    if (Clock::now() >= due_)
      keep(epoch, step);
  }

  /// Goes back and runs steps up to the one given, which is not finite, or an earlier one that made
  /// it so: the first. The runner's state is then that before it. Nothing where no state is kept.
  std::optional<NonFiniteStep> findFirst(int64_t lastEpoch, int64_t lastStep);

private:
  using Clock = std::chrono::steady_clock;

  void keep(int64_t epoch, int64_t step);
  NonFiniteStep describe(int64_t epoch, int64_t step, bool isLoss, const Batch &batch,
                         const std::vector<uint32_t> &order) const;

  ModelRunner &runner_;
  const Dataset &data_;
  Order order_;
  bool variablesChange_, keeps_;
  Batches batches_;
  AlignedBuffer kept_;
  int64_t epoch_ = 0, step_ = 0;    ///< of what is kept
  std::map<int64_t, double> rates_; ///< learning rates by epoch, since then
  Clock::time_point due_ = Clock::time_point::min();
};

} // namespace lamina::trainer
