#include "trainer/data/batches.h"

#include <algorithm>
#include <cstring>

namespace lamina::trainer {

namespace {

size_t bytesPerRow(const frontend::Array &array) {
  return static_cast<size_t>(valuesPerRow(array.shape)) * byteWidth(array.type);
}

} // namespace

Batches::Batches(const Dataset &data, int64_t batchSize)
    : data_(data), batchSize_(batchSize), inputs_(data.inputs), targets_(data.targets),
      weights_(data.weights) {}

const void *const *Batches::place(Role &role, int64_t begin, int64_t rows,
                                  const std::vector<uint32_t> &order) const {
  for (size_t i = 0; i < role.arrays.size(); ++i) {
    const std::byte *source = role.arrays[i].bytes.data();
    size_t rowBytes = bytesPerRow(role.arrays[i]);
    if (order.empty()) {
      role.rows[i] = source + static_cast<size_t>(begin) * rowBytes;
      continue;
    }
    AlignedBuffer &buffer = role.buffers[i];
    if (!buffer.data())
      buffer = AlignedBuffer(static_cast<size_t>(std::min(batchSize_, data_.rows)) * rowBytes);
    for (int64_t row = 0; row < rows; ++row)
      std::memcpy(buffer.data() + static_cast<size_t>(row) * rowBytes,
                  source + order[static_cast<size_t>(begin + row)] * rowBytes, rowBytes);
    role.rows[i] = buffer.data();
  }
  return role.rows.data();
}

Batch Batches::get(int64_t index, const std::vector<uint32_t> &order) {
  int64_t begin = index * batchSize_;
  int64_t rows = std::min(batchSize_, data_.rows - begin);
  return {static_cast<uint32_t>(rows), place(inputs_, begin, rows, order),
          place(targets_, begin, rows, order), place(weights_, begin, rows, order)};
}

} // namespace lamina::trainer
