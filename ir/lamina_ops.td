// The operations. Names and semantics are StableHLO's unless the description says otherwise.
#ifndef LAMINA_OPS_TD
#define LAMINA_OPS_TD

include "ir/lamina_dialect.td"
include "ir/lamina_interfaces.td"
include "ir/lamina_schedules.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Lamina_Float : AnyTypeOf<[F32, F64]>;
def Lamina_Int : AnyTypeOf<[I64, I32, I8, UI8]>;
def Lamina_Bool : TypeAlias<I1>;
def Lamina_Tensor : RankedTensorOf<[Lamina_Float, Lamina_Int, I1]>;
def Lamina_FloatTensor : RankedTensorOf<[Lamina_Float]>;
def Lamina_NumberTensor : RankedTensorOf<[Lamina_Float, Lamina_Int]>;
def Lamina_IntTensor : RankedTensorOf<[Lamina_Int]>;
def Lamina_LogicTensor : RankedTensorOf<[Lamina_Int, I1]>;
def Lamina_BoolTensor : RankedTensorOf<[I1]>;
def Lamina_AnyGradient : DeclareOpInterfaceMethods<Lamina_GradientInterface>;

class Lamina_Op<string mnemonic, list<Trait> traits = []>
    : Op<Lamina_Dialect, mnemonic, traits>;

class Lamina_PureOp<string mnemonic, list<Trait> traits = []>
    : Lamina_Op<mnemonic, !listconcat([Pure, Lamina_AnyGradient, Lamina_CostInterface], traits)>;

// Declares what a vector of elements costs, where that is not one cycle.
class Lamina_Cycles<int cycles> {
  string declaration = "int64_t getVectorCycles() { return " # cycles # "; }";
}
defvar moved = Lamina_Cycles<0>.declaration;

//===--- Leaves ------------------------------------------------------------------------------===//

def ConstantOp : Lamina_Op<"constant", [Pure, Lamina_CostInterface, ConstantLike, InferTypeOpAdaptor]> {
  let summary = "A constant tensor";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Lamina_Tensor:$output);
  let assemblyFormat = "$value attr-dict";
  let extraClassDeclaration = moved;
  let hasFolder = 1;
}

def RowsOp : Lamina_Op<"rows", [Pure, Lamina_CostInterface]> {
  let summary = "The number of rows of the batch at hand";
  let description = [{
    A scalar; losses and batch statistics divide by it, so a smaller last batch is exact.
  }];
  let results = (outs Lamina_NumberTensor:$output);
  let assemblyFormat = "attr-dict `:` type($output)";
  let extraClassDeclaration = moved;
  let hasVerifier = 1;
}

def IotaOp : Lamina_Op<"iota", [Pure, Lamina_CostInterface]> {
  let summary = "The index along one dimension";
  let arguments = (ins I64Attr:$dimension);
  let results = (outs Lamina_NumberTensor:$output);
  let assemblyFormat = "$dimension attr-dict `:` type($output)";
  let hasVerifier = 1;
}

