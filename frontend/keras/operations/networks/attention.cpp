// keras.ops.dot_product_attention: keras/src/backend/tensorflow/nn.py (Vaswani et al. 2017)
#include <cmath>

#include "frontend/builder/einsum.h"
#include "frontend/builder/functions.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Keras' value of scores that a mask leaves out.
constexpr double kMasked = -0.7 * 3.38953e38;

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

/// Pairs of steps that `mask` and, where it is causal, their order allow.
Tensor applyMask(OperationCall &call, Tensor scores) {
  if (call.settings.has("mask")) {
    Tensor mask = call.boolTensor("mask");
    checkBroadcast(call, scores, mask);
    scores = where(mask, scores, scores.like(kMasked));
  }
  if (!call.settings.boolean("is_causal", false))
    return scores;
  llvm::SmallVector<int64_t> steps(scores.shape().take_back(2));
  Tensor isBefore =
      compare(ir::ComparisonDirection::LE, call.emit().iota(steps, 1), call.emit().iota(steps, 0));
  return where(isBefore, scores, scores.like(kMasked));
}

/// softmax(query key^T scale + bias) value
Tensors attention(OperationCall &call) {
  call.settings.ignore({"flash_attention"});
  Tensor query = readHeads(call, "query", 0);
  Tensor key = readHeads(call, "key", query.dim(2)), value = readHeads(call, "value", query.dim(2));
  double scale = call.settings.number("scale", 1 / std::sqrt(static_cast<double>(key.dim(3))));
  const Place &place = call.layer.place();
  Tensor scores = einsum(place, "btnh,bsnh->bnts", {query, key}) * scale;
  if (Tensor bias = call.optionalTensor("bias")) {
    checkBroadcast(call, scores, bias);
    scores = scores + bias.convert(scores.elementType());
  }
  Tensor weights = softmax(applyMask(call, scores), {3});
  return {einsum(place, "bnts,bsnh->btnh", {weights, value})};
}

} // namespace

llvm::ArrayRef<OperationEntry> attentionOperations() {
  static const OperationEntry entries[] = {
      {"DotProductAttention", {"query", "key", "value", "bias", "mask", "scale"}, attention},
  };
  return entries;
}

} // namespace lamina::frontend::keras
