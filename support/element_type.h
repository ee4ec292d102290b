#pragma once

#include <cstddef>
#include <string_view>

namespace lamina {

/// Element types of tensors. I1 is stored as one byte, 0 or 1.
enum class ElementType { F32, F64, I32, I64, I8, U8, I1 };

constexpr size_t byteWidth(ElementType type) {
  switch (type) {
  case ElementType::F64:
  case ElementType::I64:
    return 8;
  case ElementType::F32:
  case ElementType::I32:
    return 4;
  case ElementType::I8:
  case ElementType::U8:
  case ElementType::I1:
    return 1;
  }
  return 0; // no such type
}

/// NumPy's name of the type ("float32", "bool", …).
constexpr std::string_view typeName(ElementType type) {
  switch (type) {
  case ElementType::F32:
    return "float32";
  case ElementType::F64:
    return "float64";
  case ElementType::I32:
    return "int32";
  case ElementType::I64:
    return "int64";
  case ElementType::I8:
    return "int8";
  case ElementType::U8:
    return "uint8";
  case ElementType::I1:
    return "bool";
  }
  return "unknown";
}

} // namespace lamina
