// What passes may ask of any operation.
#ifndef LAMINA_INTERFACES_TD
#define LAMINA_INTERFACES_TD

include "mlir/IR/OpBase.td"

def Lamina_GradientInterface : OpInterface<"GradientInterface"> {
  let cppNamespace = "::lamina::ir";
  let description = [{
    The gradient rule of an operation. Conventions at ties and kinks follow TensorFlow. The rule of
    an operation with a region applies `differentiate` (ir/gradients/differentiate.h) to its body.
  }];
  let methods = [
    InterfaceMethod<[{
      Appends to `operandGradients` one value per operand, then one per value that the operation's
      regions capture (`getCapturedValues` has their order): the gradient of the loss with respect
      to that value, given `resultGradients`, one value per result (null where the loss does not
      depend on it). A null entry means no gradient flows there. New operations are made with
      `builder`; the forward operation's own operands and results may be used.
    }], "::mlir::LogicalResult", "buildGradient",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$resultGradients,
           "::llvm::SmallVectorImpl<::mlir::Value> &":$operandGradients)>,
    InterfaceMethod<[{
      The same where only the gradients of values whose bit in `wanted` is set matter; the others may
      be null. For operations to which it makes a difference.
    }], "::mlir::LogicalResult", "buildWantedGradients",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$resultGradients,
           "const ::llvm::SmallBitVector &":$wanted,
           "::llvm::SmallVectorImpl<::mlir::Value> &":$operandGradients), [{}], [{
      return $_op.buildGradient(builder, resultGradients, operandGradients);
    }]>
  ];
}

def Lamina_RegionArgumentsInterface : OpInterface<"RegionArgumentsInterface"> {
  let cppNamespace = "::lamina::ir";
  let description = [{
    What the block arguments of an operation's region stand for outside of it. Through it
    `originOf` (ir/region_arguments.h) follows a value inside a body to the variable or the kernel
    that it comes from.
  }];
  let methods = [
    InterfaceMethod<[{
      The operand that `argument`, one of the region's entry block, is another name of: both have
      one value whenever the body runs. Null for an argument with a value of its own, such as one
      that changes from one iteration to the next.
    }], "::mlir::Value", "getAliasedOperand", (ins "::mlir::BlockArgument":$argument)>,
    InterfaceMethod<[{
      Adds `value` to the operands and returns the new block argument that stands for it in the
      body.
    }], "::mlir::BlockArgument", "addAliasedOperand", (ins "::mlir::Value":$value)>
  ];
}

def Lamina_AnchorInterface : OpInterface<"AnchorInterface"> {
  let cppNamespace = "::lamina::ir";
  let description = [{
    Operations that a kernel is made around: contractions, convolutions, reductions, windows,
    scatters. All others are computed where their results are needed, or get kernels of their own.
  }];
  let methods = [
    InterfaceMethod<[{
      Whether operands are read through pointers, so that what they are computed from is stored; where
      not, the kernel computes them as it goes.
    }], "bool", "readsOperandsFromMemory", (ins), [{}], [{ return true; }]>
  ];
}

def Lamina_CostInterface : OpInterface<"CostInterface"> {
  let cppNamespace = "::lamina::ir";
  let description = [{
    What an operation costs: the one source of fusion, schedules, waves, the choice of minimal
    filtering, and of what people are told. Bytes follow from the types of operands and results.
  }];
  let methods = [
    InterfaceMethod<[{
      Cycles that a vector of elements takes besides being loaded and stored, from published
      throughputs of vector instructions and lengths of polynomials; 0 where nothing is computed.
    }], "int64_t", "getVectorCycles", (ins), [{}], [{ return 1; }]>,
    InterfaceMethod<[{
      Multiply-adds for a full batch, of contractions and convolutions; taps that fall into the
      padding do nothing and do not count. Those of minimal filtering are the ones of the convolution
      that it stands for.
    }], "double", "getMultiplyAdds", (ins "int64_t":$batchSize), [{}], [{ return 0; }]>,
    InterfaceMethod<[{
      Cycles for a full batch that an anchor takes around its multiply-adds, in vectors of `lanes`
      elements: the transforms of minimal filtering, the weights of attention.
    }], "double", "getTransformCycles", (ins "int64_t":$batchSize, "int64_t":$lanes), [{}],
      [{ return 0; }]>,
    InterfaceMethod<[{
      Floating-point operations for a full batch as shares of the peak count them: two for every
      multiply-add, one for every element that a pooling window meets, none for the rest.
    }], "double", "getFlops", (ins "int64_t":$batchSize), [{}], [{
      return 2 * $_op.getMultiplyAdds(batchSize);
    }]>
  ];
}

// All operands and results have one shape and each element depends on the operands' elements at the
// same index alone.
def Lamina_Elementwise : NativeOpTrait<"Elementwise"> { let cppNamespace = "::lamina::ir"; }

#endif
