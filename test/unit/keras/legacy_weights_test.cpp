#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/keras/weights/legacy_weights.h"
#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;

/// An array that can be told from others by its first element.
Array marked(std::vector<int64_t> shape, float mark) {
  Array array = makeArray(ElementType::F32, std::move(shape));
  array.values<float>()[0] = mark;
  return array;
}

float markOf(const KerasFile &file, const std::string &path) {
  return file.weights.at(path).values<float>()[0];
}

/// A nested model with moving statistics before a trainable kernel, and a frozen layer behind it.
class LegacyWeightsTest : public testing::Test {
protected:
  LegacyWeightsTest()
      : file(makeFile(
            sequential({input("x", {2}),
                        layer("Sequential", "inner",
                              sequential({input("y", {2}), layer("BatchNormalization", "norm"),
                                          layer("Dense", "kept", {{"units", 2}})})["config"]),
                        layer("Flatten", "flat"),
                        layer("Dense", "out", {{"units", 1}, {"trainable", false}})}),
            {{"loss", "mse"},
             {"optimizer",
              {{"class_name", "Adam"}, {"config", {{"name", "Adam"}, {"learning_rate", 0.5}}}}}})) {
    file.hasWeights = true;
    file.weightsPath = "model.h5";
    file.legacyWeights.emplace();
    file.legacyWeights->layers = {
        {"inner",
         {{"gamma", marked({2}, 1)},
          {"beta", marked({2}, 2)},
          {"kernel", marked({2, 2}, 3)},
          {"bias", marked({2}, 4)},
          {"moving_mean", marked({2}, 5)},
          {"moving_variance", marked({2}, 6)}}},
        {"flat", {}},
        {"out", {{"kernel", marked({2, 1}, 7)}, {"bias", marked({1}, 8)}}}};
  }

  void place() { placeLegacyWeights(Imported(file).getModule(), file); }

  /// State of four trainable weights: slots m and v under names that `name` makes.
  void addOlderState(bool slotIsLast) {
    file.legacyWeights->version = "2.15.0";
    auto &optimizer = file.legacyWeights->optimizer;
    const std::pair<const char *, std::vector<int64_t>> weights[] = {
        {"norm/gamma", {2}}, {"norm/beta", {2}}, {"kept/kernel", {2, 2}}, {"kept/bias", {2}}};
    optimizer.emplace_back(slotIsLast ? "Adam/iter:0" : "iteration:0",
                           makeArray(ElementType::I64, {}));
    float mark = 1;
    if (slotIsLast)
      for (std::string slot : {"m", "v"})
        for (const auto &[name, shape] : weights)
          optimizer.emplace_back("Adam/" + std::string(name) + "/" + slot + ":0",
                                 marked(shape, slot == "m" ? mark++ : 10 + mark++));
    else
      for (const auto &[name, shape] : weights)
        for (std::string slot : {"m", "v"})
          optimizer.emplace_back("Adam/" + slot + "/" + name + ":0",
                                 marked(shape, slot == "m" ? mark : 10 + mark++));
  }

  std::vector<float> placedState() {
    std::vector<float> marks;
    for (size_t i = 2; file.weights.contains("optimizer/vars/" + std::to_string(i)); ++i)
      marks.push_back(markOf(file, "optimizer/vars/" + std::to_string(i)));
    return marks;
  }

  KerasFile file;
};

TEST_F(LegacyWeightsTest, correspondByPosition) {
  place();
  EXPECT_FALSE(file.legacyWeights);
  EXPECT_EQ(markOf(file, "layers/sequential/layers/batch_normalization/vars/0"), 1);
  EXPECT_EQ(markOf(file, "layers/sequential/layers/batch_normalization/vars/2"), 5);
  EXPECT_EQ(markOf(file, "layers/sequential/layers/dense/vars/0"), 3);
  EXPECT_EQ(markOf(file, "layers/dense/vars/1"), 8);
}

