// The texts of what is refused.
#include <gtest/gtest.h>

#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;

json denseModel(json config) {
  return sequential({input("x", {4}), layer("Dense", "d", config)});
}

TEST(Diagnostics, unknownLayerNamesTheNearest) {
  EXPECT_EQ(importError(makeFile(sequential({input("x", {4}), layer("Dens", "d")}))),
            "model.keras: layer 'd': class Dens is not supported; the nearest supported is Dense");
}

TEST(Diagnostics, namesThatResembleNoOtherAreNotGuessed) {
  EXPECT_EQ(importError(makeFile(sequential({input("x", {4}), layer("Quantum", "q")}))),
            "model.keras: layer 'q': class Quantum is not supported; docs/keras.md lists what is, "
            "and --define CLASS=FILE gives a class of your own its meaning");
}

TEST(Diagnostics, layersThatPrepareImagesAreRefusedForIt) {
  EXPECT_EQ(importError(makeFile(sequential({input("x", {4}), layer("RandomCrop", "h")}))),
            "model.keras: layer 'h': class RandomCrop is refused: it crops in training alone: in "
            "prediction Keras hands on images of another size, which a compiled model has one of; "
            "crop the data before, or use CenterCrop");
  EXPECT_EQ(
      importError(makeFile(sequential({input("x", {4}), layer("MaxNumBoundingBoxes", "h")}))),
      "model.keras: layer 'h': class MaxNumBoundingBoxes is refused: it cuts off lists of boxes, "
      "which are no input of a network; run it on the data before");
  EXPECT_EQ(
      importError(makeFile(sequential(
          {input("x", {4}), layer("ContrastLimitedAdaptiveHistogramEqualization", "h")}))),
      "model.keras: layer 'h': class ContrastLimitedAdaptiveHistogramEqualization is refused: "
      "it sorts the pixels of images into histograms, for which there is no operation; run it "
      "on the data before, and give the model its result as an input");
}

TEST(Diagnostics, layersOfAPipeline) {
  auto errorOf = [](json layers) {
    return importError(
        makeFile(sequential({input("x", {4}), layer("Pipeline", "p", {{"layers", layers}})})));
  };
  EXPECT_EQ(errorOf(nullptr), "model.keras: layer 'p': has no list of 'layers'");
  EXPECT_EQ(
      errorOf(json::array({layer("Dense", "d", {{"units", 2}})})),
      "model.keras: layer 'p': layer 0: Dense has weights, which are not supported inside of a "
      "Pipeline; put the layers into the model one after another");
  EXPECT_EQ(errorOf({layer("Rescaling", "s", {{"scale", 2}}),
                     layer("Resizing", "r", {{"height", 2}, {"width", 2}})}),
            "model.keras: layer 'p': layer 1: takes inputs of rank 4 (2 spatial dimensions and "
            "channels), got shape (None, 4)");
}

TEST(Diagnostics, settingsOfLayersThatChangeImages) {
  auto errorOf = [](const char *type, json settings) {
    return importError(makeFile(sequential({input("x", {4, 4, 3}), layer(type, "h", settings)})));
  };
  const std::string where = "model.keras: layer 'h': ";
  EXPECT_EQ(errorOf("RandomRotation", json::object()),
            where + "'factor' is missing from the configuration");
  for (const json &factor : {json(2), json({0.1, 0.2, 0.3}), json({-3, 0})})
    EXPECT_EQ(errorOf("RandomRotation", {{"factor", factor}}),
              where + "'factor' must be a number or two numbers from -1 to 1");
  EXPECT_EQ(errorOf("RandomFlip", {{"mode", "sideways"}}),
            where + "'mode' must be horizontal, vertical or horizontal_and_vertical, not sideways");
  EXPECT_EQ(errorOf("RandomZoom", {{"height_factor", 0.1}, {"fill_mode", "mirror"}}),
            where + "'fill_mode' must be constant, nearest, reflect or wrap, not mirror");
  EXPECT_EQ(errorOf("RandomZoom", {{"height_factor", 0.1}, {"interpolation", "cubic"}}),
            where + "'interpolation' must be bilinear or nearest, not cubic");
  EXPECT_EQ(errorOf("RandomHue", {{"factor", 0.1}, {"value_range", {255, 0}}}),
            where + "'value_range' must be two ascending numbers");
  EXPECT_EQ(errorOf("RandomPerspective", {{"scale", 2}}),
            where + "'scale' must be between 0 and 1");
  EXPECT_EQ(errorOf("RandomErasing", {{"fill_value", {1, 2}}}),
            where + "'fill_value' must be a number or three numbers");
  EXPECT_EQ(errorOf("RandomGaussianBlur", {{"kernel_size", {3, 4}}}),
            where + "'kernel_size' must be an odd number, the same for both dimensions");
}

