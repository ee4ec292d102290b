// keras.layers.Rescaling, Normalization, Discretization, CategoryEncoding:
// keras/src/layers/preprocessing/, keras/src/utils/numerical_utils.py
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// x * scale + offset, with numbers or vectors along the last dimension.
class Rescaling : public LayerMeaning {
public:
  explicit Rescaling(Config &config)
      : scale(config.numbers("scale", 1)), offset(config.numbers("offset", 0)) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs).toFloat();
    // Keras adds 0 as well, which only turns -0 into 0.
    Tensor y = x * constant(call, scale, x);
    bool isZero = offset.values == std::vector<double>{0} && offset.shape.empty();
    return {isZero ? y : y + constant(call, offset, x)};
  }

private:
  static Tensor constant(LayerCall &call, const Config::Numbers &numbers, Tensor x) {
    if (numbers.shape.empty())
      return x.like(numbers.values[0]);
    bool fits = static_cast<int64_t>(numbers.shape.size()) < x.rank();
    for (size_t i = 0; fits && i < numbers.shape.size(); ++i) {
      int64_t extent = x.dim(x.rank() - numbers.shape.size() + i);
      fits = numbers.shape[i] == 1 || numbers.shape[i] == extent;
    }
    if (!fits)
      call.fail(fmt::format("'scale' or 'offset' of shape {} does not fit an input of shape {}",
                            describeShape(numbers.shape), describeShape(x.shape())));
    return call.emit().constant(numbers.values, numbers.shape);
  }

  Config::Numbers scale, offset;
};

/// (x - mean) / max(sqrt(variance), 1e-7), or its inverse: with numbers of the configuration, or
/// with weights that Keras' `adapt` has found. Both are along `axis`.
class Normalization : public LayerMeaning {
public:
  explicit Normalization(Config &config)
      : axes(config.has("axis") ? *config.integers("axis") : std::vector<int64_t>{}),
        invert(config.boolean("invert", false)), isGiven(config.has("mean")),
        mean(config.numbers("mean", 0)), variance(config.numbers("variance", 1)) {
    if (isGiven != config.has("variance") || mean.shape != variance.shape)
      config.fail("'mean' and 'variance' must both be given, in one shape");
  }

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    if (isGiven)
      return {};
    std::vector<VariableDeclaration> variables = {{"mean"}, {"variance"}, {"count"}};
    for (int64_t dimension : findDimensions(place, inputs[0].getRank()))
      for (VariableDeclaration &variable : llvm::MutableArrayRef(variables).drop_back())
        variable.shape.push_back(inputs[0].getDimSize(dimension));
    variables[1].initializer = "ones";
    variables[2].type = ElementType::I64;
    for (VariableDeclaration &variable : variables)
      variable.trainable = false;
    return variables;
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs).toFloat();
    llvm::SmallVector<int64_t> dimensions = findDimensions(call.place(), x.rank());
    Tensor average = place(call, x, dimensions, isGiven ? constant(call, mean) : call.variable(0));
    Tensor spread =
        place(call, x, dimensions, isGiven ? constant(call, variance) : call.variable(1));
    Tensor deviation = maximum(sqrt(spread), 1e-7);
    return {invert ? average + x * deviation : (x - average) / deviation};
  }

private:
  /// The axes that have means of their own, in ascending order.
  llvm::SmallVector<int64_t> findDimensions(const Place &place, int64_t rank) const {
    llvm::SmallVector<int64_t> dimensions;
    for (int64_t axis : axes) {
      dimensions.push_back(normalizeAxis(place, axis, rank));
      if (dimensions.back() == 0 || llvm::count(dimensions, dimensions.back()) > 1)
        place.fail("'axis' must name different dimensions other than the rows");
    }
    llvm::sort(dimensions);
    return dimensions;
  }

  static Tensor constant(LayerCall &call, const Config::Numbers &numbers) {
    return call.emit().constant(numbers.values, numbers.shape);
  }

  /// Statistics brought to the dimensions of x that they belong to, the last to the last.
  static Tensor place(LayerCall &call, Tensor x, ArrayRef<int64_t> dimensions, Tensor statistics) {
    auto rank = static_cast<size_t>(statistics.rank());
    bool fits = rank <= dimensions.size();
    llvm::SmallVector<int64_t> shape(x.rank(), 1);
    for (size_t i = 0; fits && i < rank; ++i) {
      int64_t dimension = dimensions[dimensions.size() - rank + i];
      shape[dimension] = statistics.dim(static_cast<int64_t>(i));
      fits = shape[dimension] == 1 || shape[dimension] == x.dim(dimension);
    }
    if (!fits)
      call.fail(fmt::format("mean and variance of shape {} do not fit an input of shape {}",
                            describeShape(statistics.shape()), describeShape(x.shape())));
    return statistics.reshape(ArrayRef<int64_t>(shape).drop_front());
  }

  std::vector<int64_t> axes;
  bool invert, isGiven;
  Config::Numbers mean, variance;
};

