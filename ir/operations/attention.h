#pragma once

/// Facts about attention that its operations, what makes them and what computes them share.
namespace lamina::ir {

/// The score of a pair that a mask forbids (keras/src/backend/tensorflow/nn.py). It is finite, so
/// that a query without any key has no NaN: all its keys have the same weight.
inline constexpr double kMaskedScore = -0.7 * 3.38953e38;

} // namespace lamina::ir
