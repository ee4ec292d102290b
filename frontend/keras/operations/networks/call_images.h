#pragma once

#include "frontend/keras/layers/images.h"
#include "frontend/keras/operations/operation_call.h"

namespace lamina::frontend::keras {

/// Images with channels last, the format that the call gives them in, and back.
struct Images {
  Tensor pixels;
  ImageFormat format;

  Images(OperationCall &call, const char *key, int64_t spatialRank = 2)
      : format(call.settings, spatialRank) {
    Tensor given = call.tensor(key);
    format.split(call.layer.place(), given.shape()); // refuses another rank
    pixels = format.toChannelsLast(given);
  }
};

} // namespace lamina::frontend::keras
