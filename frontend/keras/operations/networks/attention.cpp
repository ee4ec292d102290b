// keras.ops.dot_product_attention: keras/src/backend/tensorflow/nn.py (Vaswani et al. 2017)
#include <cmath>

#include "frontend/builder/attention.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Queries, keys or values: rows x steps x heads x features. Fewer heads than the queries have
/// serve several of them each.
Tensor readHeads(OperationCall &call, const char *key, int64_t heads) {
  Tensor x = call.floatTensor(key);
  if (x.rank() != 4)
    call.fail(fmt::format("'{}' must have the shape rows x steps x heads x features, not {}", key,
                          describeShape(x.shape())));
  int64_t own = x.dim(2);
  if (heads == 0 || own == heads)
    return x;
  if (heads % own != 0)
    call.fail(fmt::format("the {} heads of '{}' do not divide the {} of 'query'", own, key, heads));
  return repeat(x, 2, heads / own);
}

/// Refuses what does not broadcast to the scores.
void checkFits(const OperationCall &call, const char *key, Tensor x, ArrayRef<int64_t> scores) {
  bool fits = x.rank() <= 4;
  for (int64_t i = 1; fits && i <= x.rank(); ++i)
    fits = x.dim(x.rank() - i) == 1 || x.dim(x.rank() - i) == scores[4 - i];
  if (!fits)
    call.fail(fmt::format("'{}' of shape {} does not fit scores of shape {}", key,
                          describeShape(x.shape()), describeShape(scores)));
}

/// softmax(query key^T scale + bias) value
Tensors attention(OperationCall &call) {
  call.settings.ignore({"flash_attention"});
  Tensor query = readHeads(call, "query", 0);
  Tensor key = readHeads(call, "key", query.dim(2)), value = readHeads(call, "value", query.dim(2));
  llvm::SmallVector<int64_t> scores = {query.dim(0), query.dim(2), query.dim(1), key.dim(1)};
  AttentionSettings settings;
  settings.scale = call.settings.number("scale", 1 / std::sqrt(static_cast<double>(key.dim(3))));
  settings.isCausal = call.settings.boolean("is_causal", false);
  if ((settings.bias = call.optionalTensor("bias")))
    checkFits(call, "bias", settings.bias, scores);
  if (call.settings.has("mask")) {
    settings.mask = call.boolTensor("mask");
    checkFits(call, "mask", settings.mask, scores);
  }
  return {dotProductAttention(call.layer.place(), query, key, value, settings)};
}

} // namespace

llvm::ArrayRef<OperationEntry> attentionOperations() {
  static const OperationEntry entries[] = {
      {"DotProductAttention", {"query", "key", "value", "bias", "mask", "scale"}, attention},
  };
  return entries;
}

} // namespace lamina::frontend::keras
