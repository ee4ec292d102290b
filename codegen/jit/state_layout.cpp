#include "codegen/jit/state_layout.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "ir/host_tensor.h"
#include "ir/signature.h"
#include "passes/memory/plan.h"
#include "support/threads.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// Bytes of a variable that are worth another thread.
constexpr size_t kBytesPerThread = size_t(8) << 20;
/// Columns that are copied together where the state is row-major, but the array in another order.
constexpr int64_t kDenseWidth = 16;

/// Moves an index on to the next one in row-major order, and the pointer with it; false at the end.
template <typename Element>
bool advance(std::vector<int64_t> &index, const std::vector<int64_t> &shape,
             const std::vector<int64_t> &strides, Element *&pointer) {
  for (size_t at = index.size(); at-- > 0;) {
    pointer += strides[at];
    if (++index[at] < shape[at])
      return true;
    pointer -= shape[at] * strides[at];
    index[at] = 0;
  }
  return false;
}

} // namespace

StateLayout::StateLayout(ModuleOp module, uint32_t threads) : threads_(threads) {
  llvm::StringMap<size_t> numbers;
  for (ir::VariableOp variable : module.getOps<ir::VariableOp>()) {
    if (ir::isInternal(variable))
      continue;
    RankedTensorType type = variable.getTensorType();
    numbers.try_emplace(variable.getSymName(), variables_.size());
    variables_.push_back({static_cast<size_t>(passes::getElementBytes(type.getElementType())),
                          static_cast<size_t>(passes::getBufferBytes(type, 1)),
                          !variable.getLayoutAttr(),
                          {placeOf(variable, ir::rowMajorStrides(type.getShape()))}});
  }
  for (ir::VariableOp mirror : module.getOps<ir::VariableOp>())
    if (FlatSymbolRefAttr variable = mirror.getMirrorAttr())
      variables_[numbers.lookup(variable.getValue())].places.push_back(mirrorOf(mirror));
}

StateLayout::Place StateLayout::placeOf(ir::VariableOp variable,
                                        llvm::ArrayRef<int64_t> arrayStrides) {
  llvm::ArrayRef<int64_t> shape = variable.getTensorType().getShape();
  ir::PackedAttr packed = variable.getLayoutAttr();
  int64_t dimension = packed ? packed.getDimension() : static_cast<int64_t>(shape.size()) - 1;
  Place place;
  place.offset = static_cast<size_t>(*variable.getOffset());
  place.columns = shape.empty() ? 1 : shape[dimension];
  place.columnStride = shape.empty() ? 1 : arrayStrides[dimension];
  int64_t lines = 1;
  for (auto [index, extent] : llvm::enumerate(shape)) {
    if (static_cast<int64_t>(index) == dimension)
      continue;
    place.lineShape.push_back(extent);
    place.lineStrides.push_back(arrayStrides[index]);
    lines *= extent;
  }
  place.group = packed ? packed.getGroup() : 1;
  place.width = packed ? packed.getWidth() : kDenseWidth;
  place.groupStride = packed ? place.width * place.group : place.columns;
  place.panelStride =
      packed ? static_cast<int64_t>(llvm::divideCeil(lines, place.group)) * place.groupStride
             : place.width;
  return place;
}

StateLayout::Place StateLayout::mirrorOf(ir::VariableOp mirror) {
  llvm::ArrayRef<int64_t> permutation = *mirror.getPermutation();
  llvm::SmallVector<int64_t> shape(permutation.size());
  for (auto [index, dimension] : llvm::enumerate(permutation))
    shape[dimension] = mirror.getTensorType().getShape()[index];
  auto strides = ir::rowMajorStrides(shape);
  return placeOf(mirror, llvm::map_to_vector(
                             permutation, [&](int64_t dimension) { return strides[dimension]; }));
}

template <typename Element, bool toState>
void StateLayout::copyPanel(const Place &place, int64_t panel, Element *state, Element *array) {
  int64_t first = panel * place.width, count = std::min(place.width, place.columns - first);
  state += panel * place.panelStride;
  array += first * place.columnStride;
  std::vector<int64_t> index(place.lineShape.size());
  int64_t line = 0;
  do {
    Element *stored = state + line / place.group * place.groupStride + line % place.group;
    for (int64_t column = 0; column < count; ++column)
      if constexpr (toState)
        stored[column * place.group] = array[column * place.columnStride];
      else
        array[column * place.columnStride] = stored[column * place.group];
    ++line;
  } while (advance(index, place.lineShape, place.lineStrides, array));
}

template <bool toState>
void StateLayout::copy(const Variable &variable, const Place &place, std::byte *state,
                       std::byte *array) const {
  std::byte *stored = state + place.offset;
  if (variable.isDense && &place == &variable.places.front()) {
    std::memcpy(toState ? stored : array, toState ? array : stored, variable.bytes);
    return;
  }
  if (variable.bytes == 0)
    return;
  auto panels = static_cast<int64_t>(llvm::divideCeil(place.columns, place.width));
  auto members =
      static_cast<uint32_t>(std::min<size_t>(threads_, 1 + variable.bytes / kBytesPerThread));
  std::atomic<int64_t> next = 0;
  auto copyAs = [&]<typename Element>(Element) {
    runTeam(members, [&](uint32_t) {
      for (int64_t panel = next++; panel < panels; panel = next++)
        copyPanel<Element, toState>(place, panel, reinterpret_cast<Element *>(stored),
                                    reinterpret_cast<Element *>(array));
    });
  };
  switch (variable.elementBytes) {
  case 1:
    return copyAs(uint8_t());
  case 4:
    return copyAs(uint32_t());
  default:
    return copyAs(uint64_t());
  }
}

void StateLayout::load(std::byte *state, size_t number, const std::byte *values) const {
  for (const Place &place : variables_[number].places)
    copy<true>(variables_[number], place, state, const_cast<std::byte *>(values));
}

void StateLayout::save(const std::byte *state, size_t number, std::byte *values) const {
  const Variable &variable = variables_[number];
  copy<false>(variable, variable.places.front(), const_cast<std::byte *>(state), values);
}

} // namespace lamina::codegen
