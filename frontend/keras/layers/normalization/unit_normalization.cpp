// keras.layers.UnitNormalization: keras/src/layers/normalization/unit_normalization.py
#include "frontend/keras/layers/normalization/normalizations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// x * min(1 / sqrt(sum x^2 along the axes), 1e12)
class UnitNormalization : public LayerMeaning {
public:
  explicit UnitNormalization(Config &config)
      : axes(config.integers("axis").value_or(std::vector<int64_t>{-1})) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs).toFloat();
    llvm::SmallVector<int64_t> dimensions = findDimensions(call.place(), axes, x.rank());
    Tensor inverseNorm = minimum(rsqrt(sum(square(x), dimensions)), 1e12);
    return {x * spread(inverseNorm, dimensions, x)};
  }

private:
  std::vector<int64_t> axes;
};

} // namespace

const LayerEntry unitNormalizationLayer = {"UnitNormalization", createFromConfig<UnitNormalization>,
                                           MaskUse::Passes};

} // namespace lamina::frontend::keras
