// Normalizations of keras.ops: keras/src/ops/nn.py
#include "frontend/keras/layers/normalization/normalizations.h"

#include "frontend/builder/training/losses/probabilities.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// A factor or summand in the type of x; null where the call has none.
Tensor readFactor(OperationCall &call, const char *key, Tensor x) {
  Tensor factor = call.optionalTensor(key);
  return factor ? factor.convert(x.elementType()) : factor;
}

/// The axes to normalize over: the last one unless given, as Keras sorts them.
llvm::SmallVector<int64_t> readDimensions(OperationCall &call, Tensor x) {
  std::vector<int64_t> axes = call.settings.integers("axis").value_or(std::vector<int64_t>{-1});
  llvm::sort(axes);
  return findDimensions(call.layer.place(), axes, x.rank());
}

/// `factor` brought to the dimensions of x: of x's rank already, or with an extent for each of
/// `dimensions`, as gamma and beta of layers have.
Tensor alongDimensions(OperationCall &call, Tensor factor, Tensor x, ArrayRef<int64_t> dimensions) {
  if (!factor)
    return factor;
  llvm::SmallVector<int64_t> shape(x.rank(), 1);
  for (int64_t dimension : dimensions)
    shape[dimension] = x.dim(dimension);
  bool isInOrder = factor.rank() == static_cast<int64_t>(dimensions.size());
  for (int64_t i = 0; isInOrder && i < factor.rank(); ++i)
    isInOrder = factor.dim(i) == x.dim(dimensions[i]);
  if (factor.rank() != x.rank() && isInOrder && factor.type().hasStaticShape())
    factor = factor.reshape(shape);
  checkBroadcast(call, factor, x);
  return factor;
}

Tensors layerNormalization(OperationCall &call) {
  Tensor x = call.floatTensor("x");
  Tensor gamma = readFactor(call, "gamma", x), beta = readFactor(call, "beta", x);
  llvm::SmallVector<int64_t> dimensions = readDimensions(call, x);
  return {normalizeLayer(x, dimensions, alongDimensions(call, gamma, x, dimensions),
                         alongDimensions(call, beta, x, dimensions),
                         call.settings.number("epsilon", kEpsilon),
                         call.settings.boolean("rms_scaling", false))};
}

/// The scale is along the last dimensions, whatever the axes are.
Tensors rmsNormalization(OperationCall &call) {
  Tensor x = call.floatTensor("x"), scale = readFactor(call, "scale", x);
  Tensor y =
      normalizeMagnitude(x, readDimensions(call, x), call.settings.number("epsilon", kEpsilon));
  if (!scale)
    return {y};
  checkBroadcast(call, y, scale);
  return {y * scale};
}

/// By given statistics along one axis.
Tensors batchNormalization(OperationCall &call) {
  Tensor x = call.floatTensor("x");
  llvm::SmallVector<int64_t> dimensions =
      findDimensions(call.layer.place(), {call.settings.integer("axis", -1)}, x.rank());
  auto read = [&](const char *key) {
    return alongDimensions(call, readFactor(call, key, x), x, dimensions);
  };
  Moments moments = {read("mean"), read("variance")};
  if (!moments.mean || !moments.variance)
    call.fail("needs a 'mean' and a 'variance'");
  return {
      normalize(x, moments, read("scale"), read("offset"), call.settings.number("epsilon", 1e-3))};
}

} // namespace

llvm::ArrayRef<OperationEntry> normalizationOperations() {
  static const OperationEntry entries[] = {
      {"BatchNorm", {"x", "mean", "variance", "offset", "scale"}, batchNormalization},
      {"LayerNorm", {"x", "gamma", "beta"}, layerNormalization},
      {"RMSNorm", {"x", "scale"}, rmsNormalization},
  };
  return entries;
}

} // namespace lamina::frontend::keras
