#pragma once

#include <cstdint>
#include <vector>

#include <nanobind/nanobind.h>

#include "codegen/compiled_model.h"

namespace lamina::python {

/// The memory of Python's arrays during a call, without a copy.
class Buffers {
public:
  Buffers() = default;
  Buffers(const Buffers &) = delete;
  Buffers &operator=(const Buffers &) = delete;
  ~Buffers();

  /// Takes `value`, an array or a tuple of as many arrays as there are `specs`. False, with nothing
  /// kept, unless all of them are dense and row-major and have the types and shapes of `specs`,
  /// where axes of length 1 behind the rows do not count. The number of rows has to be the same for
  /// all and, unless it is negative, `rows`.
  bool bind(nanobind::handle value, const std::vector<codegen::TensorSpec> &specs, int64_t &rows,
            bool writable = false);

  /// The arrays' first bytes, and the bytes of one row of each.
  const std::vector<void *> &data() const { return data_; }
  const std::vector<size_t> &rowBytes() const { return rowBytes_; }

private:
  bool bindOne(PyObject *array, const codegen::TensorSpec &spec, int64_t &rows, bool writable);
  void release();

  std::vector<Py_buffer> views_;
  std::vector<void *> data_;
  std::vector<size_t> rowBytes_;
};

} // namespace lamina::python
