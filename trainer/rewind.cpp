#include "trainer/rewind.h"

#include <cmath>
#include <cstring>

#include "trainer/data/shuffle.h"
#include "trainer/finite.h"

namespace lamina::trainer {

namespace {

using frontend::Array;

/// The rows of a batch as arrays of their own, like `whole`.
std::vector<Array> copyRows(const std::vector<Array> &whole, const void *const *rows,
                            int64_t count) {
  std::vector<Array> copies;
  for (size_t i = 0; i < whole.size(); ++i) {
    std::vector<int64_t> shape = whole[i].shape;
    shape[0] = count;
    Array &copy = copies.emplace_back(frontend::makeArray(whole[i].type, shape));
    std::memcpy(copy.bytes.data(), rows[i], copy.bytes.size());
  }
  return copies;
}

} // namespace

Rewind::Rewind(ModelRunner &runner, const Dataset &data, Order order, bool variablesChange,
               bool keepsAnySize)
    : runner_(runner), data_(data), order_(order), variablesChange_(variablesChange),
      keeps_(keepsAnySize || runner.signature().stateBytes <= kMostBytes),
      batches_(data, runner.signature().batchSize),
      kept_(keeps_ ? runner.signature().stateBytes : 0) {
  if (!keeps_)
    due_ = Clock::time_point::max();
}

void Rewind::beginEpoch(int64_t epoch) {
  if (!keeps_)
    return;
  if (variablesChange_)
    return keep(epoch, 0);
  if (runner_.hasLearningRate())
    rates_[epoch] = runner_.learningRate();
}

void Rewind::keep(int64_t epoch, int64_t step) {
  constexpr auto kLeastTime = std::chrono::seconds(2);
  auto start = Clock::now();
  std::memcpy(kept_.data(), runner_.state().data(), kept_.size());
  epoch_ = epoch;
  step_ = step;
  rates_.erase(rates_.begin(), rates_.upper_bound(epoch));
  auto end = Clock::now();
  due_ = end + std::max<Clock::duration>(kLeastTime, 100 * (end - start));
}

NonFiniteStep Rewind::describe(int64_t epoch, int64_t step, bool isLoss, const Batch &batch,
                               const std::vector<uint32_t> &order) const {
  NonFiniteStep found{epoch, step, isLoss, runner_.saveAll(), {}};
  found.batch.file = data_.file;
  found.batch.rows = batch.rows;
  found.batch.inputs = copyRows(data_.inputs, batch.inputs, batch.rows);
  found.batch.targets = copyRows(data_.targets, batch.targets, batch.rows);
  found.batch.weights = copyRows(data_.weights, batch.weights, batch.rows);
  int64_t first = step * runner_.signature().batchSize;
  for (int64_t row = first; !data_.lines.empty() && row < first + batch.rows; ++row) {
    auto place = static_cast<size_t>(row);
    found.batch.lines.push_back(data_.lines[order.empty() ? place : order[place]]);
  }
  return found;
}

std::optional<NonFiniteStep> Rewind::findFirst(int64_t lastEpoch, int64_t lastStep) {
  if (!keeps_)
    return std::nullopt;
  AlignedBuffer before(kept_.size());
  BatchLogs logs = runner_.makeBatchLogs(runner_.signature().trainLogs);
  runner_.setState({kept_.data(), kept_.size()});
  for (int64_t epoch = epoch_, step = step_;; ++epoch, step = 0) {
    if (auto rate = rates_.find(epoch); rate != rates_.end())
      runner_.setLearningRate(rate->second);
    std::vector<uint32_t> order;
    if (order_.shuffle)
      order = shuffledRows(order_.seed, epoch, static_cast<uint32_t>(data_.rows));
    for (; step < batches_.count(); ++step) {
      std::memcpy(before.data(), runner_.state().data(), before.size());
      Batch batch = batches_.get(step, order);
      runner_.trainStep(batch, logs);
      bool isLoss = !std::isfinite(logs.logs[0]);
      bool isLast = epoch == lastEpoch && step == lastStep;
      if (!isLoss && !isLast && !findNonFiniteVariable(runner_))
        continue;
      runner_.setState({before.data(), before.size()});
      return describe(epoch, step, isLoss, batch, order);
    }
  }
}

} // namespace lamina::trainer
