#pragma once

#include "ir/dialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

/// The representation of a model in a module: the names of attributes and functions that all stages
/// agree on, and small queries about them.
namespace lamina::ir {

// Attributes of the module.
inline constexpr llvm::StringLiteral kBatchSizeAttr = "lamina.batch_size"; ///< capacity, i64
inline constexpr llvm::StringLiteral kModelAttr = "lamina.model";          ///< the model's name

// Attributes of function arguments and results.
inline constexpr llvm::StringLiteral kVariableAttr = "lamina.variable"; ///< symbol of a variable
inline constexpr llvm::StringLiteral kGradientAttr = "lamina.gradient"; ///< symbol of a variable
inline constexpr llvm::StringLiteral kInputAttr = "lamina.input";       ///< name, in model order
inline constexpr llvm::StringLiteral kTargetAttr = "lamina.target";     ///< name, in model order
inline constexpr llvm::StringLiteral kOutputAttr = "lamina.output";     ///< name, in model order
inline constexpr llvm::StringLiteral kLogAttr = "lamina.log";           ///< name, "loss" first
inline constexpr llvm::StringLiteral kSeedAttr = "lamina.seed";         ///< unit: @init's argument
inline constexpr llvm::StringLiteral kLoadAttr = "lamina.load"; ///< logical value to be loaded
inline constexpr llvm::StringLiteral kSaveAttr = "lamina.save"; ///< logical value to be saved

// Functions.
inline constexpr llvm::StringLiteral kPredict = "predict";
inline constexpr llvm::StringLiteral kLoss = "loss";
inline constexpr llvm::StringLiteral kEvaluate = "evaluate";
inline constexpr llvm::StringLiteral kOptimizer = "optimizer";
inline constexpr llvm::StringLiteral kGradient = "gradient";
inline constexpr llvm::StringLiteral kTrainStep = "train_step";
/// Adds the gradients of a part of a batch to those of the parts before it.
inline constexpr llvm::StringLiteral kAccumulate = "accumulate";
inline constexpr llvm::StringLiteral kInit = "init";
/// Sets the states that layers hand from batch to batch to their first values; it is there when the
/// model has such states.
inline constexpr llvm::StringLiteral kResetStates = "reset_states";
inline constexpr llvm::StringLiteral kLoad = "load";
inline constexpr llvm::StringLiteral kSave = "save";

/// The most rows of a batch (1 when the module does not say).
int64_t getBatchSize(mlir::ModuleOp module);

/// Elements of a tensor when the batch is full.
int64_t getCapacityElements(mlir::RankedTensorType type, int64_t batchSize);

/// The variable that an argument receives or a result assigns; null when it is none.
mlir::FlatSymbolRefAttr getArgumentVariable(mlir::func::FuncOp function, unsigned index);
mlir::FlatSymbolRefAttr getResultVariable(mlir::func::FuncOp function, unsigned index);

/// The attributes of an argument that receives the variable, or of a result that assigns it.
mlir::DictionaryAttr portOf(VariableOp variable);

/// The argument of `function` that receives the variable, null when it does not take it.
mlir::Value findVariableArgument(mlir::func::FuncOp function, llvm::StringRef name);

/// Registers what Lamina's IR is made of (this dialect and func) and loads it.
void loadDialects(mlir::MLIRContext &context);

} // namespace lamina::ir
