// keras.layers.RNN: keras/src/layers/rnn/rnn.py, keras/src/backend/tensorflow/rnn.py
#include "frontend/keras/layers/recurrent/recurrent.h"

#include "frontend/builder/loop.h"
#include "frontend/keras/model/inner_layer.h"

using namespace mlir;

namespace lamina::frontend::keras {
Shape stepOf(const Place &place, ArrayRef<int64_t> sequences) {
  if (sequences.size() < 3)
    place.fail(fmt::format("goes through sequences (rows, steps, features), got an input of shape "
                           "{}; a Reshape before it can add the missing dimension",
                           describeShape(sequences)));
  Shape step = {sequences[0]};
  llvm::append_range(step, sequences.drop_front(2));
  return step;
}

Tensor exchangeTime(Tensor x) {
  llvm::SmallVector<int64_t> permutation = {1, 0};
  for (int64_t i = 2; i < x.rank(); ++i)
    permutation.push_back(i);
  return x.transpose(permutation);
}

Tensors takeStates(const LayerCall &call, ArrayRef<Tensor> given, ArrayRef<Shape> shapes) {
  if (given.size() != shapes.size())
    call.fail(fmt::format("is called with {} state{}, but its cell has {}", given.size(),
                          given.size() == 1 ? "" : "s", shapes.size()));
  Tensors states;
  for (auto [i, state] : llvm::enumerate(given)) {
    if (state.shape() != ArrayRef<int64_t>(shapes[i]))
      call.fail(fmt::format("state {} has shape {}, but its cell's is of shape {}", i,
                            describeShape(state.shape()), describeShape(shapes[i])));
    states.push_back(state.toFloat());
  }
  return states;
}

namespace {

/// `next` where the mask, of the first dimensions, is true, else `previous`.
Tensor keepMasked(Tensor mask, Tensor next, Tensor previous) {
  llvm::SmallVector<int64_t> dimensions;
  for (int64_t i = 0; i < mask.rank(); ++i)
    dimensions.push_back(i);
  return where(mask.broadcastInDim(next.shape(), dimensions), next, previous);
}

/// The rows of the batch at hand, of a value for a whole batch.
Tensor readRows(Tensor value) {
  Tensor rows = value.emit().iota({ShapedType::kDynamic}, 0);
  return value.with(value.emit().create<ir::GatherOp>(Value(value), Value(rows), 0));
}

/// The value for a whole batch with those of its rows replaced that the batch at hand has.
Tensor writeRows(Tensor value, Tensor rows) {
  Emitter &emit = value.emit();
  Tensor numbers = emit.iota({value.dim(0)}, 0).convert(emit.getFloatType());
  Tensor isReplaced = compare(ir::ComparisonDirection::LT, numbers, emit.rows());
  Tensor places = emit.iota({ShapedType::kDynamic}, 0);
  Tensor spread =
      value.with(emit.create<ir::ScatterOp>(value.type(), Value(places), Value(rows), uint64_t(0)));
  return spread + keepMasked(isReplaced, value.like(0).broadcastTo(value.shape()), value);
}

/// Refuses a mask that does not say which steps (and of those, which elements) count.
void checkMask(const LayerCall &call, Tensor mask, ArrayRef<int64_t> sequences,
               const std::vector<Shape> &states) {
  auto shape = mask.shape();
  bool fits = shape.size() >= 2 && shape.take_front(2) == sequences.take_front(2);
  for (const Shape &state : states)
    for (size_t i = 2; fits && i < shape.size(); ++i)
      fits = i - 1 < state.size() && (shape[i] == 1 || shape[i] == state[i - 1]);
  if (!fits)
    call.fail(fmt::format("a mask of shape {} does not fit sequences of shape {}",
                          describeShape(shape), describeShape(sequences)));
}

} // namespace

RecurrentSettings::RecurrentSettings(Config &config)
    : returnsSequences(config.boolean("return_sequences", false)),
      returnsState(config.boolean("return_state", false)),
      goesBackwards(config.boolean("go_backwards", false)),
      isStateful(config.boolean("stateful", false)), isUnrolled(config.boolean("unroll", false)),
      zeroesMasked(config.boolean("zero_output_for_mask", false)) {}

std::vector<VariableDeclaration> Recurrent::build(const Place &place,
                                                  ArrayRef<RankedTensorType> inputs) const {
  Shape step = stepOf(place, inputs[0].getShape());
  std::vector<VariableDeclaration> variables = cell->build(place, step);
  placeBelow(variables, "cell");
  for (VariableDeclaration &variable : variables)
    variable.ofInnerLayer = !freezesCell;
  if (settings.isStateful)
    for (auto [i, shape] : llvm::enumerate(cell->stateShapes(step))) {
      VariableDeclaration state = {fmt::format("state_{}", i), {shape.begin(), shape.end()}};
      state.trainable = state.isStored = false;
      variables.push_back(state);
    }
  return variables;
}

namespace {

/// The loop of one call.
class SequenceLoop {
public:
  SequenceLoop(const Cell &cell, const RecurrentSettings &settings, CellCall call, Tensor mask,
               bool startsAtZero)
      : cell(cell), settings(settings), call(std::move(call)), mask(mask),
        startsAtZero(startsAtZero) {
    // Keras zeroes an unrolled layer's outputs by the mask of another order.
    zeroesBehind = mask && settings.zeroesMasked && settings.returnsSequences &&
                   settings.isUnrolled && settings.goesBackwards;
    zeroesInside = mask && settings.zeroesMasked && !zeroesBehind;
  }

