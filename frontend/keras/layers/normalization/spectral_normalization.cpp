// keras.layers.SpectralNormalization: keras/src/layers/normalization/spectral_normalization.py
// (Miyato et al. 2018)
#include "frontend/builder/functions.h"
#include "frontend/keras/layers/layers.h"
#include "frontend/keras/model/inner_layer.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Divides the wrapped layer's kernel by its largest singular value before each call in training,
/// and keeps the quotient as the kernel: inference finds it there. The value comes from power
/// iteration that starts from the vector with which the step before ended.
///
/// The variables are the wrapped layer's, so that it finds them at their numbers, then the vector.
/// In the file the kernel is both the wrapper's and the wrapped layer's.
class SpectralNormalization : public LayerMeaning {
public:
  explicit SpectralNormalization(Config &config)
      : iterations(config.has("power_iterations") ? config.positive("power_iterations") : 1) {
    config.ignore({"power_iterations"});
    if (iterations > kMostIterations)
      config.fail(fmt::format("'power_iterations' is supported up to {}, not {}", kMostIterations,
                              iterations));
    wrapped =
        InnerLayer::read(config.where(), "SpectralNormalization", "the wrapped layer",
                         config.raw("layer"), readPolicy(config.where(), config.raw("dtype")));
    if (wrapped.activityRegularizer)
      wrapped.place.fail("'activity_regularizer' is not supported there; give it to "
                         "SpectralNormalization");
  }

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    std::vector<VariableDeclaration> variables = wrapped.build(inputs, "layer");
    if (variables.empty() || (variables[0].name != "kernel" && variables[0].name != "embeddings"))
      place.fail("SpectralNormalization wraps layers with a kernel or embeddings; the wrapped "
                 "layer has neither");
    variables[0].copyPath = std::exchange(variables[0].path, "vars/0");
    VariableDeclaration vector = {
        "vector_u",
        {1, variables[0].shape.back()},
        {{"class_name", "TruncatedNormal"}, {"config", {{"stddev", 0.02}}}}};
    vector.trainable = false;
    vector.path = "vars/1";
    variables.push_back(vector);
    return variables;
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    if (call.isTraining())
      normalizeKernel(call, wrapped.build({x.type()}, "layer").size());
    if (wrapped.meaning->maskUse == MaskUse::Passes)
      call.setMask(call.mask(0));
    return wrapped.meaning->call(call, inputs);
  }

private:
  static constexpr int64_t kMostIterations = 100; // each one is two contractions

  /// A kernel of zeros stays as it is. The optimizer updates the quotient by the gradient with
  /// respect to the quotient: Keras assigns it, which cuts the way back to the value before.
  void normalizeKernel(LayerCall &call, size_t vectorIndex) const {
    Tensor kernel = call.variable(0), u = call.variable(vectorIndex);
    int64_t columns = u.dim(1);
    Tensor fixed = stopGradient(kernel);
    Tensor weights = fixed.reshape({kernel.elementsPerRow() / columns, columns});
    Tensor v, newU = u;
    for (int64_t i = 0; i < iterations; ++i) {
      v = normalize(dot(newU, weights, 1, 1), 1);
      newU = normalize(dot(v, weights, 1, 0), 1);
    }
    Tensor sigma = dot(dot(v, weights, 1, 0), newU, 1, 1).reshape({});
    Tensor isZero = equal(max(abs(weights), {0, 1}), sigma.like(0));
    call.assign(vectorIndex, where(isZero, u, newU));
    Tensor quotient = where(isZero, fixed, fixed / sigma);
    call.assign(0, quotient + (kernel - fixed)); // adds 0, with the gradient 1
  }

  int64_t iterations;
  InnerLayer wrapped;
};

} // namespace

const LayerEntry spectralNormalizationLayer = {"SpectralNormalization",
                                               createFromConfig<SpectralNormalization>};

} // namespace lamina::frontend::keras
