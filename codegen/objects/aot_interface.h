#pragma once

#include <string>
#include <vector>

#include "codegen/compiled_model.h"

/// The C interface of a compiled object: declarations of its header, definitions of its code.
namespace lamina::codegen {

/// Alignment of every variable in the data that NAME_load takes and NAME_save gives, in bytes.
inline constexpr size_t kDataAlignment = 64;

/// An input, target or output as a parameter of a C function.
struct CTensor {
  TensorSpec spec;
  std::string parameter;   ///< its name in C
  std::string constant;    ///< what its constants begin with: DIGITS_INPUT_PIXELS
  int64_t rowElements = 1; ///< elements of one row, or of the whole where there are no rows
  bool hasRows = false;
};

/// One variable in the data of NAME_load and NAME_save.
struct CVariable {
  VariableSpec spec;
  std::string constant; ///< of its offset: DIGITS_OFFSET_HIDDEN_1_KERNEL
  size_t offset = 0;
};

/// NAME_train_step, NAME_evaluate or NAME_predict.
struct CFunction {
  std::string function; ///< its name in the IR, and behind NAME_
  std::vector<CTensor> inputs, targets, outputs;
  std::vector<std::string> logs; ///< of one batch
  bool changesState = false;
};

struct CInterface {
  std::string name, constantPrefix; ///< NAME, and in capitals
  std::string model;                ///< the model's own name, for people
  std::vector<CVariable> variables;
  std::vector<CFunction> functions;
  size_t dataBytes = 0, stateBytes = 0;
  size_t arenaBytes = 0;   ///< of a workspace, before the scratch memory of slot 0
  size_t scratchBytes = 0; ///< of one slot
  size_t workspaceBytes() const;
  /// The most stack that a function and its tasks take: fixed, but for the pointers to all
  /// variables that moving them needs.
  size_t stackBytes() const;
  int64_t batchSize = 0;
  bool hasWeights = false; ///< NAME_init gives the weights of the file
  bool hasStates = false;  ///< of layers, which go from batch to batch: there is NAME_reset_states
};

/// The interface called `name` (a C identifier) with those of the functions train_step, evaluate
/// and predict that `functions` lists.
CInterface makeCInterface(const Signature &signature, const std::string &name,
                          const std::vector<std::string> &functions);

} // namespace lamina::codegen
