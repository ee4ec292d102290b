#include "frontend/keras/layers/attention/attention_call.h"

#include "frontend/builder/attention.h"
#include "frontend/builder/functions.h"

using namespace mlir;

namespace lamina::frontend::keras {

using nlohmann::json;

namespace {

Tensor insertDimension(Tensor x, int64_t dimension) {
  llvm::SmallVector<int64_t> shape(x.shape());
  shape.insert(shape.begin() + dimension, 1);
  return x.reshape(shape);
}

/// Whether the steps of query and key are nearer than `window`: i1, queries x keys.
Tensor windowMask(Emitter &emitter, int64_t queries, int64_t keys, int64_t window) {
  Tensor distance = emitter.iota({queries, keys}, 0) - emitter.iota({queries, keys}, 1);
  return abs(distance) < static_cast<double>(window);
}

} // namespace

std::vector<std::string> attentionParameters() {
  return {"query",      "value",          "key=value",      "query_mask",
          "value_mask", "key_mask",       "attention_mask", "return_attention_scores",
          "training",   "use_causal_mask"};
}

const json AttentionCall::empty = json::object();

Tensor AttentionCall::tensor(const char *name) {
  bool isKeyOfValue = llvm::StringRef(name) == "key" && !arguments.settings.has("key");
  Tensor x = arguments.floatTensor(isKeyOfValue ? "value" : name);
  if (x.rank() < 3)
    call.fail(fmt::format("'{}' must have the shape rows x steps x features, not {}", name,
                          describeShape(x.shape())));
  return x;
}

Tensor AttentionCall::maskOf(const char *name) {
  const json &argument = arguments.settings.raw(name);
  if (!argument.is_object() || !argument.value("config", json()).is_number_unsigned())
    return {};
  return call.mask(argument["config"].get<size_t>());
}

Tensor AttentionCall::stepMask(const char *name, QueryMask source) {
  std::string argument = std::string(name) + "_mask";
  if (source == QueryMask::OfCall && arguments.settings.has(argument))
    return arguments.boolTensor(argument);
  return maskOf(name);
}

Tensor AttentionCall::both(Tensor a, Tensor b) {
  if (!a || !b)
    return a ? a : b;
  checkBroadcast(arguments, a, b);
  return logicalAnd(a, b);
}

AttentionMask AttentionCall::readMask(QueryMask source, std::optional<int64_t> window,
                                      bool ofSoftmax) {
  Tensor query = tensor("query"), value = tensor("value");
  Tensor mask;
  if (Tensor steps = stepMask("query", source))
    mask = insertDimension(steps, steps.rank());
  for (const char *name : {"value", "key"})
    if (Tensor steps = stepMask(name, QueryMask::OfCall))
      mask = both(mask, insertDimension(steps, steps.rank() - 1));
  bool isCausal = flag("use_causal_mask");
  Tensor given = arguments.optionalTensor("attention_mask");
  if (isCausal && !mask && !given && !window)
    return {{}, true};
  if (isCausal)
    mask = both(mask, insertDimension(causalMask(call.emit(), query.dim(1), value.dim(1)), 0));
  if (window)
    mask = both(mask,
                insertDimension(windowMask(call.emit(), query.dim(1), value.dim(1), *window), 0));
  if (given && !mask && ofSoftmax)
    return {countForSoftmax(given), false};
  return {given ? both(arguments.boolTensor("attention_mask"), mask) : mask, false};
}

Tensor alignMask(const Place &place, Tensor mask, ArrayRef<int64_t> scores, int64_t axes) {
  Tensor aligned = mask;
  auto rank = static_cast<int64_t>(scores.size());
  while (aligned.rank() < rank && aligned.rank() >= 2 * axes)
    aligned = insertDimension(aligned, aligned.rank() - 2 * axes);
  bool fits = aligned.rank() == rank;
  for (int64_t i = 0; fits && i < rank; ++i)
    fits = aligned.dim(i) == 1 || aligned.dim(i) == scores[i];
  if (!fits)
    place.fail(fmt::format("a mask of shape {} does not fit attention scores of shape {}; it needs "
                           "an element for each pair of a query and a key, or 1 in place of these",
                           describeShape(mask.shape()), describeShape(scores)));
  return aligned;
}

Tensor countForSoftmax(Tensor mask) {
  return mask.elementType().isInteger(1) ? mask : mask > (mask.isFloat() ? 0.5 : 0);
}

Tensor maskedSoftmax(LayerCall &call, Tensor scores, Tensor mask, int64_t axes) {
  auto dimensions = llvm::to_vector(llvm::seq<int64_t>(scores.rank() - axes, scores.rank()));
  Tensor x = mask ? where(mask, scores, -1e9) : scores;
  Tensor y = axes > 1 ? exp(logSoftmax(x, dimensions)) : softmax(x, dimensions);
  if (mask)
    return where(mask, y, 0.0);
  if (axes == 1)
    call.setLogits(y, x);
  return y;
}

} // namespace lamina::frontend::keras
