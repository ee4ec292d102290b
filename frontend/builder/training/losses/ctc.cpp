// keras.losses.CTC: keras/src/losses/losses.py, ctc.
#include "frontend/builder/ctc.h"
#include "frontend/builder/shapes.h"
#include "frontend/builder/training/losses/losses.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::frontend::builder {
namespace {

/// The class that stands for no label, and in targets for no further one.
constexpr int64_t kBlank = 0;

class Ctc : public LossFormula {
public:
  /// How many labels a row has room for.
  int64_t getOpenRank() const override { return 1; }

  TargetType getTargetType(const Place &place, RankedTensorType prediction) const override {
    if (prediction.getRank() != 3 || prediction.getDimSize(2) < 2)
      place.fail(fmt::format("needs a prediction of steps x classes, at least 2 of them, got shape "
                             "{}",
                             describeShape(prediction.getShape())));
    return {
        ElementType::I32, {ShapedType::kDynamic, ShapedType::kDynamic}, prediction.getDimSize(2)};
  }

  /// In f32, as Keras on TensorFlow, whatever the type of the loss.
  ElementValues compute(const Scores &scores) const override {
    mlir::Type integer = scores.target.elementType(), type = scores.prediction.elementType();
    Tensor isLabel = notEqual(scores.target, scores.target.like(kBlank));
    Tensor count = sum(isLabel.convert(integer), {1});
    Tensor logits = scores.prediction.convert(Float32Type::get(integer.getContext()));
    return {ctcLoss({scores.target, count, logits, {}, kBlank}).convert(type), {}};
  }
};

} // namespace

std::unique_ptr<LossFormula> createFormula(const CtcSettings &) {
  return std::make_unique<Ctc>();
}

} // namespace lamina::frontend::builder
