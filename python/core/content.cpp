#include "content.h"

#include <nanobind/stl/string.h>

#include "frontend/files/arrays/element_format.h"
#include "support/error.h"

namespace nb = nanobind;

namespace lamina::python {

namespace {

frontend::ElementFormat formatOf(const std::string &where, const std::string &kind, size_t width) {
  using Kind = frontend::ElementFormat::Kind;
  frontend::ElementFormat format;
  if (kind == "b")
    format.kind = Kind::Bool;
  else if (kind == "i")
    format.kind = Kind::Signed;
  else if (kind == "u")
    format.kind = Kind::Unsigned;
  else if (kind != "f")
    fail("{}: its values are no real numbers", where);
  format.width = static_cast<uint8_t>(width);
  if (width > 8 || !format.isValid())
    fail("{}: numbers of {} bytes are not supported", where, width);
  return format;
}

} // namespace

frontend::Array copyArray(const std::string &where, nb::handle array) {
  auto kind = nb::cast<std::string>(array.attr("dtype").attr("kind"));
  auto width = nb::cast<size_t>(array.attr("dtype").attr("itemsize"));
  frontend::ElementFormat format = formatOf(where, kind, width);
  Py_buffer view{};
  if (PyObject_GetBuffer(array.ptr(), &view, PyBUF_C_CONTIGUOUS) != 0)
    throw nb::python_error();
  std::unique_ptr<Py_buffer, decltype(&PyBuffer_Release)> released(&view, &PyBuffer_Release);
  std::vector<int64_t> shape(view.shape, view.shape + view.ndim);
  return frontend::decodeElements(
      where, format, std::move(shape),
      {static_cast<const std::byte *>(view.buf), static_cast<size_t>(view.len)});
}

frontend::KerasFile makeContent(const std::string &name, const nb::dict &parts) {
  auto config = nb::cast<std::string>(parts["config"]);
  auto metadata = nb::cast<std::string>(parts["metadata"]);
  frontend::KerasFile file = frontend::makeKerasFile(name, config, metadata);
  for (auto [path, group] : nb::cast<nb::dict>(parts["groups"]))
    file.groups.emplace(nb::cast<std::string>(path), nb::cast<std::string>(group));
  for (auto [path, array] : nb::cast<nb::dict>(parts["weights"])) {
    auto place = nb::cast<std::string>(path);
    file.weights.emplace(place, copyArray(fmt::format("{}: '{}'", name, place), array));
  }
  for (auto [member, content] : nb::cast<nb::dict>(parts["assets"])) {
    auto bytes = nb::cast<nb::bytes>(content);
    const auto *data = static_cast<const std::byte *>(bytes.data());
    file.assets[nb::cast<std::string>(member)].assign(data, data + bytes.size());
  }
  file.hasWeights = !file.weights.empty();
  return file;
}

} // namespace lamina::python
