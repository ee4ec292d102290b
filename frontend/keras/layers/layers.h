#pragma once

#include "frontend/keras/registry.h"

/// The layer entries, one per Keras class.
namespace lamina::frontend::keras {

extern const LayerEntry denseLayer, activationLayer, identityLayer;
extern const LayerEntry flattenLayer, reshapeLayer, permuteLayer, repeatLayer;
extern const LayerEntry dropoutLayer, activityLayer, rescalingLayer;
extern const LayerEntry addLayer, subtractLayer, multiplyLayer, averageLayer, maximumLayer,
    minimumLayer, concatenateLayer, dotLayer;
extern const LayerEntry reluLayer, leakyReluLayer, preluLayer, eluLayer, softmaxLayer;

} // namespace lamina::frontend::keras