/// How class indices become vectors of `depth` elements.
class Encoding {
public:
  Encoding(Config &config, const char *fallback, bool allowsIndices)
      : mode(config.text("output_mode", fallback)) {
    if (mode != "one_hot" && mode != "multi_hot" && mode != "count" &&
        !(allowsIndices && mode == "int"))
      config.fail(fmt::format("'output_mode' must be {}one_hot, multi_hot or count, not {}",
                              allowsIndices ? "int, " : "", printable(mode)));
    if (config.boolean("sparse", false))
      config.fail("'sparse' gives a sparse tensor, which is not supported");
  }

  /// one_hot: a vector for each index, in place of a last dimension of 1. multi_hot and count: of
  /// all indices along the first dimension behind the rows, which of them are there or how often;
  /// each one counts once or, with `weights` (null for none) of the indices' shape, by its weight.
  Tensor apply(LayerCall &call, Tensor indices, int64_t depth, Tensor weights = {}) const {
    if (mode == "int")
      return indices;
    llvm::SmallVector<int64_t> shape(indices.shape());
    if (mode == "one_hot" && shape.size() > 1 && shape.back() == 1) {
      shape.pop_back();
      indices = indices.reshape(shape);
    }
    shape.push_back(depth);
    checkSize(call.place(), shape);
    Tensor vectors = isLabel(indices, depth);
    Type type = call.emit().getFloatType();
    if (mode == "one_hot")
      return vectors.convert(type);
    if (indices.rank() < 2)
      call.fail(
          fmt::format("'output_mode' {} of one index in each row makes one vector of the whole "
                      "batch in Keras; use one_hot, or give it an input of shape (None, 1)",
                      mode));
    if (mode == "multi_hot")
      return any(vectors, {1}).convert(type);
    Tensor counts = vectors.convert(type);
    return sum(weights ? counts * spread(weights, {indices.rank()}, counts) : counts, {1});
  }
  bool counts() const { return mode == "count"; }

private:
  std::string mode;
};

/// The number of boundaries that an element is not below, in one of Encoding's forms.
class Discretization : public LayerMeaning {
public:
  explicit Discretization(Config &config) : encoding(config, "int", true) {
    config.ignore({"num_bins", "epsilon"}); // settings of `adapt`
    if (!config.has("bin_boundaries"))
      config.fail("has no 'bin_boundaries'; call adapt() in Keras and save the model again");
    boundaries = config.numbers("bin_boundaries", 0);
    if (boundaries.shape.size() != 1 || !llvm::is_sorted(boundaries.values))
      config.fail("'bin_boundaries' must be a list of ascending numbers");
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs).toFloat();
    int64_t count = boundaries.shape[0];
    llvm::SmallVector<int64_t> pairs(x.shape());
    pairs.push_back(count);
    checkSize(call.place(), pairs);
    Tensor reached =
        countReached(x, call.emit().constant(x.elementType(), boundaries.values, {count}));
    return {encoding.apply(call, reached, count + 1)};
  }

private:
  Encoding encoding;
  Config::Numbers boundaries;
};

/// Indices outside of the tokens give nothing. A second input weighs what is counted.
class CategoryEncoding : public LayerMeaning {
public:
  explicit CategoryEncoding(Config &config)
      : encoding(config, "multi_hot", false), tokens(config.positive("num_tokens")) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs.take_front());
    if (!x.elementType().isInteger(64))
      x = x.convert(IntegerType::get(call.emit().getContext(), 32));
    if (inputs.size() == 1)
      return {encoding.apply(call, x, tokens)};
    return {encoding.apply(call, x, tokens, readWeights(call, inputs.drop_front(), x))};
  }

private:
  Tensor readWeights(const LayerCall &call, ArrayRef<Tensor> inputs, Tensor indices) const {
    Tensor weights = singleInput(call, inputs).toFloat();
    if (!encoding.counts())
      call.fail("'count_weights' go with the 'output_mode' count alone");
    if (weights.shape() != indices.shape())
      call.fail(fmt::format("'count_weights' of shape {} do not fit indices of shape {}",
                            describeShape(weights.shape()), describeShape(indices.shape())));
    return weights;
  }

  Encoding encoding;
  int64_t tokens;
};

} // namespace

const LayerEntry rescalingLayer = {"Rescaling", createFromConfig<Rescaling>, MaskUse::Passes};
const LayerEntry normalizationLayer = {"Normalization", createFromConfig<Normalization>,
                                       MaskUse::Passes};
const LayerEntry discretizationLayer = {"Discretization", createFromConfig<Discretization>};
const LayerEntry categoryEncodingLayer = {
    "CategoryEncoding", createFromConfig<CategoryEncoding>, MaskUse::Drops, {"count_weights"}};

} // namespace lamina::frontend::keras
