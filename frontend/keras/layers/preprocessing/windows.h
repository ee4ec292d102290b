#pragma once

#include "frontend/keras/config/config.h"

/// Windows that pieces of a signal are multiplied with.
namespace lamina::frontend::keras {

/// SciPy's window of this name (scipy.signal.get_window), of those without parameters; `isPeriodic`
/// is its `fftbins`. Refuses other names.
std::vector<double> scipyWindow(const Place &place, const std::string &name, int64_t length,
                                bool isPeriodic);

/// "window" of keras.ops.stft: hann or hamming as tf.signal makes them, a list of `length` numbers,
/// or null for none, which is ones. `whole` values: the window in their middle, zeros around it.
std::vector<double> readTransformWindow(Config &config, int64_t length, int64_t whole);

} // namespace lamina::frontend::keras
