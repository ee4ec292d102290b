#include "trainer/data/rows/windows.h"

#include <cstring>

#include "support/error.h"
#include "trainer/data/array_names.h"

namespace lamina::trainer {

namespace {

using codegen::TensorSpec;
using frontend::Array;

size_t bytesOfRow(const Array &array) {
  return static_cast<size_t>(valuesPerRow(array.shape)) * byteWidth(array.type);
}

/// For `count` windows `rowsEach` rows of an array, those from `first` on for the first window.
Array gather(const Array &rows, int64_t count, int64_t first, int64_t rowsEach, int64_t stride) {
  Array result;
  result.type = rows.type;
  result.shape = rows.shape;
  result.shape[0] = count;
  size_t width = bytesOfRow(rows), length = width * static_cast<size_t>(rowsEach);
  result.bytes.resize(static_cast<size_t>(count) * length);
  for (int64_t i = 0; i < count && length; ++i)
    std::memcpy(&result.bytes[static_cast<size_t>(i) * length],
                &rows.bytes[static_cast<size_t>(first + i * stride) * width], length);
  return result;
}

/// How many windows there are before the rows end.
int64_t countWindows(const Dataset &rows, const Window &window) {
  int64_t horizon = rows.targets.empty() ? 0 : window.horizon;
  int64_t last = rows.rows - window.steps - horizon;
  if (last < 0)
    fail("{}: {} rows{} make no window of {} steps{}; give more rows, or a smaller --window",
         rows.file, rows.rows,
         rows.lines.empty() ? "" : fmt::format(" from line {}", rows.lines[0]), window.steps,
         horizon ? fmt::format(" with a target {} rows later", horizon) : "");
  return last / window.stride + 1;
}

} // namespace

std::vector<TensorSpec> inputsOfStep(const std::vector<TensorSpec> &inputs, const Window &window,
                                     const std::string &file) {
  if (inputs.size() != 1)
    fail("{}: windows are for a model with one input, and this one has {}; give arrays of windows "
         "in a .npz file",
         file, inputs.size());
  TensorSpec step = inputs[0];
  int64_t values = valuesPerRow(step.shape);
  bool isFlat = step.shape.size() == 2 && values % window.steps == 0;
  if (isFlat)
    step.shape[1] = values / window.steps;
  else if (step.shape.size() > 2 && step.shape[1] == window.steps)
    step.shape.erase(step.shape.begin() + 1);
  else
    fail("{}: windows of {} steps do not fit the model's input '{}' of shape {}; give --window "
         "the steps that it takes",
         file, window.steps, printable(step.name), rowShape(step.shape));
  return {step};
}

Dataset makeWindows(const Dataset &rows, const std::vector<TensorSpec> &inputs,
                    const Window &window) {
  Dataset result;
  result.file = rows.file;
  result.recipe = rows.recipe;
  result.droppedRows = rows.droppedRows;
  result.rows = countWindows(rows, window);
  int64_t last = window.steps - 1;
  for (size_t i = 0; i < inputs.size(); ++i) {
    Array array = gather(rows.inputs[i], result.rows, 0, window.steps, window.stride);
    array.shape = inputs[i].shape;
    array.shape[0] = result.rows;
    result.inputs.push_back(std::move(array));
  }
  for (auto member : {&Dataset::targets, &Dataset::weights})
    for (const Array &array : rows.*member)
      (result.*member)
          .push_back(gather(array, result.rows, last + window.horizon, 1, window.stride));
  for (int64_t i = 0; i < result.rows && !rows.lines.empty(); ++i)
    result.lines.push_back(rows.lines[static_cast<size_t>(last + i * window.stride)]);
  return result;
}

} // namespace lamina::trainer
