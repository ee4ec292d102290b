#pragma once

#include "frontend/keras/config/refused.h"
#include "frontend/keras/config/registry.h"

/// The layer entries, one per Keras class.
namespace lamina::frontend::keras {

extern const LayerEntry denseLayer, einsumDenseLayer, activationLayer, identityLayer;
extern const LayerEntry flattenLayer, reshapeLayer, permuteLayer, repeatLayer;
extern const LayerEntry dropoutLayer, spatialDropout1dLayer, spatialDropout2dLayer,
    spatialDropout3dLayer, alphaDropoutLayer, gaussianDropoutLayer, gaussianNoiseLayer;
extern const LayerEntry activityLayer, maskingLayer, spectralNormalizationLayer;
extern const LayerEntry rescalingLayer, normalizationLayer, discretizationLayer,
    categoryEncodingLayer, resizingLayer, centerCropLayer;
extern const LayerEntry randomFlipLayer, randomRotationLayer, randomTranslationLayer,
    randomZoomLayer, randomShearLayer, randomPerspectiveLayer, randomBrightnessLayer,
    randomContrastLayer, randomSaturationLayer, randomHueLayer, randomColorJitterLayer,
    randomGrayscaleLayer, randomColorDegenerationLayer, randomSharpnessLayer, randomInvertLayer,
    randomPosterizationLayer, solarizationLayer, autoContrastLayer, randomErasingLayer,
    randomGaussianBlurLayer, mixUpLayer, cutMixLayer, randAugmentLayer, augMixLayer,
    randomElasticTransformLayer;
extern const LayerEntry pipelineLayer, stftSpectrogramLayer, melSpectrogramLayer;
extern const LayerEntry stringLookupLayer, integerLookupLayer, textVectorizationLayer, hashingLayer,
    hashedCrossingLayer;
extern const LayerEntry addLayer, subtractLayer, multiplyLayer, averageLayer, maximumLayer,
    minimumLayer, concatenateLayer, dotLayer;
extern const LayerEntry conv1dLayer, conv2dLayer, conv3dLayer;
extern const LayerEntry depthwiseConv1dLayer, depthwiseConv2dLayer;
extern const LayerEntry separableConv1dLayer, separableConv2dLayer;
extern const LayerEntry conv1dTransposeLayer, conv2dTransposeLayer, conv3dTransposeLayer;
extern const LayerEntry maxPooling1dLayer, maxPooling2dLayer, maxPooling3dLayer;
extern const LayerEntry averagePooling1dLayer, averagePooling2dLayer, averagePooling3dLayer;
extern const LayerEntry globalMaxPooling1dLayer, globalMaxPooling2dLayer, globalMaxPooling3dLayer;
extern const LayerEntry globalAveragePooling1dLayer, globalAveragePooling2dLayer,
    globalAveragePooling3dLayer;
extern const LayerEntry adaptiveAveragePooling1dLayer, adaptiveAveragePooling2dLayer,
    adaptiveAveragePooling3dLayer, adaptiveMaxPooling1dLayer, adaptiveMaxPooling2dLayer,
    adaptiveMaxPooling3dLayer;
extern const LayerEntry zeroPadding1dLayer, zeroPadding2dLayer, zeroPadding3dLayer;
extern const LayerEntry cropping1dLayer, cropping2dLayer, cropping3dLayer;
extern const LayerEntry upSampling1dLayer, upSampling2dLayer, upSampling3dLayer;
extern const LayerEntry batchNormalizationLayer, layerNormalizationLayer, rmsNormalizationLayer,
    groupNormalizationLayer, unitNormalizationLayer;
extern const LayerEntry embeddingLayer;
extern const LayerEntry attentionLayer, additiveAttentionLayer, multiHeadAttentionLayer,
    groupQueryAttentionLayer, reversibleEmbeddingLayer;
extern const LayerEntry rnnLayer, simpleRnnLayer, lstmLayer, gruLayer, convLstm1dLayer,
    convLstm2dLayer, convLstm3dLayer, bidirectionalLayer, timeDistributedLayer;
extern const LayerEntry simpleRnnCellLayer, lstmCellLayer, gruCellLayer, stackedCellsLayer;
extern const LayerEntry layerScaleLayer, customScaleLayer;
extern const LayerEntry tracedParameter, tracedEffects, tracedChoice, tracedLoss,
    tracedRandomNumbers, tracedRowCount, tracedMask;
extern const LayerEntry reluLayer, leakyReluLayer, preluLayer, eluLayer, softmaxLayer;

const std::vector<RefusedClasses> &refusedLayers();

} // namespace lamina::frontend::keras