TEST_F(LegacyWeightsTest, areArrangedAsTheyWere) {
  LegacyWeights before = *file.legacyWeights;
  Imported imported(file);
  placeLegacyWeights(imported.getModule(), file);
  LegacyWeights after = arrangeLegacyWeights(imported.getModule(), file, file.weights);
  // The input is a layer, too.
  ASSERT_EQ(after.layers.size(), 4u);
  EXPECT_TRUE(after.layers[0].weights.empty());
  for (size_t i = 0; i < before.layers.size(); ++i) {
    ASSERT_EQ(after.layers[i + 1].weights.size(), before.layers[i].weights.size());
    for (size_t j = 0; j < before.layers[i].weights.size(); ++j)
      EXPECT_EQ(after.layers[i + 1].weights[j].second.values<float>()[0],
                before.layers[i].weights[j].second.values<float>()[0]);
  }
  EXPECT_EQ(after.layers[1].weights[2].first, "inner/kept/kernel");
  EXPECT_TRUE(after.optimizer.empty());
}

TEST_F(LegacyWeightsTest, stateOfKeras3GoesByPosition) {
  file.legacyWeights->optimizer = {{"adam/iteration", makeArray(ElementType::I64, {})},
                                   {"adam/learning_rate", marked({}, 0.25)}};
  place();
  EXPECT_EQ(markOf(file, "optimizer/vars/1"), 0.25);
}

TEST_F(LegacyWeightsTest, stateOfKeras2GoesBySlot) {
  addOlderState(false);
  place();
  EXPECT_EQ(markOf(file, "optimizer/vars/1"), 0.5);
  EXPECT_THAT(placedState(), ElementsAre(1, 11, 2, 12, 3, 13, 4, 14));
}

TEST_F(LegacyWeightsTest, stateOfOptimizersBefore211GoesBySlot) {
  addOlderState(true);
  place();
  EXPECT_THAT(placedState(), ElementsAre(1, 15, 2, 16, 3, 17, 4, 18));
}

TEST_F(LegacyWeightsTest, stateWithAMissingSlotIsLeftAndSaid) {
  addOlderState(false);
  file.legacyWeights->optimizer.pop_back();
  place();
  EXPECT_FALSE(file.weights.contains("optimizer/vars/0"));
  EXPECT_TRUE(file.weights.contains("layers/dense/vars/0"));
  EXPECT_THAT(file.notes,
              ElementsAre("the optimizer's state is not taken over, it starts afresh: there is no "
                          "'Adam/inner_norm_gamma_velocity' that fits in the file"));
}

/// The file has no product of Nadam's momenta: that of seven updates, with a pace of 1 and with the
/// one of before 2.11.
TEST_F(LegacyWeightsTest, nadamsProductFollowsFromTheIteration) {
  auto productAt = [&](const char *module) {
    KerasFile nadam = file;
    nadam.legacyWeights->version = "2.15.0";
    (*nadam.compileConfig)["optimizer"] = {
        {"module", module},
        {"class_name", "Nadam"},
        {"config", {{"learning_rate", 0.5}, {"beta_1", 0.8}, {"schedule_decay", nullptr}}}};
    Array iteration = makeArray(ElementType::I64, {});
    iteration.values<int64_t>()[0] = 7;
    auto &stored = nadam.legacyWeights->optimizer;
    stored.emplace_back("Nadam/iteration:0", iteration);
    for (const char *slot : {"m", "v"})
      for (std::vector<int64_t> shape : {std::vector<int64_t>{2}, {2}, {2, 2}, {2}})
        stored.emplace_back("Nadam/" + std::string(slot) + "/w:0", marked(shape, 1));
    placeLegacyWeights(Imported(nadam).getModule(), nadam);
    return markOf(nadam, "optimizer/vars/10");
  };
  for (auto [module, pace] :
       {std::pair("keras.optimizers", 1.0), {"keras.optimizers.legacy", 0.004}}) {
    double product = 1;
    for (int t = 1; t <= 7; ++t)
      product *= 0.8 * (1 - 0.5 * std::pow(0.96, pace * t));
    EXPECT_FLOAT_EQ(productAt(module), product);
  }
}

