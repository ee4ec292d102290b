#pragma once

#include "frontend/builder/training/metric_settings.h"
#include "frontend/keras/config/config.h"

/// Thresholds of metrics: keras/src/metrics/confusion_metrics.py, metrics_utils.py
namespace lamina::frontend::keras {

/// "thresholds": a number or a list of numbers in [0, 1]; `fallback` when absent.
Thresholds readThresholds(Config &config, double fallback);

/// "num_thresholds" of them, evenly spaced over [0, 1].
Thresholds readEvenThresholds(Config &config);

/// Those of a curve, from "thresholds" or "num_thresholds": the outer ones are outside of [0, 1].
Thresholds readCurveThresholds(Config &config);

} // namespace lamina::frontend::keras
