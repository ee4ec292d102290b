#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ir/dialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace lamina::codegen {

/// Copies values of variables between dense, row-major arrays and their places in the state, packed
/// and transposed as the module's layouts say. Compiled objects have generated code for this (@load
/// and @save); in this process one variable goes at a time, without compiling anything.
class StateLayout {
public:
  /// The module is of the memory stage. Large variables are copied by `threads` threads.
  StateLayout(mlir::ModuleOp module, uint32_t threads);

  /// Writes variable `number` (Signature::variables) and its mirrors. The padding of panels is not
  /// written: it has to be zero before.
  void load(std::byte *state, size_t number, const std::byte *values) const;
  void save(const std::byte *state, size_t number, std::byte *values) const;

private:
  /// A copy of a variable in the state, as panels of columns: `width` elements of one dimension are
  /// the columns of a panel, which has a line for each combination of the other dimensions.
  /// Distances are in elements.
  struct Place {
    size_t offset = 0; ///< bytes
    int64_t columns = 0, width = 0;
    int64_t panelStride = 0, groupStride = 0, group = 1; ///< in the state
    int64_t columnStride = 0;                            ///< in the array
    std::vector<int64_t> lineShape, lineStrides;         ///< in the array
  };
  struct Variable {
    size_t elementBytes = 0, bytes = 0;
    bool isDense = false;      ///< its own place is row-major, as the array is
    std::vector<Place> places; ///< its own, then those of its mirrors
  };

  static Place placeOf(ir::VariableOp variable, llvm::ArrayRef<int64_t> arrayStrides);
  static Place mirrorOf(ir::VariableOp mirror);
  template <typename Element, bool toState>
  static void copyPanel(const Place &place, int64_t panel, Element *state, Element *array);
  template <bool toState>
  void copy(const Variable &variable, const Place &place, std::byte *state, std::byte *array) const;

  std::vector<Variable> variables_;
  uint32_t threads_;
};

} // namespace lamina::codegen