def RngBitsOp : Lamina_Op<"rng_bits", [Pure, Lamina_CostInterface]> {
  let summary = "Uniform random bits";
  let description = [{
    Element i (logical row-major index with the row dimension's capacity irrelevant: rows come
    first) is the first word of Philox 2x32-10 with counter (low word of i, low word of `step`) and
    a key that mixes the seed with `stream`. Independent of layout, tiling and threads. The key is
    Philox 2x32-10 of counter (seed low, seed high) under key `stream`, first word.
  }];
  let arguments = (ins RankedTensorOf<[I64]>:$seed, RankedTensorOf<[I64]>:$step, I64Attr:$stream);
  let results = (outs RankedTensorOf<[I32]>:$output);
  let assemblyFormat = [{
    $seed `,` $step `,` `stream` `=` $stream attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = Lamina_Cycles<30>.declaration;
  let hasVerifier = 1;
}

//===--- Elementwise -------------------------------------------------------------------------===//

class Lamina_UnaryOp<string mnemonic, Type type, string what, int cycles = 1>
    : Lamina_PureOp<mnemonic, [Lamina_Elementwise, SameOperandsAndResultType]> {
  let summary = what;
  let arguments = (ins type:$operand);
  let results = (outs type:$output);
  let assemblyFormat = "$operand attr-dict `:` type($output)";
  let extraClassDeclaration = Lamina_Cycles<cycles>.declaration;
  let hasFolder = 1;
}

def AbsOp : Lamina_UnaryOp<"abs", Lamina_NumberTensor, "Absolute value; gradient sign(x)">;
def CeilOp : Lamina_UnaryOp<"ceil", Lamina_FloatTensor, "Smallest integer not below">;
def CosineOp : Lamina_UnaryOp<"cosine", Lamina_FloatTensor, "Cosine", 30>;
def ErfOp : Lamina_UnaryOp<"erf", Lamina_FloatTensor, "Error function", 30>;
def ExponentialOp : Lamina_UnaryOp<"exponential", Lamina_FloatTensor, "e to the power x", 15>;
def ExponentialMinusOneOp
    : Lamina_UnaryOp<"exponential_minus_one", Lamina_FloatTensor, "exp(x) - 1, exact near 0", 15>;
def FloorOp : Lamina_UnaryOp<"floor", Lamina_FloatTensor, "Largest integer not above">;
def LogOp : Lamina_UnaryOp<"log", Lamina_FloatTensor, "Natural logarithm", 15>;
def LogPlusOneOp
    : Lamina_UnaryOp<"log_plus_one", Lamina_FloatTensor, "log(1 + x), exact near 0", 15>;
def LogisticOp : Lamina_UnaryOp<"logistic", Lamina_FloatTensor, "1 / (1 + exp(-x))", 15>;
def NegateOp : Lamina_UnaryOp<"negate", Lamina_NumberTensor, "-x">;
def NotOp : Lamina_UnaryOp<"not", Lamina_LogicTensor, "Bitwise complement">;
def RoundNearestEvenOp
    : Lamina_UnaryOp<"round_nearest_even", Lamina_FloatTensor, "Nearest integer, ties to even">;
def RsqrtOp : Lamina_UnaryOp<"rsqrt", Lamina_FloatTensor, "1 / sqrt(x)", 5>;
def SignOp : Lamina_UnaryOp<"sign", Lamina_NumberTensor, "-1, 0 or 1; NaN stays NaN">;
def SineOp : Lamina_UnaryOp<"sine", Lamina_FloatTensor, "Sine", 30>;
def SqrtOp : Lamina_UnaryOp<"sqrt", Lamina_FloatTensor, "Square root", 5>;
def TanOp : Lamina_UnaryOp<"tan", Lamina_FloatTensor, "Tangent", 40>;
def TanhOp : Lamina_UnaryOp<"tanh", Lamina_FloatTensor, "Hyperbolic tangent", 15>;

class Lamina_BinaryOp<string mnemonic, Type type, string what, list<Trait> traits = [],
                      int cycles = 1>
    : Lamina_PureOp<mnemonic,
        !listconcat([Lamina_Elementwise, SameOperandsAndResultType], traits)> {
  let summary = what;
  let arguments = (ins type:$lhs, type:$rhs);
  let results = (outs type:$output);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($output)";
  let extraClassDeclaration = Lamina_Cycles<cycles>.declaration;
  let hasFolder = 1;
}

def AddOp : Lamina_BinaryOp<"add", Lamina_NumberTensor, "Sum", [Commutative]>;
def SubtractOp : Lamina_BinaryOp<"subtract", Lamina_NumberTensor, "Difference">;
def MultiplyOp : Lamina_BinaryOp<"multiply", Lamina_NumberTensor, "Product", [Commutative]>;
def DivideOp : Lamina_BinaryOp<"divide", Lamina_NumberTensor,
    "Quotient; integers round towards zero, x / 0 is -1 for them", [], 5>;
def MaximumOp : Lamina_BinaryOp<"maximum", Lamina_NumberTensor,
    "Larger; NaN wins; at a tie the gradient goes to the left operand">;
def MinimumOp : Lamina_BinaryOp<"minimum", Lamina_NumberTensor,
    "Smaller; NaN wins; at a tie the gradient goes to the left operand">;
def PowerOp : Lamina_BinaryOp<"power", Lamina_FloatTensor, "lhs to the power rhs", [], 40>;
def RemainderOp : Lamina_BinaryOp<"remainder", Lamina_NumberTensor,
    "Remainder with the dividend's sign; the dividend itself when an integer divisor is 0", [], 30>;
def AndOp : Lamina_BinaryOp<"and", Lamina_LogicTensor, "Bitwise and", [Commutative]>;
def OrOp : Lamina_BinaryOp<"or", Lamina_LogicTensor, "Bitwise or", [Commutative]>;
def XorOp : Lamina_BinaryOp<"xor", Lamina_LogicTensor, "Bitwise exclusive or", [Commutative]>;
def ShiftRightLogicalOp : Lamina_BinaryOp<"shift_right_logical", Lamina_IntTensor,
    "Right shift that fills with zeros; 0 when the amount is not below the width">;

def FmaOp : Lamina_PureOp<"fma", [Lamina_Elementwise, SameOperandsAndResultType]> {
  let summary = "a * b + c with one rounding";
  let arguments = (ins Lamina_FloatTensor:$a, Lamina_FloatTensor:$b, Lamina_FloatTensor:$c);
  let results = (outs Lamina_FloatTensor:$output);
  let assemblyFormat = "$a `,` $b `,` $c attr-dict `:` type($output)";
}

def StopGradientOp : Lamina_PureOp<"stop_gradient",
    [Lamina_Elementwise, SameOperandsAndResultType]> {
  let summary = "The operand itself, a constant for the gradient";
  let description = [{
    For values that cancel out of the result, such as the maximum that a softmax subtracts. It is
    taken away once gradients are built.
  }];
  let arguments = (ins Lamina_Tensor:$operand);
  let results = (outs Lamina_Tensor:$output);
  let assemblyFormat = "$operand attr-dict `:` type($output)";
}

def CompareOp : Lamina_PureOp<"compare", [Lamina_Elementwise, SameTypeOperands,
    DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Comparison; with NaN all but NE are false";
  let arguments = (ins Lamina_ComparisonDirectionAttr:$direction, Lamina_Tensor:$lhs,
                       Lamina_Tensor:$rhs);
  let results = (outs Lamina_BoolTensor:$output);
  let assemblyFormat = "$direction $lhs `,` $rhs attr-dict `:` type($lhs)";
  let hasFolder = 1;
}

def SelectOp : Lamina_PureOp<"select", [Lamina_Elementwise,
    AllTypesMatch<["on_true", "on_false", "output"]>]> {
  let summary = "on_true where the predicate holds, on_false elsewhere";
  let arguments = (ins Lamina_BoolTensor:$predicate, Lamina_Tensor:$on_true,
                       Lamina_Tensor:$on_false);
  let results = (outs Lamina_Tensor:$output);
  let assemblyFormat = [{
    $predicate `,` $on_true `,` $on_false attr-dict `:` type($predicate) `,` type($output)
  }];
  let hasFolder = 1;
}

def ConvertOp : Lamina_PureOp<"convert", [Lamina_Elementwise]> {
  let summary = "Change of element type";
  let description = [{
    Floating point to integer rounds towards zero and saturates (NaN becomes 0); anything to i1 is
    x != 0; i1 to a number is 0 or 1.
  }];
  let arguments = (ins Lamina_Tensor:$operand);
  let results = (outs Lamina_Tensor:$output);
  let assemblyFormat = "$operand attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

//===--- Shape -------------------------------------------------------------------------------===//

def BroadcastInDimOp : Lamina_PureOp<"broadcast_in_dim"> {
  let summary = "Repeats a tensor along new or size-1 dimensions";
  let arguments = (ins Lamina_Tensor:$operand, DenseI64ArrayAttr:$broadcast_dimensions);
  let results = (outs Lamina_Tensor:$output);
  let assemblyFormat = [{
    $operand `,` `dims` `=` $broadcast_dimensions attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = moved;
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def ReshapeOp : Lamina_PureOp<"reshape"> {
  let summary = "Same elements in row-major order, another shape";
  let description = [{
    The row dimension keeps its place as the leading one and is not merged with others.
  }];
  let arguments = (ins Lamina_Tensor:$operand);
  let results = (outs Lamina_Tensor:$output);
  let assemblyFormat = "$operand attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = moved;
  let hasVerifier = 1;
  let hasFolder = 1;
}

def TransposeOp : Lamina_PureOp<"transpose", [DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Dimension i of the result is dimension permutation[i] of the operand";
  let arguments = (ins Lamina_Tensor:$operand, DenseI64ArrayAttr:$permutation);
  let results = (outs Lamina_Tensor:$output);
  let assemblyFormat = [{
    $operand `,` `dims` `=` $permutation attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = moved;
  let hasFolder = 1;
}

def SliceOp : Lamina_PureOp<"slice", [DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Elements start, start + stride, ... below limit of each dimension";
  let description = "The row dimension is taken whole: start 0, limit -1, stride 1.";
  let arguments = (ins Lamina_Tensor:$operand, DenseI64ArrayAttr:$start_indices,
                       DenseI64ArrayAttr:$limit_indices, DenseI64ArrayAttr:$strides);
  let results = (outs Lamina_Tensor:$output);
  let assemblyFormat = [{
    $operand `,` `start` `=` $start_indices `,` `limit` `=` $limit_indices `,`
    `strides` `=` $strides attr-dict `:` functional-type(operands, results)
  }];
  let hasFolder = 1;
}

def PadOp : Lamina_PureOp<"pad", [DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Surrounds and spreads a tensor with a padding value";
  let description = [{
    `low` and `high` elements before and after (not negative), `interior` between neighbours. The
    row dimension is not padded.
  }];
  let arguments = (ins Lamina_Tensor:$operand, Lamina_Tensor:$padding_value,
                       DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
                       DenseI64ArrayAttr:$interior);
  let results = (outs Lamina_Tensor:$output);
  let assemblyFormat = [{
    $operand `,` $padding_value `,` `low` `=` $low `,` `high` `=` $high `,`
    `interior` `=` $interior attr-dict `:` functional-type(operands, results)
  }];
  let hasFolder = 1;
}

def ConcatenateOp : Lamina_PureOp<"concatenate",
    [DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Tensors one after another along a dimension other than the rows";
  let arguments = (ins Variadic<Lamina_Tensor>:$operands, I64Attr:$dimension);
  let results = (outs Lamina_Tensor:$output);
  let assemblyFormat = [{
    custom<LeadingOperands>($operands) `dim` `=` $dimension attr-dict `:`
    functional-type(operands, results)
  }];
  let hasFolder = 1;
}

//===--- Reduction and contraction -----------------------------------------------------------===//

def ReduceOp : Lamina_PureOp<"reduce", [Lamina_AnchorInterface, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Combines all elements along some dimensions";
  let description = [{
    add and multiply of numbers, maximum and minimum of numbers (NaN wins; the gradient is split
    evenly among ties), and / or of i1. The dimensions vanish. An empty reduction is impossible.
  }];
  let arguments = (ins Lamina_Tensor:$operand, Lamina_ReductionKindAttr:$kind,
                       DenseI64ArrayAttr:$dimensions);
  let results = (outs Lamina_Tensor:$output);
  let extraClassDeclaration = [{
    bool readsOperandsFromMemory() { return false; }
  }];
  let assemblyFormat = [{
    $kind $operand `,` `dims` `=` $dimensions attr-dict `:` functional-type(operands, results)
  }];
  let hasFolder = 1;
}

def ArgmaxOp : Lamina_PureOp<"argmax", [Lamina_AnchorInterface, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Index of the first maximum along a dimension (i32); the first NaN wins";
  let arguments = (ins Lamina_NumberTensor:$operand, I64Attr:$dimension);
  let results = (outs RankedTensorOf<[I32]>:$output);
  let extraClassDeclaration = [{
    bool readsOperandsFromMemory() { return false; }
  }];
  let assemblyFormat = [{
    $operand `,` `dim` `=` $dimension attr-dict `:` functional-type(operands, results)
  }];
}

def DotGeneralOp : Lamina_PureOp<"dot_general",
    [Lamina_AnchorInterface, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Contraction with batching dimensions";
  let description = [{
    The result's dimensions are the batching dimensions, the free dimensions of `lhs`, the free
    dimensions of `rhs`. Sums run in increasing order of the contracting index with fused
    multiply-add where the target has it.
  }];
  let arguments = (ins Lamina_FloatTensor:$lhs, Lamina_FloatTensor:$rhs,
                       DenseI64ArrayAttr:$lhs_batching_dimensions,
                       DenseI64ArrayAttr:$rhs_batching_dimensions,
                       DenseI64ArrayAttr:$lhs_contracting_dimensions,
                       DenseI64ArrayAttr:$rhs_contracting_dimensions);
  let results = (outs Lamina_FloatTensor:$output);
  let assemblyFormat = [{
    $lhs `,` $rhs `,` `batching` `=` $lhs_batching_dimensions `x` $rhs_batching_dimensions `,`
    `contracting` `=` $lhs_contracting_dimensions `x` $rhs_contracting_dimensions attr-dict `:`
    functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    double getMultiplyAdds(int64_t batchSize);
    /// Dimensions of an operand that are neither batching nor contracting, in order.
    ::llvm::SmallVector<int64_t> getLhsFreeDimensions();
    ::llvm::SmallVector<int64_t> getRhsFreeDimensions();
  }];
}

//===--- Windows -----------------------------------------------------------------------------===//

def ConvolutionOp : Lamina_PureOp<"convolution",
    [Lamina_AnchorInterface, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Convolution of images with channels last";
  let description = [{
    `lhs` is N x S... x C with one to three spatial dimensions, `rhs` K... x C / groups x O, the
    result N x S'... x O. Group g reads channels from g * C / groups and makes those from
    g * O / groups. Along a spatial dimension the result's element o is the sum over k of
    rhs[k] * lhs[(o * stride + k * rhs_dilation - low) / lhs_dilation], where positions that are not
    whole or lie outside count as zero, and
    S' = ((S - 1) * lhs_dilation + 1 + low + high - ((K - 1) * rhs_dilation + 1)) / stride + 1.
    `low` and `high` may be negative. With `reversed` tap k reads rhs[K - 1 - k] in every spatial
    dimension. In each dimension the stride or `lhs_dilation` is 1. Sums run over the taps in
    row-major order and over the channels inside, with fused multiply-add where the target has it.
  }];
  let arguments = (ins Lamina_FloatTensor:$lhs, Lamina_FloatTensor:$rhs,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
                       DenseI64ArrayAttr:$lhs_dilation, DenseI64ArrayAttr:$rhs_dilation,
                       I64Attr:$groups, UnitAttr:$reversed);
  let results = (outs Lamina_FloatTensor:$output);
  let assemblyFormat = [{
    $lhs `,` $rhs `,` `strides` `=` $strides `,` `low` `=` $low `,` `high` `=` $high `,`
    `lhs_dilation` `=` $lhs_dilation `,` `rhs_dilation` `=` $rhs_dilation `,`
    `groups` `=` $groups (`reversed` $reversed^)? attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    double getMultiplyAdds(int64_t batchSize);
    /// The geometry along spatial dimension `i`.
    WindowAxis getAxis(int64_t i);
    int64_t getSpatialRank() { return getStrides().size(); }
  }];
}

def WinogradFilterOp : Lamina_PureOp<"winograd_filter",
    [Lamina_AnchorInterface, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "A filter of 3 x 3 taps at the points of Winograd's minimal filtering";
  let description = [{
    `filter` is 3 x 3 x C x K. Its two-dimensional polynomial of every channel and filter is evaluated
    at (`tile` + 2)^2 points: G f G^T with the matrix G of ir/operations/winograd.h, f turned around in both
    dimensions with `reversed`. `tile` is 2 or 4. The result is
    K / 16 x C / 32 x (`tile` + 2)^2 x 32 x 16, both quotients rounded up, zero where there is no
    channel or filter: panels of 16 filters, in blocks of the channels that a kernel takes at once.
  }];
  let arguments = (ins Lamina_FloatTensor:$filter, I64Attr:$tile, UnitAttr:$reversed);
  let results = (outs Lamina_FloatTensor:$output);
  let assemblyFormat = [{
    $filter `,` `tile` `=` $tile (`reversed` $reversed^)? attr-dict `:`
    functional-type(operands, results)
  }];
  let extraClassDeclaration = moved # [{
    double getTransformCycles(int64_t batchSize, int64_t lanes);
  }];
}

def WinogradConvolutionOp : Lamina_PureOp<"winograd_convolution",
    [Lamina_AnchorInterface, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Convolution with 3 x 3 taps and stride 1 by Winograd's minimal filtering";
  let description = [{
    `lhs` is N x H x W x C, `filter` the `winograd_filter` of C channels and `filters` filters with
    the same `tile`, the result N x (H + low + high - 2) x (W + low + high - 2) x `filters`: that of
    `convolution` with the padding `low` and `high` in both dimensions, up to rounding. The result is
    made in squares of `tile` x `tile`: A^T (U * (B^T d B)) A with the matrices of ir/operations/winograd.h,
    where d are the `tile` + 2 rows and columns of the padded input that a square depends on and U
    is the filter; the products are summed up over the channels.
  }];
  let arguments = (ins Lamina_FloatTensor:$lhs, Lamina_FloatTensor:$filter, I64Attr:$tile,
                       I64Attr:$filters, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high);
  let results = (outs Lamina_FloatTensor:$output);
  let assemblyFormat = [{
    $lhs `,` $filter `,` `tile` `=` $tile `,` `filters` `=` $filters `,` `low` `=` $low `,`
    `high` `=` $high attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    double getMultiplyAdds(int64_t batchSize);
    double getTransformCycles(int64_t batchSize, int64_t lanes);
    /// The geometry of the convolution along spatial dimension `i`.
    WindowAxis getAxis(int64_t i);
  }];
}

def FilterGradientOp : Lamina_PureOp<"filter_gradient", [Lamina_AnchorInterface]> {
  let summary = "Gradient of a convolution by its filter";
  let description = [{
    `lhs` is the convolution's, `gradient` has the shape of its result, the result the shape of its
    `rhs`: the sum over images and positions of the products that `rhs` takes part in. Attributes
    are the convolution's. With `slice` the sums of every `slice` images stand apart, along one more
    dimension in front; sums of images that a batch lacks are zero. With `winograd`, 2 or 4, sums
    are made by Winograd's minimal filtering in squares of so many rows and columns of the gradient:
    of two spatial dimensions with 3 taps each, without strides, dilations and groups.
  }];
  let arguments = (ins Lamina_FloatTensor:$lhs, Lamina_FloatTensor:$gradient,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
                       DenseI64ArrayAttr:$lhs_dilation, DenseI64ArrayAttr:$rhs_dilation,
                       I64Attr:$groups, UnitAttr:$reversed, OptionalAttr<I64Attr>:$slice,
                       OptionalAttr<I64Attr>:$winograd);
  let results = (outs Lamina_FloatTensor:$output);
  let assemblyFormat = [{
    $lhs `,` $gradient `,` `strides` `=` $strides `,` `low` `=` $low `,` `high` `=` $high `,`
    `lhs_dilation` `=` $lhs_dilation `,` `rhs_dilation` `=` $rhs_dilation `,`
    `groups` `=` $groups (`reversed` $reversed^)? (`slice` `=` $slice^)?
    (`winograd` `=` $winograd^)? attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    double getMultiplyAdds(int64_t batchSize);
    double getTransformCycles(int64_t batchSize, int64_t lanes);
    /// The geometry of the convolution along spatial dimension `i`.
    WindowAxis getAxis(int64_t i);
    int64_t getSpatialRank() { return getStrides().size(); }
    /// The shape of the convolution's filter: the result's, but for slices.
    ::mlir::RankedTensorType getFilterType();
  }];
  let hasVerifier = 1;
}

def ReduceWindowOp : Lamina_PureOp<"reduce_window",
    [Lamina_AnchorInterface, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Combines the elements of windows along spatial dimensions";
  let description = [{
    N x S... x C to N x S'... x C by `add` or `maximum` (NaN wins). Positions in the padding do not
    take part; `low` and `high` are smaller than the window, so every window has an element.
    S' = (S + low + high - window) / stride + 1. The gradient of a maximum goes to its first
    position in row-major order.
  }];
  let arguments = (ins Lamina_NumberTensor:$operand, Lamina_ReductionKindAttr:$kind,
                       DenseI64ArrayAttr:$window, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high);
  let results = (outs Lamina_NumberTensor:$output);
  let assemblyFormat = [{
    $kind $operand `,` `window` `=` $window `,` `strides` `=` $strides `,` `low` `=` $low `,`
    `high` `=` $high attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    double getFlops(int64_t batchSize);
    /// The geometry along spatial dimension `i`.
    WindowAxis getAxis(int64_t i);
  }];
}

def ArgmaxWindowOp : Lamina_PureOp<"argmax_window",
    [Lamina_AnchorInterface, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Place of the first maximum within each window; the first NaN wins";
  let description = [{
    Row-major position in the window, padding included, as i8 where the window has at most 128
    elements, otherwise as i32. Windows are `reduce_window`'s.
  }];
  let arguments = (ins Lamina_NumberTensor:$operand, DenseI64ArrayAttr:$window,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$low,
                       DenseI64ArrayAttr:$high);
  let results = (outs RankedTensorOf<[I8, I32]>:$output);
  let assemblyFormat = [{
    $operand `,` `window` `=` $window `,` `strides` `=` $strides `,` `low` `=` $low `,`
    `high` `=` $high attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    /// The geometry along spatial dimension `i`.
    WindowAxis getAxis(int64_t i);
  }];
}

def WindowScatterOp : Lamina_PureOp<"window_scatter", [Lamina_AnchorInterface]> {
  let summary = "Sums what windows send back to their elements: the gradient of reduce_window";
  let description = [{
    `source` has one element per window, the result the shape that the windows were taken from. An
    element of the result is the sum, in row-major order of the windows, of the sources of the
    windows that cover it; with `places` (`argmax_window`'s result) only of those that chose it.
  }];
  let arguments = (ins Lamina_FloatTensor:$source, Optional<RankedTensorOf<[I8, I32]>>:$places,
                       DenseI64ArrayAttr:$window, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high);
  let results = (outs Lamina_FloatTensor:$output);
  let assemblyFormat = [{
    $source (`places` $places^)? `,` `window` `=` $window `,` `strides` `=` $strides `,`
    `low` `=` $low `,` `high` `=` $high attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    /// The geometry of the windows along spatial dimension `i`.
    WindowAxis getAxis(int64_t i);
  }];
  let hasVerifier = 1;
}

//===--- Attention ---------------------------------------------------------------------------===//

def AttentionOp : Lamina_PureOp<"attention",
    [Lamina_AnchorInterface, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Scaled dot-product attention, without its scores in memory";
  let description = [{
    `query` is rows x queries x heads x features, `key` and `value` rows x keys x heads x features of
    their own. The score of a query and a key of one row and head is `scale` times the sum of the
    products of their features, and -0.7 * 3.38953e38 where one of the `masks` is false or, with
    `causal`, the key's step is behind the query's. Masks are i1 of rank 4, each dimension 1 or that
    of rows x heads x queries x keys. `output`, rows x queries x heads x features of the values, is
    the sum of the values with the softmax of the query's scores as weights; `maximum` and `sum`,
    rows x heads x queries, are the largest score m and the sum of exp(score - m).
  }];
  let arguments = (ins Lamina_FloatTensor:$query, Lamina_FloatTensor:$key,
                       Lamina_FloatTensor:$value, Variadic<Lamina_BoolTensor>:$masks,
                       F64Attr:$scale, UnitAttr:$causal);
  let results = (outs Lamina_FloatTensor:$output, Lamina_FloatTensor:$maximum,
                      Lamina_FloatTensor:$sum);
  let assemblyFormat = [{
    $query `,` $key `,` $value `,` `scale` `=` $scale (`causal` $causal^)? (`masks` $masks^)?
    attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    double getMultiplyAdds(int64_t batchSize);
    double getTransformCycles(int64_t batchSize, int64_t lanes);
  }];
}

def AttentionGradientOp : Lamina_PureOp<"attention_gradient",
    [Lamina_AnchorInterface, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Gradients of attention by query, key and value";
  let description = [{
    The operands and results of an `attention`, and the gradient of its `output`; scores are
    computed again. With weights p, dp = gradient . value, and ds = scale * p * (dp - gradient . output)
    where no mask forbids the pair, else 0: the results are the sums of ds * key over keys, of
    ds * query and of p * gradient over queries, each in the order of the steps.
  }];
  let arguments = (ins Lamina_FloatTensor:$query, Lamina_FloatTensor:$key,
                       Lamina_FloatTensor:$value, Lamina_FloatTensor:$output,
                       Lamina_FloatTensor:$maximum, Lamina_FloatTensor:$sum,
                       Lamina_FloatTensor:$gradient, Variadic<Lamina_BoolTensor>:$masks,
                       F64Attr:$scale, UnitAttr:$causal);
  let results = (outs Lamina_FloatTensor:$query_gradient, Lamina_FloatTensor:$key_gradient,
                      Lamina_FloatTensor:$value_gradient);
  let assemblyFormat = [{
    $query `,` $key `,` $value `,` $output `,` $maximum `,` $sum `,` $gradient `,`
    `scale` `=` $scale (`causal` $causal^)? (`masks` $masks^)? attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    double getMultiplyAdds(int64_t batchSize);
    double getTransformCycles(int64_t batchSize, int64_t lanes);
  }];
}

//===--- Lookup ------------------------------------------------------------------------------===//

def GatherOp : Lamina_PureOp<"gather", [DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Slices of a tensor at given indices of one dimension";
  let description = [{
    Dimension `dimension` of `operand` is replaced by the dimensions of `indices`. Indices outside
    are clamped. The first `batching` dimensions, all before `dimension`, are the same in both and
    occur once in the result: each of their elements has indices of its own.
  }];
  let arguments = (ins Lamina_Tensor:$operand, Lamina_IntTensor:$indices, I64Attr:$dimension,
                       DefaultValuedAttr<I64Attr, "0">:$batching);
  let results = (outs Lamina_Tensor:$output);
  let assemblyFormat = [{
    $operand `,` $indices `,` `dim` `=` $dimension (`,` `batching` `=` $batching^)? attr-dict `:`
    functional-type(operands, results)
  }];
}

def ScatterOp : Lamina_PureOp<"scatter", [Lamina_AnchorInterface]> {
  let summary = "Adds slices at given indices of one dimension to zeros: the gradient of gather";
  let description = [{
    `updates` has the shape of a gather's result, the result that of its operand. Updates of one
    index are added in row-major order of `indices`. Indices outside are clamped. `batching` is that
    of the gather.
  }];
  let arguments = (ins Lamina_IntTensor:$indices, Lamina_FloatTensor:$updates, I64Attr:$dimension,
                       DefaultValuedAttr<I64Attr, "0">:$batching);
  let results = (outs Lamina_FloatTensor:$output);
  let assemblyFormat = [{
    $indices `,` $updates `,` `dim` `=` $dimension (`,` `batching` `=` $batching^)? attr-dict `:`
    functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

//===--- Structure ---------------------------------------------------------------------------===//

def VariableOp : Lamina_Op<"variable", [Symbol]> {
  let summary = "A variable of the model's state";
  let description = [{
    Parameters, optimizer slots and counters. Functions receive variables as arguments with the
    attribute `lamina.variable` and return their new values as results with the same attribute.
    `path` is the variable's place in the model file (empty: not stored there). `layout` is how it
    stands in the state. A `mirror` repeats another variable, transposed by `permutation`: it is
    made by the layout pass and written whenever the other one is.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Lamina_Tensor>:$type,
                       DefaultValuedStrAttr<StrAttr, "">:$path, UnitAttr:$trainable,
                       OptionalAttr<Lamina_PackedAttr>:$layout,
                       OptionalAttr<FlatSymbolRefAttr>:$mirror,
                       OptionalAttr<DenseI64ArrayAttr>:$permutation,
                       OptionalAttr<I64Attr>:$offset);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getTensorType();
  }];
  let hasVerifier = 1;
}

def KernelOp : Lamina_Op<"kernel", [Pure, IsolatedFromAbove,
    DeclareOpInterfaceMethods<Lamina_RegionArgumentsInterface>,
    SingleBlockImplicitTerminator<"::lamina::ir::YieldOp">]> {
  let summary = "What is compiled into one loop nest";
  let description = [{
    The body computes the results from the operands with tensor operations: one anchor (contraction,
    reductions, or none) with pure elementwise and index-mapping operations before and after it.
    `family` is chosen with them: it says which rules hold for the kernel and which emitter makes it.
    Later stages add `schedule`, which is one of the family, the `wave` in which the kernel runs (kernels of one wave are
    independent), and where each result is stored.
  }];
  let arguments = (ins Lamina_KernelFamilyAttr:$family, Variadic<Lamina_Tensor>:$inputs,
                       OptionalAttr<Lamina_AnySchedule>:$schedule, OptionalAttr<I64Attr>:$wave,
                       OptionalAttr<TypedArrayAttrBase<Lamina_BufferAttr, "buffers">>:$buffers);
  let results = (outs Variadic<Lamina_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $family `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs) $body
  }];
  let extraClassDeclaration = [{
    ::mlir::Block &getBlock() { return getBody().front(); }
    /// The operands of the body's terminator, one per result.
    ::mlir::OperandRange getYielded();
  }];
  let hasVerifier = 1;
}

def ScanOp : Lamina_Op<"scan", [Pure, IsolatedFromAbove, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<Lamina_GradientInterface, ["buildWantedGradients"]>,
    DeclareOpInterfaceMethods<Lamina_RegionArgumentsInterface>,
    SingleBlockImplicitTerminator<"::lamina::ir::YieldOp">]> {
  let summary = "A loop with a constant number of iterations";
  let description = [{
    Runs its body `trips` times. The block arguments are, in this order: the carried values (the
    operands `carried` the first time, then what the iteration before yielded), one slice of each
    operand of `stacked`, and the operands of `invariant`, which are the same in all iterations.
    The first dimension of stacked operands and results is time, of extent `trips`: iteration i has
    the slices at i, or with `reverse` at trips - 1 - i. The body yields the next carried values, then one
    slice for each stacked result. Results are the carried values after the last iteration, then the
    stacked results.

    Values from outside reach the body as operands alone. assign-waves adds `slots`, how many places
    in memory each carried value takes in turns (1: it is written over; `trips` + 1: all stay), and
    plan-memory `buffers`, where the first slot of each carried value and the slice 0 of each stacked result is.
  }];
  let arguments = (ins I64Attr:$trips, UnitAttr:$reverse, Variadic<Lamina_Tensor>:$carried,
                       Variadic<Lamina_Tensor>:$stacked, Variadic<Lamina_Tensor>:$invariant,
                       OptionalAttr<I64Attr>:$wave, OptionalAttr<DenseI64ArrayAttr>:$slots,
                       OptionalAttr<TypedArrayAttrBase<Lamina_BufferAttr, "buffers">>:$buffers);
  let results = (outs Variadic<Lamina_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $trips (`reverse` $reverse^)? `carried` `(` $carried `)` `stacked` `(` $stacked `)`
    `invariant` `(` $invariant `)` attr-dict `:` functional-type(operands, results) $body
  }];
  let extraClassDeclaration = [{
    ::mlir::Block &getBlock() { return getBody().front(); }
    /// The operands of the body's terminator: next carried values, then slices of stacked results.
    ::mlir::OperandRange getYielded();
    ::mlir::OperandRange getNextCarried() { return getYielded().take_front(getCarried().size()); }
    ::mlir::OperandRange getStackedSlices() { return getYielded().drop_front(getCarried().size()); }
    /// Block arguments of the body.
    ::mlir::MutableArrayRef<::mlir::BlockArgument> getCarriedArguments();
    ::mlir::MutableArrayRef<::mlir::BlockArgument> getSliceArguments();
    ::mlir::MutableArrayRef<::mlir::BlockArgument> getInvariantArguments();
    /// The carried values after the last iteration, and the stacked results.
    ::mlir::ResultRange getFinalCarried() { return getOutputs().take_front(getCarried().size()); }
    ::mlir::ResultRange getStackedResults() { return getOutputs().drop_front(getCarried().size()); }
  }];
  let hasVerifier = 1;
}

def YieldOp : Lamina_Op<"yield", [Pure, Terminator, ReturnLike, ParentOneOf<["KernelOp", "ScanOp"]>]> {
  let summary = "The results of the body of a kernel or a loop";
  let arguments = (ins Variadic<Lamina_Tensor>:$values);
  let builders = [OpBuilder<(ins), [{ }]>];
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif
