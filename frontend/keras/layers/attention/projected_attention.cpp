// keras/src/layers/attention/multi_head_attention.py, grouped_query_attention.py
#include "frontend/keras/layers/attention/projected_attention.h"

#include <cmath>

#include "frontend/builder/attention.h"
#include "frontend/builder/einsum.h"
#include "frontend/keras/layers/dropout.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// The labels of einsums over projected tensors of one rank: rows, ..., heads, features.
struct AttentionLabels {
  std::string target, source, scores;

  AttentionLabels(int64_t rank, ArrayRef<int64_t> axes) {
    for (int64_t i = 0; i < rank; ++i) {
      bool attends = llvm::is_contained(axes, i);
      target += static_cast<char>('a' + i);
      source += static_cast<char>((attends ? 'A' : 'a') + i);
      if (!attends && i != rank - 1)
        scores += target.back();
    }
    for (const std::string *labels : {&target, &source})
      for (int64_t axis : axes)
        scores += (*labels)[static_cast<size_t>(axis)];
  }
};

} // namespace

void failShapes(const Place &place, Tensor query, Tensor value, Tensor key, std::string_view rule) {
  place.fail(fmt::format("a query of shape {}, a value of shape {} and a key of shape {} do not "
                         "fit: {}",
                         describeShape(query.shape()), describeShape(value.shape()),
                         describeShape(key.shape()), rule));
}

ProjectedAttention::ProjectedAttention(Config &config, Sizes sizes, QueryMask queryMask,
                                       std::string prefix)
    : sizes(std::move(sizes)), queryMask(queryMask), prefix(std::move(prefix)),
      dropout(readFraction(config, "dropout")), useGate(config.boolean("use_gate", false)),
      projections(config) {
  config.ignore({"flash_attention"}); // another way to the same result
  if (config.has("sliding_window"))
    window = config.positive("sliding_window");
}

std::vector<VariableDeclaration>
ProjectedAttention::build(const Place &place, ArrayRef<RankedTensorType> inputs) const {
  if (inputs.size() < 3)
    place.fail("is called without a query and a value");
  int64_t query = inputs[0].getShape().back(), value = inputs[1].getShape().back(),
          key = inputs[2].getShape().back();
  std::vector<VariableDeclaration> variables;
  auto declare = [&](const char *name, ArrayRef<int64_t> from, ArrayRef<int64_t> to,
                     const char *layerName) {
    projections.declare(variables, prefix + name, layerName, from, to);
  };
  declare("query_dense", {query}, {sizes.heads, sizes.key}, "query");
  declare("key_dense", {key}, {sizes.sharedHeads, sizes.key}, "key");
  if (useGate)
    projections.declare(variables, "_gate_dense", "gate", {query}, {sizes.heads, sizes.value});
  declare("value_dense", {value}, {sizes.sharedHeads, sizes.value}, "value");
  declare("output_dense", {sizes.heads, sizes.value},
          sizes.output.empty() ? ArrayRef(query) : ArrayRef(sizes.output), "attention_output");
  return variables;
}

Tensors ProjectedAttention::call(LayerCall &call, ArrayRef<Tensor> inputs) const {
  AttentionCall arguments(call, inputs);
  Tensor query = arguments.tensor("query"), value = arguments.tensor("value");
  Tensor key = arguments.tensor("key"), gate;
  Heads heads;
  heads.axes = findAxes(call.place(), query, value, key);
  bool returnsScores = arguments.flag("return_attention_scores");
  bool isByScores = dropout > 0 || returnsScores || query.rank() != 3;
  heads.mask = arguments.readMask(queryMask, window, isByScores && comparesMask);
  call.setMask(arguments.maskOf("query"), 1);
  size_t next = 0;
  int64_t repeats = sizes.heads / sizes.sharedHeads;
  heads.query = projections.apply(call, query, next++);
  heads.key = projections.apply(call, key, next++);
  if (useGate)
    gate = projections.apply(call, query, next++, 1, sigmoid);
  heads.value = projections.apply(call, value, next++);
  if (repeats > 1) {
    heads.key = repeat(heads.key, 2, repeats);
    heads.value = repeat(heads.value, 2, repeats);
  }
  Tensors results;
  if (isByScores)
    results = attendByScores(call, heads);
  else
    results = {attend(call, heads)};
  results[0] = projections.apply(call, useGate ? results[0] * gate : results[0], next, 2);
  results.resize(returnsScores ? 2 : 1);
  return results;
}

double ProjectedAttention::scale() const {
  return 1 / std::sqrt(static_cast<double>(sizes.key));
}

/// Where nobody sees the scores, Keras calls keras.ops.dot_product_attention.
Tensor ProjectedAttention::attend(LayerCall &call, const Heads &heads) const {
  AttentionSettings settings;
  settings.scale = scale();
  settings.isCausal = heads.mask.isCausal;
  Tensor q = heads.query, k = heads.key;
  if (heads.mask.mask)
    settings.mask =
        alignMask(call.place(), heads.mask.mask, {q.dim(0), q.dim(2), q.dim(1), k.dim(1)},
                  static_cast<int64_t>(heads.axes.size()));
  return dotProductAttention(call.place(), q, k, heads.value, settings);
}

Tensors ProjectedAttention::attendByScores(LayerCall &call, Heads heads) const {
  AttentionLabels labels(heads.query.rank(), heads.axes);
  auto count = static_cast<int64_t>(heads.axes.size());
  Tensor scores = einsum(call.place(), {labels.target, labels.source}, labels.scores,
                         {heads.query * scale(), heads.key});
  Tensor mask = heads.mask.mask;
  if (heads.mask.isCausal)
    mask = causalMask(call.emit(), heads.query.dim(1), heads.value.dim(1));
  if (mask)
    mask = alignMask(call.place(), mask, scores.shape(), count);
  Tensor weights = maskedSoftmax(call, scores, mask, count);
  Tensor kept = dropOut(call, weights, dropout, weights.shape());
  return {einsum(call.place(), {labels.scores, labels.source}, labels.target, {kept, heads.value}),
          weights};
}

} // namespace lamina::frontend::keras
