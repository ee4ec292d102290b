#pragma once

#include "frontend/keras/config.h"
#include "frontend/keras/tensor.h"
#include "support/element_type.h"

/// Losses and metrics: what they make of a prediction and its target.
namespace lamina::frontend::keras {

/// The form in which an output's targets are given.
struct TargetType {
  ElementType type = ElementType::F32;
  std::vector<int64_t> shape; ///< rows first, as MLIR's dynamic extent
  int64_t classes = 0;        ///< for class indices: how many there are
};

/// What a loss or metric is computed from.
struct Scores {
  Tensor target;
  Tensor prediction; ///< f32
  Tensor logits;     ///< what a softmax or sigmoid gave `prediction` from; null for none
  const Place &place;
};

/// A value per element of `values`, of which the mean (or sum) is taken.
struct ElementValues {
  Tensor values;
  Tensor mask; ///< i1 of the same shape: which of them count; null for all
};

class LossMeaning {
public:
  virtual ~LossMeaning() = default;
  /// Class indices for sparse losses, else the prediction's own shape.
  virtual TargetType getTargetType(const Place &place, mlir::RankedTensorType prediction) const;
  virtual ElementValues compute(const Scores &scores) const = 0;
};

struct LossEntry {
  std::vector<std::string> names; ///< class name first, then the names that Keras takes in strings
  std::unique_ptr<LossMeaning> (*create)(Config &config);
};

/// A loss with its reduction, as an output of the model uses it.
class Loss {
public:
  /// From a name or a serialized loss. "crossentropy" is resolved by the prediction's shape.
  Loss(const Place &place, const nlohmann::json &value, mlir::RankedTensorType prediction);

  TargetType getTargetType(mlir::RankedTensorType prediction) const {
    return meaning->getTargetType(place, prediction);
  }
  /// The reduced loss, a scalar.
  Tensor compute(Tensor target, Tensor prediction, Tensor logits) const;

private:
  Place place;
  std::unique_ptr<LossMeaning> meaning;
  bool isSum = false;
};

/// All losses, in the order of Keras' documentation.
const std::vector<LossEntry> &lossEntries();
/// The loss of this name; null when there is none.
const LossEntry *findLoss(const std::string &name);

} // namespace lamina::frontend::keras
