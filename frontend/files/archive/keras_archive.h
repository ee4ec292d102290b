#pragma once

#include <string_view>

/// Names of the members of a `.keras` archive.
namespace lamina::frontend {

constexpr std::string_view configName = "config.json";
constexpr std::string_view metadataName = "metadata.json";
constexpr std::string_view weightsName = "model.weights.h5";

} // namespace lamina::frontend
