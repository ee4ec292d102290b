// Arithmetic rewrites of the `simplify` pass. All of them leave every bit as it is (the sign of a NaN
// aside).
#ifndef LAMINA_SIMPLIFY_TD
#define LAMINA_SIMPLIFY_TD

include "ir/lamina_ops.td"
include "mlir/IR/PatternBase.td"

//===--- Signs -------------------------------------------------------------------------------===//

def AddNegated : Pat<(AddOp $a, (NegateOp $b)), (SubtractOp $a, $b)>;
def AddToNegated : Pat<(AddOp (NegateOp $a), $b), (SubtractOp $b, $a)>;
def SubtractNegated : Pat<(SubtractOp $a, (NegateOp $b)), (AddOp $a, $b)>;
def MultiplyNegated : Pat<(MultiplyOp (NegateOp $a), (NegateOp $b)), (MultiplyOp $a, $b)>;
def AbsNegated : Pat<(AbsOp (NegateOp $a)), (AbsOp $a)>;
def AbsAbs : Pat<(AbsOp (AbsOp $a)), (AbsOp $a)>;

// A sign moves to the factor that is known or repeated, where it costs nothing.
def IsCheapToNegate : Constraint<CPred<"isCheapToNegate($0)">, "constant or repeated">;
def HasOneUse : Constraint<CPred<"$0.hasOneUse()">, "has one use">;
def NegateProduct : Pat<(NegateOp (MultiplyOp:$product $a, $b)), (MultiplyOp $a, (NegateOp $b)),
                        [(IsCheapToNegate $b), (HasOneUse $product)]>;
def NegateProductLeft : Pat<(NegateOp (MultiplyOp:$product $a, $b)), (MultiplyOp (NegateOp $a), $b),
                            [(IsCheapToNegate $a), (HasOneUse $product)]>;

//===--- Selections --------------------------------------------------------------------------===//

def SelectNot : Pat<(SelectOp (NotOp $p), $a, $b), (SelectOp $p, $b, $a)>;
def SelectSameTrue : Pat<(SelectOp $p, (SelectOp $p, $a, $unused), $b), (SelectOp $p, $a, $b)>;
def SelectSameFalse : Pat<(SelectOp $p, $a, (SelectOp $p, $unused, $b)), (SelectOp $p, $a, $b)>;

//===--- Powers and quotients ----------------------------------------------------------------===//

class IsSplat<string number>
    : Constraint<CPred<"matchSplat($0) == std::optional<double>(" # number # ")">,
                 "all elements are " # number>;
def PowerOne : Pat<(PowerOp $a, $exponent), (replaceWithValue $a), [(IsSplat<"1"> $exponent)]>;
def PowerTwo : Pat<(PowerOp $a, $exponent), (MultiplyOp $a, $a), [(IsSplat<"2"> $exponent)]>;

// Exact: the reciprocal of a power of two is one too.
def IsPowerOfTwo : Constraint<CPred<"isPowerOfTwo($0)">, "a power of two">;
def Reciprocal : NativeCodeCall<"makeReciprocal($_builder, $_loc, $0)">;
def DividePowerOfTwo : Pat<(DivideOp $a, $b), (MultiplyOp $a, (Reciprocal $b)),
                           [(IsPowerOfTwo $b)]>;

#endif