TEST(Diagnostics, layersWithCodeAreRefusedForIt) {
  EXPECT_EQ(importError(makeFile(sequential({input("x", {4}), layer("Lambda", "f")}))),
            "model.keras: layer 'f': class Lambda is refused: it holds Python code, which is never "
            "executed; use layers of keras.layers instead, or say by --define LAYER=FILE which "
            "model it stands for");
}

TEST(Diagnostics, callsOfTensorFlowAreRefusedWithTheirFunction) {
  json call = layer("TFOpLambda", "f", {{"function", "math.multiply"}});
  EXPECT_EQ(
      importError(makeFile(sequential({input("x", {4}), call}))),
      "model.keras: layer 'f': calls the TensorFlow function 'math.multiply' (class TFOpLambda "
      "of Keras 2), which Keras 3 does not read either; build the model with keras.ops or a "
      "layer instead, and load its weights");
}

TEST(Diagnostics, axesThatAreNamedTwice) {
  json softmax = layer("Softmax", "s", {{"axis", {1, -2}}});
  EXPECT_EQ(importError(makeFile(sequential({input("x", {3, 4}), softmax}))),
            "model.keras: layer 's': dimension 1 is named twice");
}

/// As Python takes them: numbers for booleans, 3.0 for 3.
TEST(Settings, otherNumbersThanTheirOwn) {
  json dense = layer("Dense", "d", {{"units", 3.0}, {"use_bias", 0}});
  json norm = layer("BatchNormalization", "n", {{"scale", 1}, {"center", 0}, {"momentum", true}});
  Imported model(makeFile(sequential({input("x", {4}), dense, norm})));
  EXPECT_EQ(model.variableNames(), (std::vector<std::string>{"d/kernel", "n/gamma", "n/moving_mean",
                                                             "n/moving_variance"}));
  EXPECT_EQ(importError(makeFile(denseModel({{"units", 2.5}}))),
            "model.keras: layer 'd': 'units' must be an integer, not 2.5");
}

/// A model that takes a list goes by its inputs' names when it is called with a dict; masks that
/// say nothing may be in one.
TEST(Calls, ofANestedModelWithADict) {
  json inner =
      functional({input("q", {1}), input("p", {1}), called(layer("Subtract", "s"), {"q", "p"})},
                 {"q", "p"}, {"s"});
  json nested = layer("Functional", "inner", inner["config"]);
  nested["module"] = "keras.src.models.functional";
  nested["inbound_nodes"] =
      json::array({{{"args", {{{"p", tensor("y")}, {"q", tensor("x")}}}},
                    {"kwargs", {{"mask", {{"p", nullptr}, {"q", nullptr}}}}}}});
  Imported model(
      makeFile(functional({input("x", {1}), input("y", {1}), nested}, {"x", "y"}, {"inner"})));
  auto result = model.run("predict", {floats({1, 1}, {5}), floats({1, 1}, {2})}, 1);
  EXPECT_EQ(values(result[0])[0], 3); // q - p = x - y
  nested["inbound_nodes"][0]["args"][0].erase("p");
  EXPECT_EQ(importError(makeFile(
                functional({input("x", {1}), input("y", {1}), nested}, {"x", "y"}, {"inner"}))),
            "model.keras: layer 'inner': is called with a dict without its input 'p'");
}

TEST(Diagnostics, foreignModulesAreRefused) {
  json dense = layer("Dense", "d", {{"units", 2}});
  dense["module"] = "my.layers";
  EXPECT_EQ(importError(makeFile(sequential({input("x", {4}), dense}))),
            "model.keras: layer 1 of model 'model': the layer is the class Dense of module "
            "my.layers, which is not Keras' own; nothing in a file is looked up or executed; give "
            "its meaning as a model with --define CLASS=FILE");
}

TEST(Diagnostics, registeredCustomClassesAreRefused) {
  json dense = layer("Dense", "d", {{"units", 2}});
  dense["module"] = nullptr;
  dense["registered_name"] = "pkg>Dense";
  EXPECT_EQ(importError(makeFile(sequential({input("x", {4}), dense}))),
            "model.keras: layer 1 of model 'model': the layer is the custom class pkg>Dense; "
            "nothing in a file is looked up or executed; give its meaning as a model with --define "
            "CLASS=FILE");
}

