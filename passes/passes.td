// The passes. Each is one file named after it; stages (pipelines.h) are sequences of them.
#ifndef LAMINA_PASSES_TD
#define LAMINA_PASSES_TD

include "mlir/Pass/PassBase.td"

class Lamina_ModulePass<string name> : Pass<name, "::mlir::ModuleOp"> {
  let dependentDialects = ["::lamina::ir::LaminaDialect", "::mlir::func::FuncDialect"];
}
class Lamina_FunctionPass<string name> : Pass<name, "::mlir::func::FuncOp"> {
  let dependentDialects = ["::lamina::ir::LaminaDialect"];
}

def Attention : Lamina_FunctionPass<"attention"> {
  let summary = "Makes attention of contraction, scale, masks, softmax and contraction";
  let description = [{
    Scores of type f32 that nothing but their softmax reads are not held in memory then, neither here
    nor where gradients are taken. Masks are those that select the value of `attention`; a comparison
    of steps becomes `causal`, and conjunctions several masks, each as small as it was before it was
    repeated.
  }];
}

def Gradient : Lamina_ModulePass<"gradient"> {
  let summary = "Extends @loss to @gradient by reverse-mode differentiation";
  let description = [{
    @loss becomes @gradient: its results stay, and for each trainable variable that the loss depends
    on follows one result with `lamina.gradient = @variable`, the gradient of the first
    `lamina.log` result. Gradients run only along operations between trainable variables and the
    loss; where a value is used several times they are added from its last use to its first. A
    variable that the loss does not depend on has no gradient result and a warning, as in Keras.
    Calls are inlined first. Afterwards no `stop_gradient` is left in the module. Without @loss
    nothing else happens.
  }];
}

def Accumulate : Lamina_ModulePass<"accumulate"> {
  let summary = "Lets a batch come in parts, whose gradients are summed before one update";
  let description = [{
    For every gradient of @gradient there is a variable with the sum of the gradients, each times
    the rows of its part, and one with the sum of the rows. @accumulate does with a part what
    @gradient does, but adds its gradients to these sums. @gradient, for the last part, gives the mean
    over the rows of all parts and sets the sums to zero. Without @gradient nothing happens.
  }];
}

def Step : Lamina_ModulePass<"step"> {
  let summary = "Joins @gradient and @optimizer to @train_step";
  let description = [{
    Arguments: the variables that either takes, in the module's order, then @gradient's inputs and
    targets. Results: @gradient's logs, then the new values of the variables that either assigns, in
    the module's order. The optimizer sees the values that @loss assigned. A trainable variable
    without a gradient is left as it is, and so are the optimizer's slots that serve it alone.
    @gradient and @optimizer vanish. Without @gradient nothing happens.
  }];
}

def StateFunctions : Lamina_ModulePass<"state-functions"> {
  let summary = "Makes @load and @save, which move variables into and out of the state";
  let description = [{
    @load takes each variable's logical value (`lamina.load = @v`) and assigns it; @save gives each
    variable's logical value (`lamina.save = @v`). Both are the identity until variables are given
    layouts. A module without variables gets neither.
  }];
}

def Simplify : Lamina_FunctionPass<"simplify"> {
  let summary = "Folds, removes duplicates and dead code, and rewrites to cheaper equals";
  let description = [{
    Rewrites leave every bit as it is, with two exceptions that only improve a value: the sum of n
    equal numbers becomes a product with n, and the power 2 a product. They move broadcasts behind elementwise operations,
    remove reductions of repeated elements, merge shape operations, and take transposes into
    contractions.
  }];
}

def Contract : Lamina_FunctionPass<"contract"> {
  let summary = "Makes multiply-adds explicit: add(multiply(a, b), c) becomes fma(a, b, c)";
  let description = [{
    Only for products used once. This is the one place where intermediate rounding is dropped, so
    code generation and the interpreter agree on every bit of what follows.
  }];
}

def PruneState : Lamina_ModulePass<"prune-state"> {
  let summary = "Removes assignments of unchanged variables and variable arguments without use";
}

