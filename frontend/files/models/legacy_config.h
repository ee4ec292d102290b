#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

/// Configurations as Keras 2 and all `.h5` files have them, in the form that Keras 3 writes to
/// `config.json`: whoever reads a configuration knows one form only, and what is written from it
/// loads in Keras 3.
namespace lamina::frontend {

/// Whether a version such as "2.15.0" is of Keras 2 or before. Where Keras 2 names its version
/// Keras 3 may name none, so an absent version (null) is not.
bool isOlderKeras(const nlohmann::json &version);

/// A model's `{"class_name", "config"}`, of Keras 2 where `isOlder`. What changes:
/// - modules and registered names that later versions look for;
/// - calls as lists, `[[layer, node, tensor, kwargs], …]`, where the calls of a nested model count
///   from 1;
/// - a Sequential model's layers as a bare list (before 2.2.3), or without an InputLayer;
/// - hard_sigmoid, which Keras 3 computes otherwise, becomes kOlderHardSigmoid. Only Lamina knows
///   that: see `writableModel`;
/// - settings that were renamed or dropped (`batch_input_shape`, `alpha` of LeakyReLU, …), axes in
///   lists of one.
/// What is not of the expected form stays as it is, for the parser to refuse.
nlohmann::json modernizeModel(nlohmann::json model, bool isOlder);

/// The activation hard_sigmoid of Keras 2: 0.2 x + 0.5 between 0 and 1.
inline constexpr char kOlderHardSigmoid[] = "keras.activations.legacy.hard_sigmoid";

/// The same as Keras 3 can read it: kOlderHardSigmoid becomes its namesake of today.
nlohmann::json writableModel(nlohmann::json model);

/// Whether a version is of Keras when it stood apart from TensorFlow, 2.0 to 2.3; "2.2.4-tf" is
/// not.
bool isStandaloneKeras(std::string_view version);

/// `training_config` of an `.h5` file, or `compile_config` of an archive, as Keras 3 has it: the
/// optimizer under its own name, losses and metrics with the settings that there are. `version` is
/// that of the Keras 2 that wrote it; empty for Keras 3.
///
/// Optimizers from before 2.11, which later ones know as "legacy", change like this:
/// - `decay` of the learning rate becomes the schedule InverseTimeDecay, but Nadam's `decay` and
///   `schedule_decay` are those of its momentum;
/// - `clipnorm` of Keras 2.0 to 2.3 limits the norm of all gradients together: `global_clipnorm`;
/// - RMSprop, Adagrad and Nadam, which Keras 3 computes otherwise, are of the module
///   keras.optimizers.legacy. Only Lamina knows those: see `writableTraining`.
///
/// Metrics of several `outputs` lose their output's name.
nlohmann::json modernizeTraining(nlohmann::json training, std::string_view version,
                                 const std::vector<std::string> &outputs = {});

/// The names of a Functional model's outputs, with a number behind the second one of a layer, as
/// Keras 2 has them; none of other models.
std::vector<std::string> outputNames(const nlohmann::json &model);

/// The same as Keras 3 can read it: legacy optimizers become their namesakes of today.
nlohmann::json writableTraining(nlohmann::json training);

/// What `writableModel` and `writableTraining` change in what is computed, as lines for the user.
std::vector<std::string> changesOfWriting(const nlohmann::json &model,
                                          const nlohmann::json &training);

} // namespace lamina::frontend
