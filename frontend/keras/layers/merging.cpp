// keras.layers.Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate, Dot:
// keras/src/layers/merging/
#include <numeric>

#include "frontend/builder/functions.h"
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

/// The steps that count in one of the inputs at least, where all inputs have a mask; null
/// elsewhere.
Tensor joinMasks(LayerCall &call, size_t count) {
  Tensor joined = call.mask(0);
  for (size_t i = 1; joined && i < count; ++i) {
    Tensor mask = call.mask(i);
    if (mask && mask.rank() != joined.rank())
      call.fail(fmt::format("inputs with masks of shapes {} and {} cannot be merged",
                            describeShape(joined.shape()), describeShape(mask.shape())));
    joined = mask ? logicalOr(joined, mask) : Tensor();
  }
  return joined;
}

using Combine = Tensor (*)(Tensor, Tensor);

/// Combines the inputs from the first to the last.
template <Combine combine, bool isAverage = false> class Elementwise : public LayerMeaning {
public:
  explicit Elementwise(Config &) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    if (inputs.empty())
      call.fail("takes at least one input");
    Tensor result = merge(call, inputs, alignRanks(call, inputs));
    call.setMask(joinMasks(call, inputs.size()));
    return {isAverage ? result / static_cast<double>(inputs.size()) : result};
  }

protected:
  /// `aligned` are the inputs with one rank.
  virtual Tensor merge(LayerCall &, ArrayRef<Tensor> /*inputs*/, ArrayRef<Tensor> aligned) const {
    Tensor result = aligned[0];
    for (Tensor x : aligned.drop_front())
      result = combine(result, x);
    return result;
  }
};

class Subtract : public Elementwise<(operator-)> {
public:
  using Elementwise::Elementwise;
  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    if (inputs.size() != 2)
      call.fail(fmt::format("Subtract takes two inputs, not {}", inputs.size()));
    return Elementwise::call(call, inputs);
  }
};

/// Which elements of the i-th input count, in its shape; null for all. Inputs of several ranks lose
/// their masks in Keras, where they are brought to one.
Tensor elementMask(LayerCall &call, ArrayRef<Tensor> inputs, size_t i) {
  bool hasOneRank = llvm::all_of(inputs, [&](Tensor x) { return x.rank() == inputs[0].rank(); });
  Tensor mask = hasOneRank ? call.mask(i) : Tensor();
  if (mask && mask.rank() + 1 != inputs[i].rank())
    call.fail(fmt::format("an input of shape {} with a mask of shape {} cannot be merged",
                          describeShape(inputs[i].shape()), describeShape(mask.shape())));
  return mask ? spread(mask, {-1}, inputs[i]) : mask;
}

/// Elements that do not count are left out of the product; it is 0 where none counts.
class Multiply : public Elementwise<operator*> {
public:
  using Elementwise::Elementwise;

protected:
  Tensor merge(LayerCall &call, ArrayRef<Tensor> inputs, ArrayRef<Tensor> aligned) const override {
    Tensors factors;
    Tensor counts;
    bool haveAllMasks = true;
    for (auto [i, x] : llvm::enumerate(aligned)) {
      Tensor mask = elementMask(call, inputs, i);
      factors.push_back(mask ? where(mask, x, 1.0) : x);
      haveAllMasks &= bool(mask);
      if (haveAllMasks)
        counts = counts ? logicalOr(counts, mask) : mask;
    }
    Tensor result = Elementwise::merge(call, inputs, factors);
    return haveAllMasks ? where(counts, result, 0.0) : result;
  }
};

/// Of elements of which one counts, the other is left out.
template <Combine choose> class Extremum : public Elementwise<choose> {
public:
  using Elementwise<choose>::Elementwise;

protected:
  Tensor merge(LayerCall &call, ArrayRef<Tensor> inputs, ArrayRef<Tensor> aligned) const override {
    Tensor result = aligned[0], counts = elementMask(call, inputs, 0);
    for (size_t i = 1; i < aligned.size(); ++i) {
      Tensor x = aligned[i], mask = elementMask(call, inputs, i);
      if (mask)
        x = where(mask, x, result);
      if (counts)
        result = where(counts, result, x);
      counts = mask && counts ? logicalOr(counts, mask) : Tensor();
      result = choose(result, x);
    }
    return result;
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
    call.setMask(joinMasks(call, inputs, dimension));
    return {inputs[0].with(call.emit().create<ir::ConcatenateOp>(operands, dimension))};
  }

private:
  /// Inputs without a mask count as a whole beside one that has a mask.
  static Tensor joinMasks(LayerCall &call, ArrayRef<Tensor> inputs, int64_t dimension) {
    bool hasMask = llvm::any_of(llvm::seq(inputs.size()), [&](size_t i) { return call.mask(i); });
    if (!hasMask)
      return {};
    llvm::SmallVector<Tensor> masks;
    for (auto [i, x] : llvm::enumerate(inputs)) {
      Tensor mask = call.mask(i);
      ArrayRef<int64_t> shape = x.shape().drop_back();
      if (mask && mask.shape() != shape)
        call.fail(fmt::format("an input of shape {} with a mask of shape {} cannot be concatenated",
                              describeShape(x.shape()), describeShape(mask.shape())));
      Type type = IntegerType::get(call.emit().getContext(), 1);
      masks.push_back(mask ? mask : call.emit().constant(type, 1).broadcastTo(shape));
    }
    if (dimension == inputs[0].rank() - 1)
      return std::accumulate(masks.begin() + 1, masks.end(), masks[0], logicalOr);
    llvm::SmallVector<Value> operands(masks.begin(), masks.end());
    return masks[0].with(call.emit().create<ir::ConcatenateOp>(operands, dimension));
  }

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
      a = builder::normalize(a, i);
      b = builder::normalize(b, j);
    }
    Tensor product = dot(a, b, i, j, {0}, {0});
    return {product.rank() == 1 ? product.reshape({product.dim(0), 1}) : product};
  }

private:
  std::vector<int64_t> axes;
  bool normalize;
};

} // namespace

const LayerEntry addLayer = {"Add", createFromConfig<Elementwise<operator+ >>};
const LayerEntry subtractLayer = {"Subtract", createFromConfig<Subtract>};
const LayerEntry multiplyLayer = {"Multiply", createFromConfig<Multiply>};
const LayerEntry averageLayer = {"Average", createFromConfig<Elementwise<operator+, true>>};
const LayerEntry maximumLayer = {"Maximum", createFromConfig<Extremum<maximum>>};
const LayerEntry minimumLayer = {"Minimum", createFromConfig<Extremum<minimum>>};
const LayerEntry concatenateLayer = {"Concatenate", createFromConfig<Concatenate>};
const LayerEntry dotLayer = {"Dot", createFromConfig<Dot>};

} // namespace lamina::frontend::keras
