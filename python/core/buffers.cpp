#include "buffers.h"

#include <string_view>

namespace lamina::python {

namespace {

/// The type that a format of Python's struct module stands for, with the element's size: the same
/// letter has another size elsewhere.
bool isOfType(const Py_buffer &view, ElementType type) {
  std::string_view format = view.format ? view.format : "B";
  if (format.starts_with('@') || format.starts_with('=') || format.starts_with('<'))
    format.remove_prefix(1);
  if (format.size() != 1 || static_cast<size_t>(view.itemsize) != byteWidth(type))
    return false;
  switch (type) {
  case ElementType::F32:
    return format == "f";
  case ElementType::F64:
    return format == "d";
  case ElementType::I32:
  case ElementType::I64:
    return format == "i" || format == "l" || format == "q";
  case ElementType::I8:
    return format == "b";
  case ElementType::U8:
    return format == "B";
  case ElementType::I1:
    return format == "?";
  }
  return false;
}

/// Whether the axes behind the first are the same but for those of length 1.
bool fits(const Py_buffer &view, const std::vector<int64_t> &shape) {
  int axis = 1;
  for (size_t i = 1; i < shape.size(); ++i) {
    while (axis < view.ndim && view.shape[axis] == 1 && shape[i] != 1)
      ++axis;
    if (axis < view.ndim && view.shape[axis] == shape[i])
      ++axis;
    else if (shape[i] != 1)
      return false;
  }
  while (axis < view.ndim && view.shape[axis] == 1)
    ++axis;
  return axis >= view.ndim;
}

size_t bytesOfRow(const codegen::TensorSpec &spec) {
  size_t bytes = byteWidth(spec.type);
  for (size_t i = 1; i < spec.shape.size(); ++i)
    bytes *= static_cast<size_t>(spec.shape[i]);
  return bytes;
}

} // namespace

Buffers::~Buffers() {
  release();
}

void Buffers::release() {
  for (Py_buffer &view : views_)
    PyBuffer_Release(&view);
  views_.clear();
  data_.clear();
  rowBytes_.clear();
}

bool Buffers::bindOne(PyObject *array, const codegen::TensorSpec &spec, int64_t &rows,
                      bool writable) {
  int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
  Py_buffer view;
  if (!PyObject_CheckBuffer(array))
    return false;
  if (PyObject_GetBuffer(array, &view, flags) != 0) {
    PyErr_Clear(); // not contiguous, or not writable
    return false;
  }
  views_.push_back(view);
  if (view.ndim < 1 || (rows >= 0 && view.shape[0] != rows) || !isOfType(view, spec.type) ||
      !fits(view, spec.shape))
    return false;
  rows = view.shape[0];
  data_.push_back(view.buf);
  rowBytes_.push_back(bytesOfRow(spec));
  return true;
}

bool Buffers::bind(nanobind::handle value, const std::vector<codegen::TensorSpec> &specs,
                   int64_t &rows, bool writable) {
  bool isTuple = PyTuple_CheckExact(value.ptr());
  size_t count = isTuple ? static_cast<size_t>(PyTuple_GET_SIZE(value.ptr())) : 1;
  bool isBound = count == specs.size();
  for (size_t i = 0; isBound && i < count; ++i) {
    PyObject *array =
        isTuple ? PyTuple_GET_ITEM(value.ptr(), static_cast<Py_ssize_t>(i)) : value.ptr();
    isBound = bindOne(array, specs[i], rows, writable);
  }
  if (!isBound)
    release();
  return isBound;
}

} // namespace lamina::python
