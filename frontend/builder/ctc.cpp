// Connectionist temporal classification: tensorflow/python/ops/ctc_ops.py, ctc_loss_dense.
#include "frontend/builder/ctc.h"

#include <cmath>
#include <limits>

#include "frontend/builder/loop.h"

using namespace mlir;

namespace lamina::frontend::builder {
namespace {

/// The logarithm of a probability of 0, finite so that differences of such numbers are no NaN.
constexpr double kNever = -1e30;
/// The logarithm of the probability that TensorFlow gives states that are no first or last one.
const double kHardlyEver = std::log(1e-307);

/// The states of an alignment before the first or after some step: rows x (labels + 1) each, as
/// logarithms of probabilities. Label i is the i-th one, from 1; 0 is the state before the first
/// step. Blank i stands between label i and the next one.
struct States {
  Tensor labels, blanks;
};

/// What does not change from step to step.
struct Transitions {
  Tensor isFollowing; ///< i1, of the labels' states: whether the label before may come right before
  Tensor last;        ///< the logarithms of the probabilities that an alignment ends in state i
};

Tensor logAdd(ArrayRef<Tensor> terms) {
  Tensor largest = terms[0];
  for (Tensor term : terms.drop_front())
    largest = maximum(largest, term);
  largest = stopGradient(largest);
  Tensor sum = exp(terms[0] - largest);
  for (Tensor term : terms.drop_front())
    sum = sum + exp(term - largest);
  return log(sum) + largest;
}

/// The logarithm of the sum over all states of a row.
Tensor logSum(const States &states) {
  Tensor largest = max(maximum(states.labels, states.blanks), {1});
  Tensor shift = spread(stopGradient(largest), {1}, states.labels);
  Tensor terms = exp(states.labels - shift) + exp(states.blanks - shift);
  return log(sum(terms, {1})) + stopGradient(largest);
}

/// Each state's value is that of the one before.
Tensor following(Tensor states) {
  return pad(states.slice(1, 0, states.dim(1) - 1), kNever, {0, 1}, {0, 0});
}

Tensor repeatAlong(Tensor perRow, Tensor states) {
  return spread(perRow, {1}, states);
}

Transitions describe(const Alignment &alignment) {
  Tensor labels = alignment.labels;
  int64_t count = labels.dim(1);
  constexpr double kNoLabel = std::numeric_limits<int32_t>::min();
  Tensor padded = pad(labels, kNoLabel, {0, 1}, {0, 0});
  Tensor isNew = notEqual(padded.slice(1, 1, count + 1), padded.slice(1, 0, count));
  Tensor isFollowing = pad(isNew.convert(labels.elementType()), 1, {0, 1}, {0, 0});
  Tensor place = labels.emit().iota(isFollowing.shape(), 1);
  Tensor isLast = equal(place, repeatAlong(alignment.labelCounts, place));
  Tensor never = alignment.logits.like(kHardlyEver).broadcastTo(place.shape());
  return {isFollowing > 0, where(isLast, never * 0.0, never)};
}

/// The logarithms of the probabilities of what the states emit, time first.
struct Emissions {
  Tensor labels; ///< steps x rows x (labels + 1)
  Tensor blanks; ///< steps x rows
};

/// Labels that are the blank emit it, but send no gradient to it.
Emissions findEmissions(const Alignment &alignment, Tensor logProbabilities) {
  int64_t blank = alignment.blank, classes = logProbabilities.dim(2);
  Tensor labels = alignment.labels;
  Tensor ofBlank = logProbabilities.slice(2, blank, blank + 1);
  Tensor isBlank = equal(labels, labels.like(static_cast<double>(blank)));
  Tensor isClass = isLabel(where(isBlank, -1.0, labels), classes);
  Tensor ofLabels =
      dot(logProbabilities, isClass.convert(logProbabilities.elementType()), 2, 2, {0}, {0});
  Tensor blankOfLabels = where(isBlank.broadcastInDim(ofLabels.shape(), {0, 2}),
                               stopGradient(ofBlank).broadcastTo(ofLabels.shape()), 0.0);
  Tensor emitted = (ofLabels + blankOfLabels).transpose({1, 0, 2});
  return {pad(emitted, kNever, {0, 0, 1}, {0, 0, 0}),
          ofBlank.reshape(ofBlank.shape().drop_back()).transpose({1, 0})};
}

/// The states after a step, with probabilities that add up to 1, and the logarithm of their sum.
std::pair<States, Tensor> advance(const States &states, const Transitions &transitions,
                                  Tensor labels, Tensor blanks) {
  Tensor before = where(transitions.isFollowing, following(states.labels), kNever);
  States next;
  next.labels = logAdd({states.labels, following(states.blanks), before}) + labels;
  next.blanks = logAdd({states.blanks, states.labels}) + repeatAlong(blanks, states.blanks);
  Tensor total = logSum(next), spreadTotal = repeatAlong(total, next.labels);
  return {{next.labels - spreadTotal, next.blanks - spreadTotal}, total};
}

/// The logarithm of the sum of the probabilities of all alignments that begin in `first`, a row's
/// each.
Tensor sumAlignments(const Alignment &alignment, const Transitions &transitions,
                     const Emissions &emissions, const States &first) {
  Tensor steps = alignment.stepCounts, none = sum(first.labels, {1}) * 0.0;
  int64_t count = emissions.labels.dim(0);
  Tensors stacked = {emissions.labels, emissions.blanks};
  if (steps) { // whether the step counts
    Tensor step = steps.emit().iota(emissions.blanks.shape(), 0);
    stacked.push_back(compare(ir::ComparisonDirection::LT, step, steps.broadcastTo(step.shape())));
  }
  auto write = [&](LoopBody &body) -> LoopValues {
    LoopValues given = body.values();
    States states = {given.carried[0], given.carried[1]};
    auto [next, total] = advance(states, transitions, given.stacked[0], given.stacked[1]);
    if (steps) {
      Tensor counts = given.stacked[2], all = repeatAlong(counts, next.labels);
      next = {where(all, next.labels, states.labels), where(all, next.blanks, states.blanks)};
      total = where(counts, total, 0.0);
    }
    return {{next.labels, next.blanks, given.carried[2] + total}, {}};
  };
  Emitter &emitter = first.labels.emit();
  LoopValues end = runLoop(emitter, count, /*reverse=*/false,
                           {{first.labels, first.blanks, none}, stacked}, write);
  return end.carried[2] +
         logSum({end.carried[0] + transitions.last, end.carried[1] + transitions.last});
}

/// All states, but the one before the first step, with this logarithm of a probability.
States firstStates(Tensor like, double others) {
  Tensor all = like.like(others).broadcastTo(like.shape());
  return {where(like.emit().iota(like.shape(), 1) <= 0.0, 0.0, all), all};
}

/// What logits add up to in a step, which is taken off them; its gradient is that of the loss.
Tensor sumNormalizers(Tensor normalizer, Tensor stepCounts) {
  Tensor gradientOnly = normalizer - stopGradient(normalizer);
  if (stepCounts) {
    Tensor step = stepCounts.emit().iota(normalizer.shape(), 1);
    gradientOnly = where(compare(ir::ComparisonDirection::LT, step, repeatAlong(stepCounts, step)),
                         gradientOnly, 0.0);
  }
  return sum(gradientOnly, {1});
}

} // namespace

Tensor ctcLoss(const Alignment &alignment) {
  Tensor logits = alignment.logits;
  Tensor largest = stopGradient(max(logits, {2}));
  Tensor exponentials = exp(logits - spread(largest, {2}, logits));
  Tensor normalizer = log(sum(exponentials, {2})) + largest;
  // TensorFlow's gradient is the softmax less the share of the alignments that go through a class,
  // which is the one of this sum.
  Tensor logProbabilities = maximum(logits - stopGradient(spread(normalizer, {2}, logits)), kNever);
  Transitions transitions = describe(alignment);
  Emissions emissions = findEmissions(alignment, logProbabilities);
  Tensor states = transitions.last;
  // TensorFlow's value comes from alignments that begin where they should, its gradient also from
  // those that do not.
  Tensor value =
      stopGradient(sumAlignments(alignment, transitions, emissions, firstStates(states, kNever)));
  Tensor everywhere =
      sumAlignments(alignment, transitions, emissions, firstStates(states, kHardlyEver));
  return sumNormalizers(normalizer, alignment.stepCounts) - value -
         (everywhere - stopGradient(everywhere));
}

} // namespace lamina::frontend::builder
