// keras.layers.Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate, Dot:
// keras/src/layers/merging/
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// The inputs with one rank: those of smaller rank get dimensions of extent 1 after the rows, as in
/// Keras' Merge. Refuses extents that do not broadcast.
Tensors alignRanks(LayerCall &call, ArrayRef<Tensor> inputs) {
  int64_t rank = 0;
  for (Tensor x : inputs)
    rank = std::max(rank, x.rank());
  Tensors aligned;
  llvm::SmallVector<int64_t> result(rank, 1);
  for (Tensor x : inputs) {
    llvm::SmallVector<int64_t> shape(x.shape());
    shape.insert(shape.begin() + 1, rank - x.rank(), 1);
    for (int64_t i = 0; i < rank; ++i) {
      if (shape[i] != result[i] && shape[i] != 1 && result[i] != 1)
        call.fail(fmt::format("inputs of shapes {} and {} cannot be merged",
                              describeShape(inputs[0].shape()), describeShape(x.shape())));
      result[i] = shape[i] == 1 ? result[i] : shape[i];
    }
    aligned.push_back(x.toFloat().reshape(shape));
  }
  return aligned;
}

using Combine = Tensor (*)(Tensor, Tensor);

/// Combines the inputs from the first to the last.
template <Combine combine, bool isAverage = false> class Elementwise : public LayerMeaning {
public:
  explicit Elementwise(Config &) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    if (inputs.empty())
      call.fail("takes at least one input");
    Tensors aligned = alignRanks(call, inputs);
    Tensor result = aligned[0];
    for (Tensor x : ArrayRef<Tensor>(aligned).drop_front())
      result = combine(result, x);
    return {isAverage ? result / static_cast<double>(inputs.size()) : result};
  }
};

Tensor sumOf(Tensor a, Tensor b) {
  return a + b;
}
Tensor differenceOf(Tensor a, Tensor b) {
  return a - b;
}
Tensor productOf(Tensor a, Tensor b) {
  return a * b;
}

class Subtract : public Elementwise<differenceOf> {
public:
  using Elementwise::Elementwise;
  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    if (inputs.size() != 2)
      call.fail(fmt::format("Subtract takes two inputs, not {}", inputs.size()));
    return Elementwise::call(call, inputs);
  }
};

class Concatenate : public LayerMeaning {
public:
  explicit Concatenate(Config &config) : axis(config.integer("axis", -1)) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    if (inputs.empty())
      call.fail("takes at least one input");
    int64_t dimension = normalizeAxis(call.place(), axis, inputs[0].rank());
    if (dimension == 0)
      call.fail("cannot concatenate along the rows of the batch");
    bool mixed =
        llvm::any_of(inputs, [&](Tensor x) { return x.elementType() != inputs[0].elementType(); });
    llvm::SmallVector<Value> operands;
    for (Tensor x : inputs) {
      checkFits(call, inputs[0], x, dimension);
      operands.push_back(mixed ? x.toFloat() : x);
    }
    return {inputs[0].with(call.emit().create<ir::ConcatenateOp>(operands, dimension))};
  }

private:
  static void checkFits(LayerCall &call, Tensor first, Tensor x, int64_t dimension) {
    bool fits = x.rank() == first.rank();
    for (int64_t i = 0; fits && i < x.rank(); ++i)
      fits = i == dimension || x.dim(i) == first.dim(i);
    if (!fits)
      call.fail(fmt::format("inputs of shapes {} and {} cannot be concatenated along axis {}",
                            describeShape(first.shape()), describeShape(x.shape()), dimension));
  }

  int64_t axis;
};

/// x * min(1 / sqrt(sum(x^2)), 1 / epsilon) along one dimension (keras.ops.normalize).
Tensor normalizeL2(Tensor x, int64_t dimension) {
  Tensor scale = minimum(rsqrt(sum(square(x), {dimension})), 1e7);
  return x * spread(scale, {dimension}, x);
}

/// Contracts one dimension of each of two inputs, row by row (Keras' batch_dot).
class Dot : public LayerMeaning {
public:
  explicit Dot(Config &config)
      : axes(config.integers("axes").value_or(std::vector<int64_t>{})),
        normalize(config.boolean("normalize", false)) {
    if (axes.size() == 1)
      axes.push_back(axes[0]);
    if (axes.size() != 2)
      config.fail("'axes' must be an integer or two integers");
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    if (inputs.size() != 2)
      call.fail(fmt::format("Dot takes two inputs, not {}", inputs.size()));
    Tensor a = inputs[0].toFloat(), b = inputs[1].toFloat();
    int64_t i = normalizeAxis(call.place(), axes[0], a.rank());
    int64_t j = normalizeAxis(call.place(), axes[1], b.rank());
    if (i == 0 || j == 0 || a.dim(i) != b.dim(j))
      call.fail(fmt::format("axes {} and {} of inputs of shapes {} and {} cannot be contracted", i,
                            j, describeShape(a.shape()), describeShape(b.shape())));
    if (normalize) {
      a = normalizeL2(a, i);
      b = normalizeL2(b, j);
    }
    Tensor product = dot(a, b, i, j, {0}, {0});
    return {product.rank() == 1 ? product.reshape({product.dim(0), 1}) : product};
  }

private:
  std::vector<int64_t> axes;
  bool normalize;
};

} // namespace

const LayerEntry addLayer = {"Add", createFromConfig<Elementwise<sumOf>>, MaskUse::Reads};
const LayerEntry subtractLayer = {"Subtract", createFromConfig<Subtract>, MaskUse::Reads};
const LayerEntry multiplyLayer = {"Multiply", createFromConfig<Elementwise<productOf>>,
                                  MaskUse::Reads};
const LayerEntry averageLayer = {"Average", createFromConfig<Elementwise<sumOf, true>>,
                                 MaskUse::Reads};
const LayerEntry maximumLayer = {"Maximum", createFromConfig<Elementwise<maximum>>, MaskUse::Reads};
const LayerEntry minimumLayer = {"Minimum", createFromConfig<Elementwise<minimum>>, MaskUse::Reads};
const LayerEntry concatenateLayer = {"Concatenate", createFromConfig<Concatenate>, MaskUse::Reads};
const LayerEntry dotLayer = {"Dot", createFromConfig<Dot>};

} // namespace lamina::frontend::keras