def Winograd : Lamina_FunctionPass<"winograd"> {
  let summary = "Lets convolutions of 3 x 3 taps use Winograd's minimal filtering where it is faster";
  let description = [{
    A f32 `convolution` over two spatial dimensions without strides, dilations and groups becomes a
    `winograd_filter` and a `winograd_convolution`; its `filter_gradient` gets `winograd`. The size
    of the squares, or that there are none, follows from the shape of one image, the channels and the
    vectors by the estimate of `passes/simplify/winograd_cost.h`, so a prediction does not depend on the batch
    size.
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "8", "f32 elements of a vector register">];
}

def SplitReductions : Lamina_FunctionPass<"split-reductions"> {
  let summary = "Cuts long reductions over the leading dimension in two, for threads to share";
  let description = [{
    A sum, maximum or minimum over dimension 0 and at least 512 elements of other dimensions that
    keeps at most 2048 results becomes one within each element of dimension 0 and one over these.
    Which reductions are split follows from their shapes without the batch size, so the bits depend
    neither on that nor on the number of threads.
  }];
}

def Fuse : Lamina_FunctionPass<"fuse"> {
  let summary = "Groups operations into lamina.kernel, one loop nest each";
  let description = [{
    A kernel has one anchor (a contraction, reductions over the same inner dimensions, or none) and
    elementwise operations before and after it. Cheap operations are cloned into every kernel that
    reads them. `passes/fusion/fusion_plan.cpp` has the rules.
  }];
  let options = [Option<"fuse", "fuse", "bool", "true",
                        "off: every operation is a kernel of its own">];
}

def Schedule : Lamina_FunctionPass<"schedule"> {
  let summary = "Gives each kernel its tiles, vector width and tasks";
  let options = [
    Option<"lanes", "lanes", "int64_t", "8", "f32 elements of a vector register">,
    Option<"registers", "registers", "int64_t", "16", "vector registers">];
}

def Layout : Lamina_ModulePass<"layout"> {
  let summary = "Transposes and packs right operands of contractions, parameters once for all";
  let description = [{
    Afterwards the last dimension of every contraction's right operand is free, wherever it has a
    free one; operands without free dimensions become left ones. Where a transpose is needed, a
    variable gets a mirror: a variable `name^T` that every function which assigns the original
    assigns too. Other values are transposed on the spot.

    A f32 matrix variable whose first dimension is contracted as a right operand is packed in panels
    of 16 columns; so are variables that @train_step joins with it by elementwise operations.
  }];
}

def AssignWaves : Lamina_FunctionPass<"assign-waves"> {
  let summary = "Orders kernels in waves of independent ones";
  let description = [{
    A kernel's wave is the first one after those of the kernels that it depends on. New values of
    variables replace the old ones in the state, so their kernels also come after all others that
    read the old value. Values that cannot be computed in place, are returned twice, or are returned
    without being computed get a kernel that copies them. A function must consist of kernels.
  }];
}

def Recompute : Lamina_FunctionPass<"recompute"> {
  let summary = "Computes values a second time instead of keeping them, to fit into a limit";
  let description = [{
    Where more than `limit` bytes are in use at a time, values that wait there for a later reader are
    computed again right before it, by a copy of their kernel (`lamina.recomputed`): those first that
    save most bytes for their cycles. Every bit stays the same. It is an error where that is not
    enough. Waves have been assigned, and are again.
  }];
  let options = [
    Option<"limit", "limit", "int64_t", "0", "bytes of the arena at the most">,
    Option<"lanes", "lanes", "int64_t", "8", "f32 elements of a vector register">];
}

def PlanMemory : Lamina_ModulePass<"plan-memory"> {
  let summary = "Gives variables and kernels' results their places";
  let description = [{
    Sets `offset` of variables, `buffers` of kernels, `lamina.arena_bytes` of functions, and
    `lamina.state_bytes` and `lamina.workspace_bytes` of the module. passes/memory/plan.h says what places
    mean.
  }];
}

def VerifyMemoryPlan : Lamina_ModulePass<"verify-memory-plan"> {
  let summary = "Replays waves and checks that no kernel destroys what is still needed";
}

#endif
