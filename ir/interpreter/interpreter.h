#pragma once

#include <vector>

#include "ir/host_tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

/// The reference interpreter: slow, in the order in which the operations' descriptions say things,
/// and the oracle that compiled code is compared with.
///
/// f32 is computed in f32 and f64 in f64, with the C++ library's elementary functions; contractions
/// run in increasing order of the contracting index with one rounding per multiply-add; sums run in
/// row-major order. Integers wrap around. Shifts, divisions and conversions are total.
namespace lamina::ir {

class EvaluatorTable;

/// How every operation is evaluated that the interpreter knows
/// (ir/interpreter/interpreter_table.h).
const EvaluatorTable &allEvaluators();

/// Runs `function` on `arguments`, one per argument, with the batch's number of rows where types
/// say `?`. Calls are followed within the module. Errors: arguments that do not fit, `rows` beyond
/// the module's `lamina.batch_size`, operations that are not in `table`, recursion.
llvm::Expected<std::vector<HostTensor>> interpret(mlir::func::FuncOp function,
                                                  llvm::ArrayRef<HostTensor> arguments,
                                                  int64_t rows,
                                                  const EvaluatorTable &table = allEvaluators());

/// The result of one operation of the dialect that has one result and no region. `operands` have
/// the shapes that the operands' types have with `rows` rows. Constant folding uses it too.
llvm::Expected<HostTensor> evaluate(mlir::Operation *operation, llvm::ArrayRef<HostTensor> operands,
                                    int64_t rows);

} // namespace lamina::ir
