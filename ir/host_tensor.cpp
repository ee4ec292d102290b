#include "ir/host_tensor.h"

#include <algorithm>
#include <cstring>

#include "mlir/IR/AsmState.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace lamina::ir {

std::optional<ElementType> findElementType(Type type) {
  for (ElementType known : {ElementType::F32, ElementType::F64, ElementType::I32, ElementType::I64,
                            ElementType::I8, ElementType::U8, ElementType::I1})
    if (type == toMlirType(type.getContext(), known))
      return known;
  return std::nullopt;
}

ElementType toElementType(Type type) {
  if (std::optional<ElementType> found = findElementType(type))
    return *found;
  std::string text;
  llvm::raw_string_ostream(text) << type;
  llvm::report_fatal_error("no tensor has elements of type " + llvm::Twine(text));
}

Type toMlirType(MLIRContext *context, ElementType type) {
  switch (type) {
  case ElementType::F32:
    return Float32Type::get(context);
  case ElementType::F64:
    return Float64Type::get(context);
  case ElementType::U8:
    return IntegerType::get(context, 8, IntegerType::Unsigned);
  case ElementType::I1:
    return IntegerType::get(context, 1);
  case ElementType::I8:
  case ElementType::I32:
  case ElementType::I64:
    return IntegerType::get(context, static_cast<unsigned>(byteWidth(type)) * 8);
  }
  llvm_unreachable("all element types are listed");
}

//===--- Shapes ------------------------------------------------------------------------------===//

llvm::SmallVector<int64_t> concreteShape(RankedTensorType type, int64_t rows) {
  llvm::SmallVector<int64_t> shape(type.getShape());
  std::replace(shape.begin(), shape.end(), ShapedType::kDynamic, rows);
  return shape;
}

int64_t elementCount(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

llvm::SmallVector<int64_t> rowMajorStrides(ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

void forEachIndex(ArrayRef<int64_t> shape, llvm::function_ref<void(ArrayRef<int64_t>)> function) {
  llvm::SmallVector<int64_t> index(shape.size(), 0);
  for (int64_t count = elementCount(shape); count > 0; --count) {
    function(index);
    for (size_t i = shape.size(); i-- > 0;) {
      if (++index[i] < shape[i])
        break;
      index[i] = 0;
    }
  }
}

//===--- Host tensors -------------------------------------------------------------------------===//

HostTensor::HostTensor(ElementType type, ArrayRef<int64_t> shape)
    : elementType(type), extents(shape), bytes(elementCount(shape) * byteWidth(type)) {}

double HostTensor::at(int64_t index) const {
  return visitElementType(elementType, [&]<typename T>(std::type_identity<T>) {
    return static_cast<double>(elements<T>()[index]);
  });
}

HostTensor HostTensor::reshaped(ArrayRef<int64_t> shape) const {
  assert(elementCount(shape) == size());
  HostTensor result = *this;
  result.extents.assign(shape.begin(), shape.end());
  return result;
}

static llvm::Expected<HostTensor> fromResource(HostTensor tensor,
                                               DenseResourceElementsAttr attribute) {
  AsmResourceBlob *blob = attribute.getRawHandle().getBlob();
  if (!blob || blob->getData().size() != tensor.raw().size())
    return llvm::createStringError("constant: resource '%s' does not hold the elements of its type",
                                   attribute.getRawHandle().getKey().str().c_str());
  std::memcpy(tensor.raw().data(), blob->getData().data(), tensor.raw().size());
  return tensor;
}

llvm::Expected<HostTensor> HostTensor::fromAttribute(ElementsAttr attribute) {
  ShapedType type = attribute.getShapedType();
  HostTensor tensor(toElementType(type.getElementType()), type.getShape());
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute))
    return fromResource(std::move(tensor), resource);
  auto dense = dyn_cast<DenseElementsAttr>(attribute);
  if (!dense)
    return llvm::createStringError("constant: the value is neither dense nor a resource");
  visitElementType(tensor.type(), [&]<typename T>(std::type_identity<T>) {
    llvm::copy(dense.getValues<T>(), tensor.elements<T>().begin());
  });
  return tensor;
}

DenseElementsAttr HostTensor::toAttribute(MLIRContext *context) const {
  auto tensorType = RankedTensorType::get(extents, toMlirType(context, elementType));
  return visitElementType(elementType, [&]<typename T>(std::type_identity<T>) {
    return DenseElementsAttr::get(tensorType, elements<T>());
  });
}

} // namespace lamina::ir