  Sequence run(Tensor x, Tensors states) {
    Tensor steps = exchangeTime(x);
    LoopValues operands = {std::move(states), {}};
    operands.stacked.push_back(cell.projectsAllSteps() ? cell.project(call, steps) : steps);
    if (mask)
      operands.stacked.push_back(exchangeTime(mask));
    LoopValues result = runLoop(call.layer.emit(), x.dim(1), settings.goesBackwards, operands,
                                [this](LoopBody &body) { return write(body); });
    Sequence sequence;
    sequence.last = lastOutput ? result.carried[*lastOutput] : Tensor();
    result.carried.resize(operands.carried.size());
    sequence.states = result.carried;
    if (settings.returnsSequences)
      sequence.outputs = exchangeTime(result.stacked[0]);
    if (zeroesBehind)
      sequence.outputs =
          keepMasked(flip(mask, 1), sequence.outputs, zeros(sequence.outputs.shape()));
    return sequence;
  }

private:
  Tensor zeros(ArrayRef<int64_t> shape) { return call.layer.emit().constant(0).broadcastTo(shape); }

  LoopValues write(LoopBody &body) {
    auto [states, slices] = body.values();
    Tensor projected = cell.projectsAllSteps() ? slices[0] : cell.project(call, slices[0]);
    CellStep step = cell.step(call, projected, states);
    Tensor previous = findPrevious(body, states, step);
    if (mask) {
      for (auto [next, before] : llvm::zip(step.states, states))
        next = keepMasked(slices[1], next, before);
      step.output =
          keepMasked(slices[1], step.output,
                     zeroesInside ? step.output.with(zeros(step.output.shape())) : previous);
    }
    LoopValues next = {step.states, {}};
    if (previous && *lastOutput == states.size())
      next.carried.push_back(step.output);
    if (settings.returnsSequences)
      next.stacked.push_back(step.output);
    return next;
  }

  /// The output of the step before, which is 0 before the first: mostly a state, otherwise carried
  /// beside the states; null where nobody asks for it.
  Tensor findPrevious(LoopBody &body, ArrayRef<Tensor> states, const CellStep &step) {
    bool isWanted = !settings.returnsSequences || (mask && !zeroesInside);
    if (!isWanted)
      return {};
    const auto *same = llvm::find_if(
        step.states, [&](Tensor state) { return Value(state) == Value(step.output); });
    bool isState = same != step.states.end() && (!mask || (startsAtZero && !zeroesInside));
    lastOutput = isState ? same - step.states.begin() : states.size();
    if (isState)
      return states[*lastOutput];
    return body.carry(body.before([&] { return zeros(step.output.shape()); }));
  }

  const Cell &cell;
  const RecurrentSettings &settings;
  CellCall call;
  Tensor mask;
  bool startsAtZero, zeroesInside, zeroesBehind;
  std::optional<size_t> lastOutput; ///< which carried value it is
};

} // namespace

Sequence Recurrent::run(LayerCall &call, ArrayRef<Tensor> inputs, Tensor mask) const {
  Tensor x = inputs[0].toFloat();
  Shape step = stepOf(call.place(), x.shape());
  ArrayRef<Tensor> given = inputs.drop_front();
  std::vector<Shape> shapes = cell->stateShapes(step);
  size_t firstState = settings.isStateful ? cell->build(call.place(), step).size() : 0;
  Tensors states;
  if (!given.empty())
    states = takeStates(call, given, shapes);
  else
    for (auto [i, shape] : llvm::enumerate(shapes))
      states.push_back(settings.isStateful ? readRows(call.variable(firstState + i))
                                           : call.emit().constant(0).broadcastTo(shape));
  if (mask)
    checkMask(call, mask, x.shape(), shapes);
  bool startsAtZero = given.empty() && !settings.isStateful;
  SequenceLoop loop(*cell, settings, cell->begin(call, 0, step), mask, startsAtZero);
  Sequence sequence = loop.run(x, std::move(states));
  if (settings.isStateful)
    for (auto [i, state] : llvm::enumerate(sequence.states))
      call.assign(firstState + i, writeRows(call.variable(firstState + i), stopGradient(state)));
  return sequence;
}

Tensors Recurrent::call(LayerCall &call, ArrayRef<Tensor> inputs) const {
  Sequence sequence = run(call, inputs, maskOfSequence(call, inputs));
  if (settings.returnsSequences)
    call.setMask(call.mask(0), 1);
  Tensors outputs = {settings.returnsSequences
                         ? inOrderOfProcessing(sequence.outputs, settings.goesBackwards)
                         : sequence.last};
  if (settings.returnsState)
    outputs.append(sequence.states.begin(), sequence.states.end());
  return outputs;
}

Tensor maskOfSequence(LayerCall &call, ArrayRef<Tensor> inputs) {
  return inputs.size() == 1 || call.namesMask(0) ? call.mask(0) : Tensor();
}

Tensor inOrderOfProcessing(Tensor outputs, bool isBackwards) {
  return isBackwards ? flip(outputs, 1) : outputs;
}

} // namespace lamina::frontend::keras
