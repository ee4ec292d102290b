// The dialect itself, its enums and attributes.
#ifndef LAMINA_DIALECT_TD
#define LAMINA_DIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Lamina_Dialect : Dialect {
  let name = "lamina";
  let cppNamespace = "::lamina::ir";
  let summary = "Primitive tensor operations of a training step";
  let description = [{
    A few dozen pure tensor operations with StableHLO's names and semantics, and the operations that
    hold a model together: `lamina.variable` declares the state, `lamina.kernel` groups what is
    compiled into one loop nest. Tensors are `tensor<...>` of f32, f64, i64, i32, i8, ui8 or i1.

    A dynamic dimension `?` means one thing: the number of rows of the batch, at most the module's
    `lamina.batch_size`. All other dimensions are static. A tensor has at most one such dimension.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
}

class Lamina_I32Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::lamina::ir";
  let genSpecializedAttr = 0;
}
class Lamina_EnumAttr<EnumAttrInfo info, string mnemonic>
    : EnumAttr<Lamina_Dialect, info, mnemonic>;

def Lamina_ComparisonDirection : Lamina_I32Enum<"ComparisonDirection", "which comparison", [
  I32EnumAttrCase<"EQ", 0>, I32EnumAttrCase<"NE", 1>, I32EnumAttrCase<"GE", 2>,
  I32EnumAttrCase<"GT", 3>, I32EnumAttrCase<"LE", 4>, I32EnumAttrCase<"LT", 5>]>;
def Lamina_ComparisonDirectionAttr
    : Lamina_EnumAttr<Lamina_ComparisonDirection, "comparison">;

def Lamina_ReductionKind : Lamina_I32Enum<"ReductionKind", "what a reduction combines with", [
  I32EnumAttrCase<"add", 0>, I32EnumAttrCase<"multiply", 1>, I32EnumAttrCase<"maximum", 2>,
  I32EnumAttrCase<"minimum", 3>, I32EnumAttrCase<"and_", 4, "and">,
  I32EnumAttrCase<"or_", 5, "or">]>;
def Lamina_ReductionKindAttr : Lamina_EnumAttr<Lamina_ReductionKind, "reduction">;

def Lamina_MemorySpace : Lamina_I32Enum<"MemorySpace", "where a buffer lives", [
  I32EnumAttrCase<"arena", 0>, I32EnumAttrCase<"state", 1>, I32EnumAttrCase<"argument", 2>,
  I32EnumAttrCase<"result", 3>]>;

class Lamina_Attr<string name, string attrMnemonic> : AttrDef<Lamina_Dialect, name> {
  let mnemonic = attrMnemonic;
  let assemblyFormat = "`<` struct(params) `>`";
}

def Lamina_PackedAttr : Lamina_Attr<"Packed", "packed"> {
  let summary = "Panel layout of a variable";
  let description = [{
    Dimension `dimension` of a matrix-shaped variable is cut into panels of `width` elements; a
    panel holds all other dimensions, its lines, in row-major order with its `width` elements
    innermost. Of `group` lines that follow one another the elements of one column are side by side,
    as dot products of narrow types read them. The last panel and the last group are filled with
    zeros. Element (k, n) of a packed K x N matrix with `dimension` 1 and G = `group` is at offset
    ((n / width) * ceil(K / G) + k / G) * width * G + (n % width) * G + k % G.
  }];
  let parameters = (ins "int64_t":$dimension, "int64_t":$width,
                        DefaultValuedParameter<"int64_t", "1">:$group);
  let builders = [AttrBuilder<(ins "int64_t":$dimension, "int64_t":$width),
                              [{ return $_get($_ctxt, dimension, width, 1); }]>];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Elements of memory that a tensor of this type takes, padding included.
    int64_t countElements(::mlir::RankedTensorType type) const;
  }];
}

def Lamina_BufferAttr : Lamina_Attr<"Buffer", "buffer"> {
  let summary = "Where a kernel's result is stored";
  let description = [{
    `arena`: byte offset in the workspace; `state`: byte offset of the variable; `result`: index of
    the function's result array.
  }];
  let parameters = (ins "::lamina::ir::MemorySpace":$space, "int64_t":$offset);
  let assemblyFormat = "`<` $space `,` $offset `>`";
}

#endif
