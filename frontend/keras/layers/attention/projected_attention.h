#pragma once

#include "frontend/keras/layers/attention/attention_call.h"
#include "frontend/keras/layers/attention/projections.h"

namespace lamina::frontend::keras {

/// Queries, keys and values are projected to heads; each query gets the mean of the values,
/// weighted by the softmax of its products with the keys; the heads are projected to the output.
/// What MultiHeadAttention and GroupQueryAttention have in common.
class ProjectedAttention : public LayerMeaning {
public:
  std::vector<VariableDeclaration>
  build(const Place &place, llvm::ArrayRef<mlir::RankedTensorType> inputs) const override;
  Tensors call(LayerCall &call, llvm::ArrayRef<Tensor> inputs) const override;

protected:
  struct Sizes {
    int64_t heads, sharedHeads;       ///< of queries; of keys and values
    int64_t key, value;               ///< features of a head
    std::vector<int64_t> output = {}; ///< empty for the query's features
  };

  /// `prefix` stands before the names of the inner layers in the weights file.
  ProjectedAttention(Config &config, Sizes sizes, QueryMask queryMask, std::string prefix);

  /// The dimensions that are attended, in order. Refuses shapes that do not fit each other.
  virtual llvm::SmallVector<int64_t> findAxes(const Place &place, Tensor query, Tensor value,
                                              Tensor key) const = 0;

  /// Whether a mask of numbers that is the only one, where the scores are computed, is compared
  /// with a half. Elsewhere all numbers but 0 count.
  bool comparesMask = false;

private:
  struct Heads {
    Tensor query, key, value;
    AttentionMask mask;
    llvm::SmallVector<int64_t> axes;
  };

  double scale() const;
  Tensor attend(LayerCall &call, const Heads &heads) const;
  Tensors attendByScores(LayerCall &call, Heads heads) const;

  Sizes sizes;
  QueryMask queryMask;
  std::string prefix;
  double dropout;
  bool useGate;
  std::optional<int64_t> window;
  Projections projections;
};

/// That these shapes do not fit each other, and why: `rule`.
[[noreturn]] void failShapes(const Place &place, Tensor query, Tensor value, Tensor key,
                             std::string_view rule);

} // namespace lamina::frontend::keras
