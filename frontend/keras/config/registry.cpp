#include "frontend/keras/config/registry.h"

#include "frontend/keras/layers/layers.h"
#include "frontend/keras/operations/operation_call.h"

namespace lamina::frontend::keras {
namespace {

const LayerEntry *const kLayers[] = {
    &denseLayer,
    &einsumDenseLayer,
    &activationLayer,
    &embeddingLayer,
    &reversibleEmbeddingLayer,
    &attentionLayer,
    &additiveAttentionLayer,
    &multiHeadAttentionLayer,
    &groupQueryAttentionLayer,
    &spectralNormalizationLayer,
    &identityLayer,
    &conv1dLayer,
    &conv2dLayer,
    &conv3dLayer,
    &separableConv1dLayer,
    &separableConv2dLayer,
    &depthwiseConv1dLayer,
    &depthwiseConv2dLayer,
    &conv1dTransposeLayer,
    &conv2dTransposeLayer,
    &conv3dTransposeLayer,
    &maxPooling1dLayer,
    &maxPooling2dLayer,
    &maxPooling3dLayer,
    &averagePooling1dLayer,
    &averagePooling2dLayer,
    &averagePooling3dLayer,
    &globalMaxPooling1dLayer,
    &globalMaxPooling2dLayer,
    &globalMaxPooling3dLayer,
    &globalAveragePooling1dLayer,
    &globalAveragePooling2dLayer,
    &globalAveragePooling3dLayer,
    &adaptiveAveragePooling1dLayer,
    &adaptiveAveragePooling2dLayer,
    &adaptiveAveragePooling3dLayer,
    &adaptiveMaxPooling1dLayer,
    &adaptiveMaxPooling2dLayer,
    &adaptiveMaxPooling3dLayer,
    &batchNormalizationLayer,
    &layerNormalizationLayer,
    &rmsNormalizationLayer,
    &groupNormalizationLayer,
    &unitNormalizationLayer,
    &randomFlipLayer,
    &randomRotationLayer,
    &randomTranslationLayer,
    &randomZoomLayer,
    &randomShearLayer,
    &randomPerspectiveLayer,
    &randomBrightnessLayer,
    &randomContrastLayer,
    &randomSaturationLayer,
    &randomHueLayer,
    &randomColorJitterLayer,
    &randomGrayscaleLayer,
    &randomColorDegenerationLayer,
    &randomSharpnessLayer,
    &randomInvertLayer,
    &randomPosterizationLayer,
    &solarizationLayer,
    &autoContrastLayer,
    &randomErasingLayer,
    &randomGaussianBlurLayer,
    &pipelineLayer,
    &stftSpectrogramLayer,
    &melSpectrogramLayer,
    &stringLookupLayer,
    &integerLookupLayer,
    &textVectorizationLayer,
    &hashingLayer,
    &hashedCrossingLayer,
    &mixUpLayer,
    &cutMixLayer,
    &randAugmentLayer,
    &augMixLayer,
    &randomElasticTransformLayer,
    &dropoutLayer,
    &spatialDropout1dLayer,
    &spatialDropout2dLayer,
    &spatialDropout3dLayer,
    &alphaDropoutLayer,
    &gaussianDropoutLayer,
    &gaussianNoiseLayer,
    &activityLayer,
    &maskingLayer,
    &flattenLayer,
    &reshapeLayer,
    &permuteLayer,
    &repeatLayer,
    &cropping1dLayer,
    &cropping2dLayer,
    &cropping3dLayer,
    &upSampling1dLayer,
    &upSampling2dLayer,
    &upSampling3dLayer,
    &zeroPadding1dLayer,
    &zeroPadding2dLayer,
    &zeroPadding3dLayer,
    &addLayer,
    &subtractLayer,
    &multiplyLayer,
    &averageLayer,
    &maximumLayer,
    &minimumLayer,
    &concatenateLayer,
    &dotLayer,
    &rescalingLayer,
    &normalizationLayer,
    &discretizationLayer,
    &categoryEncodingLayer,
    &resizingLayer,
    &centerCropLayer,
    &reluLayer,
    &leakyReluLayer,
    &preluLayer,
    &eluLayer,
    &softmaxLayer,
    &rnnLayer,
    &simpleRnnLayer,
    &lstmLayer,
    &gruLayer,
    &convLstm1dLayer,
    &convLstm2dLayer,
    &convLstm3dLayer,
    &bidirectionalLayer,
    &timeDistributedLayer,
    &simpleRnnCellLayer,
    &lstmCellLayer,
    &gruCellLayer,
    &stackedCellsLayer,
    &layerScaleLayer,
    &customScaleLayer,
    &tracedParameter,
    &tracedEffects,
    &tracedChoice,
    &tracedLoss,
    &tracedRandomNumbers,
    &tracedRowCount,
    &tracedMask,
};

/// By the class's exported name or its own; null for a class that is not known.
const LayerEntry *findLayer(const std::string &className) {
  for (const LayerEntry *entry : kLayers)
    if (className == entry->className || (entry->ownName && className == entry->ownName))
      return entry;
  return nullptr;
}

std::vector<std::string> layerNames() {
  std::vector<std::string> names = {"InputLayer", "Sequential", "Functional"};
  for (llvm::StringRef name :
       llvm::map_range(kLayers, [](auto *entry) { return entry->className; }))
    if (!name.starts_with(kTracedClass)) // which nobody writes by hand
      names.push_back(name.str());
  return names;
}

/// Calls a layer without weights as a function (Dense(activation=LeakyReLU(0.1))).
Activation activationFromLayer(const Place &place, const ObjectConfig &object) {
  std::shared_ptr<LayerMeaning> layer = createLayer(place, object);
  return [layer, place](LayerCall &call, Tensor x) {
    if (!layer->build(place, {x.type()}).empty())
      place.fail("an activation with weights of its own is not supported; use it as a layer");
    return layer->call(call, {x})[0];
  };
}

/// A file of a layer with low-rank adaptation (Hu et al. 2021) holds the sum of its kernel and the
/// product of the two matrices. Keras begins with that sum, frozen, and with zeros in both
/// matrices.
void refuseLowRank(const Config &config) {
  if (config.has("lora_rank"))
    config.fail(
        "has a 'lora_rank', which nothing can be trained with from a file: Keras reads the "
        "adapted kernel and zeros for both matrices, whose gradients are zero then; make the "
        "layer without it and load these weights");
}

/// Calls of TensorFlow's functions, which Keras 2 made layers of.
void refuseTensorFlowCalls(const Place &place, const ObjectConfig &object) {
  if (object.className != "TFOpLambda" && object.className != "SlicingOpLambda" &&
      object.className != "TensorFlowOpLayer")
    return;
  nlohmann::json function = object.config.value("function", nlohmann::json());
  if (function.is_null() && object.config.contains("node_def"))
    function = object.config["node_def"].is_object()
                   ? object.config["node_def"].value("op", nlohmann::json())
                   : nlohmann::json();
  std::string name = function.is_string() ? function.get<std::string>() : "";
  place.fail(
      fmt::format("calls the TensorFlow function {}(class {} of Keras 2), which Keras 3 does "
                  "not read either; build the model with keras.ops or a layer instead, and "
                  "load its weights",
                  name.empty() ? "" : "'" + printable(name) + "' ", object.className));
}

} // namespace

std::unique_ptr<LayerMeaning> createLayer(const Place &place, const ObjectConfig &object) {
  refuseTensorFlowCalls(place, object);
  if (isOperation(object))
    return createOperation(place, object);
  if (const LayerEntry *entry = findLayer(object.className)) {
    Config config(object.config, place);
    config.ignore({"name", "trainable", "dtype", "activity_regularizer", "autocast",
                   "batch_input_shape", "batch_shape", "input_shape", "input_dim"});
    refuseLowRank(config);
    std::unique_ptr<LayerMeaning> layer = entry->create(config);
    config.finish(object.className);
    layer->maskUse = entry->maskUse;
    return layer;
  }
  if (std::string advice = adviseOn(object.className, refusedLayers()); !advice.empty())
    place.refuse(fmt::format("class {} is refused: {}", printable(object.className), advice));
  place.refuse(notSupported("class " + printable(object.className), object.className, layerNames(),
                            ", and --define CLASS=FILE gives a class of your own its meaning"));
}

bool isLookupClass(const std::string &className) {
  const LayerEntry *entry = findLayer(className);
  return entry && entry->isLookup;
}

llvm::ArrayRef<std::string> furtherInputs(const std::string &className) {
  const LayerEntry *entry = findLayer(className);
  return entry ? llvm::ArrayRef<std::string>(entry->furtherInputs) : llvm::ArrayRef<std::string>();
}

llvm::ArrayRef<std::string> callParameters(const std::string &className) {
  const LayerEntry *entry = findLayer(className);
  return entry ? llvm::ArrayRef<std::string>(entry->parameters) : llvm::ArrayRef<std::string>();
}

std::string ownClassName(const std::string &className) {
  const LayerEntry *entry = findLayer(className);
  return entry && entry->ownName ? entry->ownName : className;
}

Activation createActivation(const Place &place, const nlohmann::json &value) {
  if (value.is_null())
    return [](LayerCall &, Tensor x) { return x; };
  ObjectConfig object = ObjectConfig::read(place, "the activation", value);
  std::vector<std::string> names;
  for (const ActivationEntry &entry : activationEntries()) {
    if (object.className == entry.name)
      return entry.apply;
    names.push_back(entry.name);
  }
  if (findLayer(object.className))
    return activationFromLayer(place, object);
  place.refuse(notSupported("activation " + printable(object.className), object.className, names));
}

} // namespace lamina::frontend::keras
