#pragma once

#include <memory>

#include "frontend/builder/place.h"
#include "frontend/builder/tensor.h"
#include "frontend/builder/training/loss_settings.h"
#include "support/element_type.h"

/// Losses: formulas over a prediction and its target.
namespace lamina::frontend::builder {

/// The form in which an output's targets are given.
struct TargetType {
  ElementType type = ElementType::F32;
  /// Rows first, as MLIR's dynamic extent; further ones are open: the data's to say.
  std::vector<int64_t> shape;
  int64_t classes = 0; ///< for class indices: how many there are
  /// Whether the loss has a least value for targets from 0 to 1 only.
  bool isProbability = false;
};

/// The operands of a loss or metric.
struct Scores {
  Tensor target;
  Tensor prediction; ///< f32, or f64 for a loss of that type
  Tensor logits;     ///< what a softmax or sigmoid gave `prediction` from; null for none
  const Place &place;
  Tensor weights = {}; ///< of the samples, f32: (rows) or more leading dimensions; null for none
  Tensor mask = {};    ///< i1: which steps of the prediction count; null for all
};

/// `axis` of the prediction, counted from the front; refuses the rows.
int64_t axisBesideRows(const Scores &scores, int64_t axis);

/// A value per element of `values`, of which the mean (or sum) is taken.
struct ElementValues {
  Tensor values;
  Tensor mask; ///< i1 of the same shape: which of them count; null for all
};

/// The formula of a loss for single elements.
class LossFormula {
public:
  virtual ~LossFormula() = default;
  /// Class indices for sparse losses, else the prediction's own shape.
  virtual TargetType getTargetType(const Place &place, mlir::RankedTensorType prediction) const;
  /// How many dimensions of a row of targets do not follow from the prediction: the data have them.
  virtual int64_t getOpenRank() const { return 0; }
  /// Whether its values can be multiplied with weights of samples.
  virtual bool takesWeights() const { return true; }
  virtual ElementValues compute(const Scores &scores) const = 0;
};

std::unique_ptr<LossFormula> createLossFormula(const LossFormulaSettings &settings);

/// A loss with its reduction, as an output of the model uses it.
class Loss {
public:
  /// `place` is for messages.
  Loss(Place place, const LossFormulaSettings &settings, LossReduction reduction,
       ElementType type = ElementType::F32)
      : Loss(std::move(place), createLossFormula(settings), reduction, type) {}
  Loss(Place place, std::unique_ptr<LossFormula> formula, LossReduction reduction,
       ElementType type = ElementType::F32)
      : place(std::move(place)), formula(std::move(formula)), reduction(reduction), type(type) {}

  /// In which it is computed.
  ElementType getType() const { return type; }

  TargetType getTargetType(mlir::RankedTensorType prediction) const {
    return formula->getTargetType(place, prediction);
  }
  int64_t getOpenRank() const { return formula->getOpenRank(); }
  /// A value per element, 0 where `mask` (null for none) says that the step does not count.
  ElementValues compute(Tensor target, Tensor prediction, Tensor logits, Tensor mask) const;
  /// The reduced loss, a scalar; without a reduction the mean of the values. `weights` (null for
  /// none) are those of the single values (keras/src/losses/loss.py, reduce_weighted_values).
  Tensor reduce(const ElementValues &elements, Tensor weights) const;
  /// False where every value is minimized for itself: the gradient is that of their sum.
  /// Fails where the gradient does not follow from those of parts of the batch as their mean by
  /// rows. `isWeighted`: the values have weights.
  void requireMeanOverRows(bool isWeighted) const;
  bool isReduced() const { return reduction != LossReduction::None; }

private:
  Place place;
  std::unique_ptr<LossFormula> formula;
  LossReduction reduction;
  ElementType type;
};

} // namespace lamina::frontend::builder
