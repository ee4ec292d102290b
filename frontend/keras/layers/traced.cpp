// Layers of traced programs: what the code of a user's own layers does beside operations of
// keras.ops. python/lamina/_program.py has the same classes for Keras.
#include "frontend/builder/random_numbers.h"
#include "frontend/keras/layers/layers.h"
#include "frontend/keras/layers/traced_variable.h"
#include "ir/host_tensor.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// A weight that a layer added itself. Called with any tensor `x` of the model it is the weight's
/// value; called with `value` it gives the weight that value, and is it.
class Parameter : public LayerMeaning {
public:
  explicit Parameter(Config &config) : declaration(readTracedVariable(config)) {}

  std::vector<VariableDeclaration> build(const Place &, ArrayRef<RankedTensorType>) const override {
    return {declaration};
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    if (!call.arguments().contains("value"))
      return {call.variable(0)};
    Tensor value = singleInput(call, inputs);
    if (value.shape() != ArrayRef<int64_t>(declaration.shape))
      call.fail(fmt::format("has the shape {}, but is given a value of shape {}",
                            describeShape(declaration.shape), describeShape(value.shape())));
    value = value.convert(ir::toMlirType(call.emit().getContext(), *declaration.type));
    call.assign(0, value);
    return {value};
  }

private:
  VariableDeclaration declaration;
};

/// The first input; the others are there for what their layers do besides.
class Effects : public LayerMeaning {
public:
  explicit Effects(Config &) {}
  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    call.setMask(call.mask(0));
    return {inputs[0]};
  }
};

/// The first input in training, the second one otherwise.
class Choice : public LayerMeaning {
public:
  explicit Choice(Config &) {}
  std::optional<size_t> chooseInput(bool isTraining) const override { return isTraining ? 0 : 1; }
  Tensors call(LayerCall &, ArrayRef<Tensor> inputs) const override { return {inputs[0]}; }
};

/// Adds the sum of the input's elements to the loss.
class AddedLoss : public LayerMeaning {
public:
  explicit AddedLoss(Config &) {}
  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor loss = sumAll(singleInput(call, inputs).toFloat());
    call.addLoss(loss);
    return {loss};
  }
};

/// Random numbers of a shape, whose rows may be those of the batch: null.
class RandomNumbers : public LayerMeaning {
public:
  explicit RandomNumbers(Config &config)
      : shape(readExtents(config, "shape", ShapedType::kDynamic)),
        distribution(config.text("distribution", "")), first(config.number("first", 0)),
        second(config.number("second", 1)) {
    if (distribution != "normal" && distribution != "uniform")
      config.fail(fmt::format("the distribution {} is not known", printable(distribution)));
    for (size_t i = 1; i < shape.size(); ++i)
      if (ShapedType::isDynamic(shape[i]))
        config.fail("only the first extent of random numbers can be that of the rows");
  }

  /// Mean and standard deviation of a normal distribution, ends of a uniform one.
  Tensors call(LayerCall &call, ArrayRef<Tensor>) const override {
    if (distribution == "normal")
      return {first + second * call.normal(shape).convert(call.emit().getFloatType())};
    return {first + (second - first) * call.uniform(shape).convert(call.emit().getFloatType())};
  }

private:
  std::vector<int64_t> shape;
  std::string distribution;
  double first, second;
};

/// How many rows the batch has, i32.
class RowCount : public LayerMeaning {
public:
  explicit RowCount(Config &) {}
  Tensors call(LayerCall &call, ArrayRef<Tensor>) const override {
    return {call.emit().rows().convert(IntegerType::get(call.emit().getContext(), 32))};
  }
};

/// The first input, whose steps count where the second one says so.
class Mask : public LayerMeaning {
public:
  explicit Mask(Config &) {}
  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    if (inputs.size() != 2)
      call.fail("needs two inputs");
    call.setMask(inputs[1].convert(IntegerType::get(call.emit().getContext(), 1)));
    return {inputs[0]};
  }
};

} // namespace

const LayerEntry tracedParameter = {.className = "lamina>Parameter",
                                    .create = createFromConfig<Parameter>,
                                    .parameters = {"x", "value"},
                                    .ownName = "Parameter"};
const LayerEntry tracedEffects = {
    .className = "lamina>Effects", .create = createFromConfig<Effects>, .ownName = "Effects"};
const LayerEntry tracedChoice = {
    .className = "lamina>Choice", .create = createFromConfig<Choice>, .ownName = "Choice"};
const LayerEntry tracedLoss = {
    .className = "lamina>AddedLoss", .create = createFromConfig<AddedLoss>, .ownName = "AddedLoss"};
const LayerEntry tracedRandomNumbers = {.className = "lamina>RandomNumbers",
                                        .create = createFromConfig<RandomNumbers>,
                                        .ownName = "RandomNumbers"};
const LayerEntry tracedRowCount = {
    .className = "lamina>RowCount", .create = createFromConfig<RowCount>, .ownName = "RowCount"};
const LayerEntry tracedMask = {
    .className = "lamina>Mask", .create = createFromConfig<Mask>, .ownName = "Mask"};

} // namespace lamina::frontend::keras