TEST(Diagnostics, unknownSettingsAreRefusedByName) {
  EXPECT_EQ(importError(makeFile(denseModel({{"units", 2}, {"lora_rank", 4}}))),
            "model.keras: layer 'd': has a 'lora_rank', which nothing can be trained with from a "
            "file: Keras reads the adapted kernel and zeros for both matrices, whose gradients are "
            "zero then; make the layer without it and load these weights");
}

TEST(Diagnostics, emptyUnknownSettingsArePassedOver) {
  json config = {{"units", 2}, {"lora_rank", nullptr}, {"quantization_config", nullptr}};
  EXPECT_EQ(importError(makeFile(denseModel(config))), "no error");
}

TEST(Diagnostics, wrongTypeOfSetting) {
  EXPECT_EQ(importError(makeFile(denseModel({{"units", "two"}}))),
            "model.keras: layer 'd': 'units' must be an integer, not \"two\"");
}

TEST(Diagnostics, unknownActivation) {
  EXPECT_EQ(importError(makeFile(denseModel({{"units", 2}, {"activation", "rellu"}}))),
            "model.keras: layer 'd': activation rellu is not supported; the nearest supported is "
            "relu");
}

TEST(Diagnostics, mixedPrecisionPolicy) {
  json config = {
      {"units", 2},
      {"dtype", {{"class_name", "DTypePolicy"}, {"config", {{"name", "mixed_float16"}}}}}};
  EXPECT_EQ(importError(makeFile(denseModel(config))),
            "model.keras: layer 'd': the dtype policy \"mixed_float16\" is not supported; Lamina "
            "computes in float32 and float64");
}

TEST(Diagnostics, shapesThatDoNotMerge) {
  json model =
      functional({input("a", {3}), input("b", {4}), called(layer("Add", "sum"), {"a", "b"})},
                 {"a", "b"}, {"sum"});
  EXPECT_EQ(importError(makeFile(model)),
            "model.keras: layer 'sum': inputs of shapes (None, 3) and (None, 4) cannot be merged");
}

TEST(Diagnostics, reshapeThatDoesNotFit) {
  EXPECT_EQ(importError(makeFile(
                sequential({input("x", {5}), layer("Reshape", "r", {{"target_shape", {2, 3}}})}))),
            "model.keras: layer 'r': cannot reshape an input of shape (None, 5) to (None, 2, 3)");
}

TEST(Diagnostics, unknownInputShape) {
  EXPECT_EQ(importError(makeFile(sequential({input("x", {-1}), layer("Flatten", "f")}))),
            "model.keras: layer 'x': the input's shape is not known; give it with --input-shape");
}

TEST(Diagnostics, cycle) {
  json model = functional({input("x", {3}), called(layer("Add", "a"), {"x", "b"}),
                           called(layer("Identity", "b"), {"a"})},
                          {"x"}, {"b"});
  EXPECT_EQ(importError(makeFile(model)),
            "model.keras: layer 'a': is part of a cycle in the model's graph");
}

TEST(Diagnostics, missingLayer) {
  json model = functional({input("x", {3}), called(layer("Identity", "a"), {"z"})}, {"x"}, {"a"});
  EXPECT_EQ(importError(makeFile(model)),
            "model.keras: layer 'a': refers to layer 'z', which the model does not have");
}

TEST(Diagnostics, twoLayersOfOneName) {
  EXPECT_EQ(importError(makeFile(
                sequential({input("x", {3}), layer("Identity", "a"), layer("Identity", "a")}))),
            "model.keras: layer 'a': the model has two layers of this name");
}

TEST(Diagnostics, unknownLossOptimizerAndMetric) {
  json model = denseModel({{"units", 2}});
  EXPECT_EQ(importError(makeFile(model, {{"loss", "mze"}, {"optimizer", "sgd"}})),
            "model.keras: loss 'mze' is not supported; the nearest supported is mse");
  EXPECT_EQ(importError(makeFile(model, {{"loss", "mse"}, {"optimizer", "adamix"}})),
            "model.keras: optimizer 'adamix' is not supported; the nearest supported is Adamax");
  EXPECT_EQ(importError(
                makeFile(model, {{"loss", "mse"}, {"optimizer", "sgd"}, {"metrics", {"acuracy"}}})),
            "model.keras: metric 'acuracy' is not supported; the nearest supported is Accuracy");
}

std::string optimizerError(const char *className, json config) {
  json optimizer = {{"class_name", className}, {"config", config}};
  return importError(
      makeFile(denseModel({{"units", 2}}), {{"loss", "mse"}, {"optimizer", optimizer}}));
}

