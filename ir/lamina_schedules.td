// The kernel families and how their loops run: an attribute for each family, whose fields say all that its emitter
// does. The passes choose them (passes/schedule/schedule.h); emitters decide nothing.
#ifndef LAMINA_SCHEDULES_TD
#define LAMINA_SCHEDULES_TD

include "ir/lamina_dialect.td"

def Lamina_KernelFamily : Lamina_I32Enum<"KernelFamily", "which emitter makes a kernel", [
  I32EnumAttrCase<"map", 0>,
  I32EnumAttrCase<"contraction", 1>,
  I32EnumAttrCase<"row", 2>,
  I32EnumAttrCase<"column", 3>,
  I32EnumAttrCase<"convolution", 4>,
  I32EnumAttrCase<"filter_gradient", 5>,
  I32EnumAttrCase<"depthwise", 6>,
  I32EnumAttrCase<"depthwise_gradient", 7>,
  I32EnumAttrCase<"window", 8>,
  I32EnumAttrCase<"scatter", 9>,
  I32EnumAttrCase<"winograd", 10>,
  I32EnumAttrCase<"winograd_filter", 11>,
  I32EnumAttrCase<"winograd_gradient", 12>,
  I32EnumAttrCase<"few_channels_gradient", 13>,
  I32EnumAttrCase<"attention", 14>,
  I32EnumAttrCase<"attention_gradient", 15>
]>;
def Lamina_KernelFamilyAttr : Lamina_EnumAttr<Lamina_KernelFamily, "family">;

def Lamina_ScheduleInterface : AttrInterface<"Schedule"> {
  let cppNamespace = "::lamina::ir";
  let description = [{
    What the schedules of all families have. `lanes` is the number of elements of a vector. `cost` is
    an estimate of the whole kernel in processor cycles on one thread; small waves of kernels run
    without waking other threads. All are functions of shapes and instruction set only, never of the
    number of threads.
  }];
  let methods = [
    InterfaceMethod<"The family whose emitter obeys the schedule.", "::lamina::ir::KernelFamily",
                    "getFamily">,
    InterfaceMethod<"Elements of a vector.", "int64_t", "getLanes">,
    InterfaceMethod<"Estimate of the whole kernel in cycles on one thread.", "int64_t", "getCost">,
    InterfaceMethod<"Vectors of a register tile: how much code one step of the innermost loop is.",
                    "int64_t", "getTileSize">
  ];
}

def Lamina_LeftCopy : Lamina_I32Enum<"LeftCopy", "how a task reads the left operand", [
  I32EnumAttrCase<"none", 0>, I32EnumAttrCase<"lines", 1>, I32EnumAttrCase<"panels", 2>]>;
def Lamina_RightCopy : Lamina_I32Enum<"RightCopy", "how a task reads the right operand", [
  I32EnumAttrCase<"none", 0>, I32EnumAttrCase<"block", 1>, I32EnumAttrCase<"ahead", 2>]>;

// A schedule's text has its fields by name: #lamina.row<lanes = 16, rows = 4, …, cost = 90>.
class Lamina_Schedule<string name, string family, string what, dag fields, string tileSize>
    : AttrDef<Lamina_Dialect, name # "Schedule", [Lamina_ScheduleInterface]> {
  let mnemonic = family;
  let summary = what;
  let parameters = !con((ins "int64_t":$lanes), fields, (ins "int64_t":$cost));
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = "static constexpr KernelFamily kFamily = KernelFamily::" # family #
      "; KernelFamily getFamily() const { return kFamily; }" #
      " int64_t getTileSize() const { return " # tileSize # "; }";
}

