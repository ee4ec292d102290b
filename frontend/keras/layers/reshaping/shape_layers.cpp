// keras.layers.Flatten, Reshape, Permute, RepeatVector: keras/src/layers/reshaping/
#include <numeric>

#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// (rows, everything else); channels_first moves the channels last before.
class Flatten : public LayerMeaning {
public:
  explicit Flatten(Config &config)
      : channelsFirst(config.text("data_format", "channels_last") == "channels_first") {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    if (channelsFirst && x.rank() > 1) {
      llvm::SmallVector<int64_t> permutation = {0};
      for (int64_t i = 2; i < x.rank(); ++i)
        permutation.push_back(i);
      permutation.push_back(1);
      x = x.transpose(permutation);
    }
    return {x.reshape({x.dim(0), x.elementsPerRow()})};
  }

private:
  bool channelsFirst;
};

/// One entry of `target_shape` may be -1.
class Reshape : public LayerMeaning {
public:
  explicit Reshape(Config &config)
      : target(config.integers("target_shape").value_or(std::vector<int64_t>{})) {
    if (llvm::count(target, -1) > 1 ||
        llvm::any_of(target, [](int64_t extent) { return extent < -1 || extent == 0; }))
      config.fail("'target_shape' must have positive extents and at most one -1");
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    llvm::SmallVector<int64_t> shape = {x.dim(0)};
    int64_t known = 1;
    for (int64_t extent : target)
      if (extent != -1 && llvm::MulOverflow(known, extent, known))
        call.fail("'target_shape' is too large");
    bool open = llvm::is_contained(target, -1);
    if (open ? x.elementsPerRow() % known : x.elementsPerRow() != known)
      call.fail(fmt::format("cannot reshape an input of shape {} to {}", describeShape(x.shape()),
                            describeTarget(x.dim(0))));
    for (int64_t extent : target)
      shape.push_back(extent == -1 ? x.elementsPerRow() / known : extent);
    return {x.reshape(shape)};
  }

private:
  std::string describeTarget(int64_t rows) const {
    llvm::SmallVector<int64_t> shape = {rows};
    shape.append(target.begin(), target.end());
    return builder::describeShape(shape);
  }

  std::vector<int64_t> target;
};

/// `dims` counts from 1: the rows stay first.
class Permute : public LayerMeaning {
public:
  explicit Permute(Config &config)
      : dims(config.integers("dims").value_or(std::vector<int64_t>{})) {
    std::vector<int64_t> sorted = dims, expected(dims.size());
    std::iota(expected.begin(), expected.end(), 1);
    llvm::sort(sorted);
    if (sorted != expected)
      config.fail("'dims' must be a permutation of 1 to the number of dimensions");
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    if (x.rank() != static_cast<int64_t>(dims.size()) + 1)
      call.fail(fmt::format("'dims' permutes {} dimensions but the input has shape {}", dims.size(),
                            describeShape(x.shape())));
    llvm::SmallVector<int64_t> permutation = {0};
    permutation.append(dims.begin(), dims.end());
    return {x.transpose(permutation)};
  }

private:
  std::vector<int64_t> dims;
};

/// (rows, features) -> (rows, n, features)
class RepeatVector : public LayerMeaning {
public:
  explicit RepeatVector(Config &config) : n(config.integer("n", 0)) {
    if (n < 1)
      config.fail(fmt::format("'n' must be positive, not {}", n));
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    if (x.rank() != 2)
      call.fail(fmt::format("RepeatVector needs an input of rank 2, got shape {}",
                            describeShape(x.shape())));
    checkSize(call.place(), {x.dim(0), n, x.dim(1)});
    return {x.broadcastInDim({x.dim(0), n, x.dim(1)}, {0, 2})};
  }

private:
  int64_t n;
};

} // namespace

const LayerEntry flattenLayer = {"Flatten", createFromConfig<Flatten>};
const LayerEntry reshapeLayer = {"Reshape", createFromConfig<Reshape>};
const LayerEntry permuteLayer = {"Permute", createFromConfig<Permute>};
const LayerEntry repeatLayer = {"RepeatVector", createFromConfig<RepeatVector>};

} // namespace lamina::frontend::keras