TEST(Diagnostics, optimizersThatAreRefused) {
  EXPECT_EQ(optimizerError("LossScaleOptimizer", json::object()),
            "model.keras: optimizer LossScaleOptimizer is refused: it scales losses for training "
            "in half precision, which is not supported; compile the model with the optimizer "
            "inside it");
  EXPECT_EQ(optimizerError("MultiOptimizer", json::object()),
            "model.keras: optimizer MultiOptimizer is refused: it gives each variable an optimizer "
            "of its own; compile the model with one of them");
}

TEST(Diagnostics, optimizerSettingsOutOfRange) {
  EXPECT_EQ(optimizerError("Adam", {{"use_ema", true}, {"ema_momentum", 1.5}}),
            "model.keras: optimizer 'Adam': 'ema_momentum' must be between 0 and 1, not 1.5");
  EXPECT_EQ(optimizerError("Adam", {{"use_ema", true}, {"ema_overwrite_frequency", -1}}),
            "model.keras: optimizer 'Adam': 'ema_overwrite_frequency' must be positive, not -1");
  EXPECT_EQ(optimizerError("SGD", {{"gradient_accumulation_steps", 1}}),
            "model.keras: optimizer 'SGD': 'gradient_accumulation_steps' must be at least 2, not "
            "1");
  EXPECT_EQ(optimizerError("Lion", {{"beta_1", 0}}),
            "model.keras: optimizer 'Lion': 'beta_1' must be above 0 and at most 1, not 0");
  EXPECT_EQ(optimizerError("Ftrl", {{"learning_rate_power", 0.5}}),
            "model.keras: optimizer 'Ftrl': 'learning_rate_power' must not be positive, not 0.5");
  EXPECT_EQ(optimizerError("Ftrl", {{"l1_regularization_strength", -1}}),
            "model.keras: optimizer 'Ftrl': the initial accumulator and the regularization "
            "strengths must not be negative");
  EXPECT_EQ(optimizerError("Muon", {{"exclude_layers", {"dense.*"}}}),
            "model.keras: optimizer 'Muon': 'exclude_layers' must be a list of plain parts of "
            "layer names; regular expressions are not supported");
  EXPECT_EQ(optimizerError("Muon", {{"ns_steps", 1000}}),
            "model.keras: optimizer 'Muon': 'ns_steps' must be from 0 to 100, not 1000");
}

TEST(Diagnostics, lossesThatAreRefused) {
  EXPECT_EQ(importError(makeFile(denseModel({{"units", 2}}), {{"loss", "circle"}})),
            "model.keras: loss 'circle': it is refused: it compares every row of a batch with "
            "every other, but a compiled step keeps rows apart; use a loss on single rows, such as "
            "CosineSimilarity");
}

TEST(Diagnostics, alignments) {
  EXPECT_EQ(importError(makeFile(denseModel({{"units", 2}}), {{"loss", "ctc"}})),
            "model.keras: loss 'ctc': needs a prediction of steps x classes, at least 2 of them, "
            "got shape (None, 2)");
  KerasFile file = makeFile(sequential({input("x", {5, 4}), layer("Dense", "d", {{"units", 3}})}),
                            {{"loss", "ctc"}});
  EXPECT_EQ(importError(file),
            "model.keras: output 'd': how many values a row of its targets has is known from data "
            "alone; give it with --target-shape d=N");
  ImportOptions options;
  options.targetShapes = {{"d", {2, 3}}};
  EXPECT_EQ(importError(file, options),
            "model.keras: --target-shape d: rows of these targets have 1 dimension, not 2");
}

std::string lossError(const char *className, json config) {
  json loss = {{"class_name", className}, {"config", config}};
  return importError(makeFile(denseModel({{"units", 2}}), {{"loss", loss}}));
}

TEST(Diagnostics, lossSettingsOutOfRange) {
  EXPECT_EQ(lossError("CategoricalGeneralizedCrossEntropy", {{"q", 1}}),
            "model.keras: loss 'CategoricalGeneralizedCrossEntropy': 'q' must be between 0 and 1, "
            "not 1");
  EXPECT_EQ(lossError("CategoricalFocalCrossentropy", {{"alpha", {1, 2, 3}}}),
            "model.keras: loss 'CategoricalFocalCrossentropy': 'alpha' must be a number or one for "
            "each of the 2 classes");
  EXPECT_EQ(lossError("CategoricalFocalCrossentropy", {{"axis", 0}}),
            "model.keras: loss 'CategoricalFocalCrossentropy': 'axis' must not be the rows");
}