// A schedule that is valid when all its numbers are positive.
class Lamina_PlainSchedule<string name, string family, string what, dag fields, string tileSize>
    : Lamina_Schedule<name, family, what, fields, tileSize> {
  defvar declarations = !foldl("", !range(!size(fields)), text, i,
      text # !getdagarg<string>(fields, i) # " " # !getdagname(fields, i) # ", ");
  defvar checked = !foldl("", !range(!size(fields)), text, i,
      !if(!eq(!getdagarg<string>(fields, i), "int64_t"),
          text # "{\"" # !getdagname(fields, i) # "\", " # !getdagname(fields, i) # "}, ", text));
  let extraClassDefinition = "::mlir::LogicalResult $cppClass::verify(EmitError emitError, " #
      "int64_t lanes, " # declarations # "int64_t cost) { return ::mlir::success(" #
      "::mlir::succeeded(checkLanes(emitError, lanes, cost)) && " #
      "::mlir::succeeded(checkPositive(emitError, {" # checked # "}))); }";
}

def Lamina_MapSchedule : Lamina_PlainSchedule<"Map", "map", "Elementwise kernels", (ins
    "int64_t":$elements, "int64_t":$lines), "getLines()"> {
  let description = [{
    A task has about `elements` elements of the result, in whole lines of its last dimension unless
    the kernel runs over flat memory. Vectors of `lines` neighbouring lines follow one another.
  }];
}

def Lamina_RowSchedule : Lamina_PlainSchedule<"Row", "row", "Reductions over trailing dimensions", (ins
    "int64_t":$rows, "bool":$unrolled), "getUnrolled() ? 8 : 4"> {
  let description = [{
    A task has `rows` rows, which stay in registers from one stage to the next when `unrolled`.
  }];
}

def Lamina_ColumnSchedule : Lamina_Schedule<"Column", "column",
    "Reductions over leading or middle dimensions", (ins
    "int64_t":$vectors, "int64_t":$blocks, "int64_t":$ahead), "getVectors()"> {
  let description = [{
    A task has `blocks` blocks of `vectors` vectors of columns. Positions that come `ahead` positions
    later are prefetched (0: none are).
  }];
}

def Lamina_ContractionSchedule : Lamina_Schedule<"Contraction", "contraction", "Contractions", (ins
    "int64_t":$tileRows, "int64_t":$tileVectors, "int64_t":$depth, "int64_t":$rows,
    "int64_t":$columns, EnumParameter<Lamina_LeftCopy>:$left,
    EnumParameter<Lamina_RightCopy>:$right), "getTileRows() * getTileVectors()"> {
  let description = [{
    A task has `rows` x `columns` elements of the result and goes through the contracted index in
    blocks of `depth` steps, with register tiles of `tileRows` rows and `tileVectors` vectors. Of the
    left operand, `lines` copies a block in lines of steps for each row, `panels` in panels of a
    tile's rows for each step. Of the right one, `block` copies the part of a tile of columns before
    it is read, `ahead` while the tile of columns before it is at work.
  }];
}

def Lamina_ConvolutionSchedule : Lamina_Schedule<"Convolution", "convolution", "Convolutions", (ins
    "int64_t":$tileRows, "int64_t":$tileVectors, "int64_t":$channels, "int64_t":$lines,
    "int64_t":$positions, "int64_t":$columns, "bool":$ahead), "getTileRows() * getTileVectors()"> {
  let description = [{
    A task has `lines` lines of one image, or `positions` outputs of one line, and `columns` filters,
    with register tiles of `tileRows` outputs and `tileVectors` vectors of filters. It goes through
    the filter in blocks of one tap of the outer axes and `channels` channels (0: all in one go).
    With `ahead` a tile prefetches the pixels of the next one.
  }];
}

def Lamina_DepthwiseSchedule : Lamina_Schedule<"Depthwise", "depthwise", "Depthwise convolutions",
    (ins "int64_t":$tileRows, "int64_t":$tileVectors, "int64_t":$lines, "int64_t":$positions,
    "int64_t":$columns, "bool":$ahead), "getTileRows() * getTileVectors()"> {
  let description = [{
    As a convolution's, with one filter for each channel. With `ahead` a tile prefetches what the
    tile after the next is the first to read and the next one stores to: for images that do not stay
    in the caches.
  }];
}

def Lamina_FilterGradientSchedule : Lamina_Schedule<"FilterGradient", "filter_gradient",
    "Gradients of convolutions by their filters", (ins
    "int64_t":$tileRows, "int64_t":$tileVectors, "int64_t":$channels, "int64_t":$columns,
    "int64_t":$positions, "int64_t":$images), "getTileRows() * getTileVectors()"> {
  let description = [{
    A task has `channels` x `columns` elements of one tap of the first axis and goes through the
    images in blocks of `positions` positions of the first axis in each of `images` images.
  }];
}

def Lamina_FewChannelsGradientSchedule : Lamina_Schedule<"FewChannelsGradient",
    "few_channels_gradient", "The same for inputs of few channels", (ins
    "int64_t":$tileRows, "int64_t":$tileVectors, "int64_t":$columns, "int64_t":$positions),
    "getTileRows() * getTileVectors()"> {
  let description = [{
    Pairs of a tap and a channel are the rows of the tiles. A task has `columns` filters and goes
    through each image in blocks of `positions` positions of the first axis.
  }];
}

def Lamina_DepthwiseGradientSchedule : Lamina_Schedule<"DepthwiseGradient", "depthwise_gradient",
    "The same for depthwise convolutions", (ins
    "int64_t":$tileVectors, "int64_t":$columns, "int64_t":$positions, "int64_t":$images),
    "getTileVectors()"> {
  let description = [{
    A task has `columns` channels with all their taps, and goes through the images in blocks of
    `positions` positions of the first axis in each of `images` images.
  }];
}

def Lamina_WindowSchedule : Lamina_PlainSchedule<"Window", "window", "Pooling and its gradients", (ins
    "int64_t":$vectors, "int64_t":$pixels), "getVectors()"> {
  let description = "A task has `pixels` pixels of the result, with `vectors` vectors at a time.";
}

def Lamina_ScatterSchedule : Lamina_PlainSchedule<"Scatter", "scatter", "Gradients of gather", (ins
    "int64_t":$columns), "1"> {
  let description = "A task has `columns` elements of every slice.";
}

def Lamina_WinogradSchedule : Lamina_Schedule<"Winograd", "winograd",
    "Convolutions by minimal filtering", (ins
    "int64_t":$tileRows, "int64_t":$tileVectors, "int64_t":$squares, "int64_t":$filters),
    "getTileRows() * getTileVectors()"> {
  let description = [{
    A task has `squares` squares of the result and `filters` filters. At a point, register tiles take
    `tileRows` squares and `tileVectors` vectors of filters.
  }];
}

def Lamina_WinogradFilterSchedule : Lamina_PlainSchedule<"WinogradFilter", "winograd_filter",
    "Filters at the points of minimal filtering", (ins "int64_t":$blocks, "bool":$streamed), "1"> {
  let description = [{
    A task has `blocks` blocks of a panel of filters and some channels. With `streamed` it stores
    past the caches.
  }];
}

def Lamina_WinogradGradientSchedule : Lamina_Schedule<"WinogradGradient", "winograd_gradient",
    "Gradients by filters by minimal filtering", (ins
    "int64_t":$tileRows, "int64_t":$tileVectors, "int64_t":$channels, "int64_t":$filters,
    "int64_t":$squares), "getTileRows() * getTileVectors()"> {
  let description = [{
    A task has `channels` x `filters` elements and goes through the images in blocks of `squares`
    squares, with register tiles of `tileRows` channels and `tileVectors` vectors of filters.
  }];
}

def Lamina_AttentionSchedule : Lamina_Schedule<"Attention", "attention", "Attention", (ins
    "int64_t":$tileRows, "int64_t":$tileVectors, "int64_t":$keys, "int64_t":$blocks),
    "getTileRows() * getTileVectors()"> {
  let description = [{
    A block has `tileVectors` vectors of queries and goes through the keys in blocks of `keys`, whose
    scores it holds. Register tiles have `tileRows` keys, or features of values. A task has `blocks`
    blocks.
  }];
}

def Lamina_AttentionGradientSchedule : Lamina_Schedule<"AttentionGradient", "attention_gradient",
    "Gradients of attention", (ins
    "int64_t":$tileRows, "int64_t":$tileVectors, "int64_t":$keys, "int64_t":$heads),
    "getTileRows() * getTileVectors()"> {
  let description = [{
    A task has `heads` heads of one or several rows, with blocks and tiles as attention's. For each
    block of queries it adds to the gradients of all keys and values.
  }];
}

def Lamina_AnySchedule : Attr<CPred<"::llvm::isa<::lamina::ir::Schedule>($_self)">,
                              "a schedule of some family"> {
  let storageType = "::lamina::ir::Schedule";
  let returnType = "::lamina::ir::Schedule";
  let convertFromStorage = "$_self";
}

#endif
