#pragma once

#include <cstdint>
#include <vector>

#include "trainer/aligned_buffer.h"
#include "trainer/data/dataset.h"

namespace lamina::trainer {

/// One batch: dense arrays of `rows` rows for every input, target and target's weights, in model
/// order. Valid until the next batch is made.
struct Batch {
  uint32_t rows = 0;
  const void *const *inputs = nullptr;
  const void *const *targets = nullptr;
  const void *const *weights = nullptr;
};

/// Cuts a data set into batches of `batchSize` rows, the last one smaller. In file order a batch
/// points into the data; in any other order its rows are gathered into buffers.
class Batches {
public:
  Batches(const Dataset &data, int64_t batchSize);

  int64_t count() const { return (data_.rows + batchSize_ - 1) / batchSize_; }
  /// Batch number `index` of the rows in the order `order`, or in file order if it is empty.
  Batch get(int64_t index, const std::vector<uint32_t> &order);

private:
  /// The arrays of one role, and the addresses of their rows of a batch.
  struct Role {
    explicit Role(const std::vector<frontend::Array> &arrays)
        : arrays(arrays), buffers(arrays.size()), rows(arrays.size()) {}
    const std::vector<frontend::Array> &arrays;
    std::vector<AlignedBuffer> buffers;
    std::vector<const void *> rows;
  };

  const void *const *place(Role &role, int64_t begin, int64_t rows,
                           const std::vector<uint32_t> &order) const;

  const Dataset &data_;
  int64_t batchSize_;
  Role inputs_, targets_, weights_;
};

} // namespace lamina::trainer