TEST(Diagnostics, initializersAndRegularizers) {
  auto dense = [](const char *key, const char *className, json config) {
    return importError(
        makeFile(denseModel({{"units", 2}, {key, {{"class_name", className}, {"config", config}}}}),
                 {{"loss", "mse"}}));
  };
  EXPECT_EQ(dense("kernel_initializer", "STFT", json::object()),
            "model.keras: layer 'd': initializer STFT is refused: its windows are SciPy's; give "
            "the layer another initializer, its weights in the file stay as they are");
  EXPECT_EQ(dense("kernel_initializer", "Constant", {{"value", {1, 2, 3}}}),
            "model.keras: layer 'd': a Constant initializer's value of shape (3,) does not "
            "broadcast to the variable's shape (4, 2)");
  EXPECT_EQ(dense("kernel_regularizer", "OrthogonalRegularizer", {{"mode", "both"}}),
            "model.keras: layer 'd': 'mode' of OrthogonalRegularizer must be rows or columns, not "
            "'both'");
  EXPECT_EQ(dense("bias_regularizer", "OrthogonalRegularizer", json::object()),
            "model.keras: layer 'd': an OrthogonalRegularizer needs a matrix of weights");
  EXPECT_EQ(dense("kernel_regularizer", "L3", json::object()),
            "model.keras: layer 'd': regularizer L3 is not supported; the nearest supported is L1");
  EXPECT_EQ(dense("activity_regularizer", "L2", {{"l3", 1}}),
            "model.keras: layer 'd': L2 with 'l3' = 1 is not supported");
}

TEST(Diagnostics, unknownReduction) {
  json loss = {{"class_name", "MeanSquaredError"}, {"config", {{"reduction", "median"}}}};
  EXPECT_EQ(importError(makeFile(denseModel({{"units", 2}}), {{"loss", loss}})),
            "model.keras: loss 'MeanSquaredError': the reduction 'median' is not one of Keras', "
            "which are sum_over_batch_size, mean, mean_with_sample_weight, sum, none");
}

TEST(Diagnostics, unreducedLossesThatCannotBeAdded) {
  json model = functional(
      {input("x", {4, 3}), called(layer("Flatten", "f"), {"x"}), called(layer("ReLU", "r"), {"x"})},
      {"x"}, {"f", "r"});
  json loss = {{"class_name", "MeanSquaredError"}, {"config", {{"reduction", nullptr}}}};
  EXPECT_EQ(importError(makeFile(model, {{"loss", loss}})),
            "model.keras: losses without reduction give values of shapes (None,) and (None, 4), "
            "which cannot be added; use the reduction sum");
  EXPECT_EQ(importError(makeFile(denseModel({{"units", 2}, {"kernel_regularizer", "l2"}}),
                                 {{"loss", loss}})),
            "model.keras: penalties of weights or activities cannot be added to a loss without "
            "reduction (nor can Keras on TensorFlow); use the reduction sum");
}

TEST(Diagnostics, lossOfAnOutputThatIsNotThere) {
  EXPECT_EQ(importError(makeFile(denseModel({{"units", 2}}), {{"loss", {{"q", "mse"}}}})),
            "model.keras: the loss names output 'q', which the model does not have; it has d");
}

TEST(Diagnostics, allProblemsAtOnce) {
  mlir::MLIRContext context;
  KerasFile file = makeFile(sequential(
      {input("x", {4}), layer("Lambda", "f"), layer("Dens", "d"), layer("Flatten", "g")}));
  EXPECT_EQ(findProblems(context, file, {}),
            (std::vector<std::string>{
                "model.keras: layer 'f': class Lambda is refused: it holds Python code, which is "
                "never executed; use layers of keras.layers instead, or say by --define "
                "LAYER=FILE which model it stands for",
                "model.keras: layer 'd': class Dens is not supported; the nearest supported is "
                "Dense"}));
}

TEST(Diagnostics, configurationsOfTheWrongForm) {
  for (json model : {json("Sequential"), json({{"class_name", "Sequential"}}),
                     json({{"class_name", "Sequential"}, {"config", {{"layers", 3}}}}),
                     json({{"class_name", "Functional"}, {"config", {{"layers", {1, 2}}}}}),
                     json({{"class_name", "Model"}, {"config", {{"layers", json::array({{}})}}}}),
                     sequential({json::object()}), sequential({json(nullptr)})}) {
    std::string error = importError(makeFile(model));
    EXPECT_TRUE(error.starts_with("model.keras: ")) << model << ": " << error;
  }
}

} // namespace
} // namespace lamina::frontend::test