/// Keras 2.0 to 2.3: a counter, then all m, then all v.
class StandaloneStateTest : public LegacyWeightsTest {
protected:
  /// The state's shapes are those of the weights in the order `order`, its marks 1, 2, ...
  void addState(const char *version, std::vector<size_t> order, size_t slots) {
    const std::vector<int64_t> shapes[] = {{2}, {2}, {2, 2}, {2}}; // gamma, beta, kernel, bias
    file.legacyWeights->version = version;
    auto &stored = file.legacyWeights->optimizer;
    Array iteration = makeArray(ElementType::F32, {});
    iteration.values<float>()[0] = 7;
    stored.emplace_back("iterations:0", iteration);
    for (size_t slot = 0; slot < slots; ++slot)
      for (size_t index : order)
        stored.emplace_back("Variable_" + std::to_string(stored.size()) + ":0",
                            marked(shapes[index], static_cast<float>(stored.size())));
  }
};

TEST_F(StandaloneStateTest, isFoundByPosition) {
  addState("2.2.4", {0, 1, 2, 3}, 2);
  place();
  EXPECT_EQ(file.weights.at("optimizer/vars/0").values<int64_t>()[0], 7);
  EXPECT_EQ(markOf(file, "optimizer/vars/1"), 0.5);
  EXPECT_THAT(placedState(), ElementsAre(1, 5, 2, 6, 3, 7, 4, 8));
  EXPECT_TRUE(file.notes.empty());
}

TEST_F(StandaloneStateTest, isSortedByNameBefore206) {
  addState("2.0.5", {1, 3, 0, 2}, 2); // beta, bias, gamma, kernel
  place();
  EXPECT_THAT(placedState(), ElementsAre(3, 7, 1, 5, 4, 8, 2, 6));
}

/// Adam of 2.1 to 2.3 has placeholders without amsgrad.
TEST_F(StandaloneStateTest, mayHavePlaceholders) {
  addState("2.3.1", {0, 1, 2, 3}, 2);
  for (int i = 0; i < 4; ++i)
    file.legacyWeights->optimizer.emplace_back("vhat_" + std::to_string(i), marked({1}, 99));
  place();
  EXPECT_THAT(placedState(), ElementsAre(1, 5, 2, 6, 3, 7, 4, 8));
}

TEST_F(StandaloneStateTest, thatDoesNotFitIsLeftAndSaid) {
  addState("2.2.4", {2, 1, 0, 3}, 2);
  place();
  EXPECT_FALSE(file.weights.contains("optimizer/vars/0"));
  EXPECT_THAT(file.notes,
              ElementsAre("the optimizer's state is not taken over, it starts afresh: there is no "
                          "'Adam/inner_norm_gamma_momentum' that fits in the file"));
}

TEST_F(LegacyWeightsTest, countsThatDiffer) {
  file.legacyWeights->layers[0].weights.pop_back();
  EXPECT_EQ(errorOf([&] { place(); }),
            "model.h5: layer 'inner' has 6 weights in the model but 5 in the file (layer 'inner')");
  file.legacyWeights.emplace();
  EXPECT_EQ(errorOf([&] { place(); }),
            "model.h5: the model has 2 layers with weights, but 0 are in the file");
}

/// As Keras lists them: the wrapper's kernel and vector, then the bias of the layer in it.
TEST(LegacyWeights, ofALayerInALayerComeLast) {
  json dense = layer("Dense", "d", {{"units", 2}, {"trainable", false}});
  KerasFile file = makeFile(
      sequential({input("x", {3}), layer("SpectralNormalization", "s", {{"layer", dense}})}));
  Imported model(file);
  auto arranged =
      arrangeLegacyWeights(model.getModule(), file,
                           {{"layers/spectral_normalization/vars/0", marked({3, 2}, 1)},
                            {"layers/spectral_normalization/vars/1", marked({1, 2}, 2)},
                            {"layers/spectral_normalization/layer/vars/1", marked({2}, 3)}});
  std::vector<std::string> names;
  for (const auto &[name, array] : arranged.layers.back().weights)
    names.push_back(name);
  EXPECT_THAT(names, ElementsAre("s/kernel", "s/vector_u", "s/bias"));
}

} // namespace
} // namespace lamina::frontend::test
