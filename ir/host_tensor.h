#pragma once

#include <cassert>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <vector>

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "support/element_type.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

namespace lamina::ir {

/// The element type of the dialect's tensors; nothing where tensors have no such elements.
std::optional<ElementType> findElementType(mlir::Type type);
/// The same of a type that must be one of them; ends the process otherwise.
ElementType toElementType(mlir::Type type);
mlir::Type toMlirType(mlir::MLIRContext *context, ElementType type);

/// The C++ type of an element; i1 is `bool`.
template <typename T> constexpr ElementType elementTypeOf() {
  if constexpr (std::is_same_v<T, float>)
    return ElementType::F32;
  else if constexpr (std::is_same_v<T, double>)
    return ElementType::F64;
  else if constexpr (std::is_same_v<T, int64_t>)
    return ElementType::I64;
  else if constexpr (std::is_same_v<T, int32_t>)
    return ElementType::I32;
  else if constexpr (std::is_same_v<T, int8_t>)
    return ElementType::I8;
  else if constexpr (std::is_same_v<T, uint8_t>)
    return ElementType::U8;
  else {
    static_assert(std::is_same_v<T, bool>, "not an element type");
    return ElementType::I1;
  }
}

/// Calls `function(std::type_identity<T>{})` with the C++ type of `type`.
template <typename Function> decltype(auto) visitElementType(ElementType type, Function function) {
  switch (type) {
  case ElementType::F32:
    return function(std::type_identity<float>{});
  case ElementType::F64:
    return function(std::type_identity<double>{});
  case ElementType::I64:
    return function(std::type_identity<int64_t>{});
  case ElementType::I32:
    return function(std::type_identity<int32_t>{});
  case ElementType::I8:
    return function(std::type_identity<int8_t>{});
  case ElementType::U8:
    return function(std::type_identity<uint8_t>{});
  case ElementType::I1:
    return function(std::type_identity<bool>{});
  }
  llvm_unreachable("unknown element type");
}

/// A host tensor: concrete shape, elements in row-major order. What the interpreter computes with.
class HostTensor {
public:
  HostTensor() = default;
  /// All elements zero (false).
  HostTensor(ElementType type, llvm::ArrayRef<int64_t> shape);

  /// A tensor with the given elements; as many as the shape has.
  template <typename T>
  static HostTensor of(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<T> values) {
    HostTensor tensor(elementTypeOf<T>(), shape);
    assert(static_cast<int64_t>(values.size()) == tensor.size());
    std::copy(values.begin(), values.end(), tensor.elements<T>().begin());
    return tensor;
  }
  template <typename T> static HostTensor scalar(T value) { return of<T>({}, {value}); }

  /// The value of a constant. Dense arrays, splats and resources are understood.
  static llvm::Expected<HostTensor> fromAttribute(mlir::ElementsAttr attribute);
  /// The tensor as a constant; a splat when all elements have the same bits.
  mlir::DenseElementsAttr toAttribute(mlir::MLIRContext *context) const;

  ElementType type() const { return elementType; }
  llvm::ArrayRef<int64_t> shape() const { return extents; }
  int64_t rank() const { return static_cast<int64_t>(extents.size()); }
  int64_t size() const { return static_cast<int64_t>(bytes.size() / byteWidth(elementType)); }

  /// The elements; `T` must be the C++ type of type().
  template <typename T> llvm::MutableArrayRef<T> elements() {
    assert(elementTypeOf<T>() == elementType);
    return llvm::MutableArrayRef<T>(reinterpret_cast<T *>(bytes.data()), size());
  }
  template <typename T> llvm::ArrayRef<T> elements() const {
    assert(elementTypeOf<T>() == elementType);
    return llvm::ArrayRef<T>(reinterpret_cast<const T *>(bytes.data()), size());
  }
  /// An element as a double (i64 beyond 2^53 is rounded): for comparisons and messages.
  double at(int64_t index) const;

  /// The same elements under another shape with as many elements.
  HostTensor reshaped(llvm::ArrayRef<int64_t> shape) const;

  llvm::ArrayRef<std::byte> raw() const { return bytes; }
  llvm::MutableArrayRef<std::byte> raw() { return bytes; }

private:
  ElementType elementType = ElementType::F32;
  llvm::SmallVector<int64_t> extents;
  std::vector<std::byte> bytes;
};

/// The shape of `type` when the batch has `rows` rows.
llvm::SmallVector<int64_t> concreteShape(mlir::RankedTensorType type, int64_t rows);

/// Product of the extents.
int64_t elementCount(llvm::ArrayRef<int64_t> shape);

/// Distance between neighbours of each dimension in row-major order.
llvm::SmallVector<int64_t> rowMajorStrides(llvm::ArrayRef<int64_t> shape);

/// Calls `function(index)` for every index of `shape` in row-major order.
void forEachIndex(llvm::ArrayRef<int64_t> shape,
                  llvm::function_ref<void(llvm::ArrayRef<int64_t>)> function);

} // namespace lamina::ir
