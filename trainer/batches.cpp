#include "trainer/batches.h"

#include <algorithm>
#include <cstring>

namespace lamina::trainer {

namespace {

size_t bytesPerRow(const frontend::Array &array) {
  return static_cast<size_t>(valuesPerRow(array.shape)) * byteWidth(array.type);
}

} // namespace

Batches::Batches(const Dataset &data, int64_t batchSize)
    : data_(data), batchSize_(batchSize), inputBuffers_(data.inputs.size()),
      targetBuffers_(data.targets.size()), inputs_(data.inputs.size()),
      targets_(data.targets.size()) {}

const void *Batches::place(const frontend::Array &array, AlignedBuffer &buffer, int64_t begin,
                           int64_t rows, const std::vector<uint32_t> &order) const {
  size_t rowBytes = bytesPerRow(array);
  if (order.empty())
    return array.bytes.data() + static_cast<size_t>(begin) * rowBytes;
  if (!buffer.data())
    buffer = AlignedBuffer(static_cast<size_t>(std::min(batchSize_, data_.rows)) * rowBytes);
  for (int64_t i = 0; i < rows; ++i)
    std::memcpy(buffer.data() + static_cast<size_t>(i) * rowBytes,
                array.bytes.data() + order[static_cast<size_t>(begin + i)] * rowBytes, rowBytes);
  return buffer.data();
}

Batch Batches::get(int64_t index, const std::vector<uint32_t> &order) {
  int64_t begin = index * batchSize_;
  int64_t rows = std::min(batchSize_, data_.rows - begin);
  for (size_t i = 0; i < inputs_.size(); ++i)
    inputs_[i] = place(data_.inputs[i], inputBuffers_[i], begin, rows, order);
  for (size_t i = 0; i < targets_.size(); ++i)
    targets_[i] = place(data_.targets[i], targetBuffers_[i], begin, rows, order);
  return {static_cast<uint32_t>(rows), inputs_.data(), targets_.data()};
}

} // namespace lamina::trainer
