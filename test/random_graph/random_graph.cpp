#include "test/random_graph/random_graph.h"

#include "ir/module.h"
#include "test/random_graph/steps/random_steps.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

OwningOpRef<ModuleOp> makeModule(MLIRContext &context, int64_t batchSize) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  (*module)->setAttr(kBatchSizeAttr, IntegerAttr::get(IntegerType::get(&context, 64), batchSize));
  return module;
}

Type floatTypeOf(MLIRContext &context, const RandomGraphOptions &options) {
  return options.doublePrecision ? Type(Float64Type::get(&context))
                                 : Type(Float32Type::get(&context));
}

/// A function without arguments and results so far; both are added while its body grows.
func::FuncOp makeFunction(ModuleOp module, llvm::StringRef name) {
  auto function =
      func::FuncOp::create(module.getLoc(), name, FunctionType::get(module.getContext(), {}, {}));
  module.push_back(function);
  function.addEntryBlock();
  return function;
}

Value addArgument(GraphBuilder &graph, func::FuncOp function, Type type, NamedAttribute attribute,
                  ValueFacts facts) {
  unsigned index = function.getNumArguments();
  function.insertArgument(index, type, DictionaryAttr::get(function.getContext(), attribute),
                          function.getLoc());
  return graph.keep(function.getArgument(index), facts);
}

NamedAttribute named(MLIRContext *context, llvm::StringRef attribute, llvm::StringRef name) {
  return {StringAttr::get(context, attribute), StringAttr::get(context, name)};
}

void addResults(GraphBuilder &graph, func::FuncOp function, ArrayRef<Value> values) {
  graph.mlirBuilder().create<func::ReturnOp>(function.getLoc(), values);
  function.setType(FunctionType::get(function.getContext(), function.getArgumentTypes(),
                                     TypeRange(ValueRange(values))));
}

/// Float matrices with rows, a static matrix, and an integer and a boolean vector.
void addGraphArguments(GraphBuilder &graph, func::FuncOp function) {
  MLIRContext *context = function.getContext();
  llvm::SmallVector<RankedTensorType> types;
  for (int i = 0; i < 2; ++i)
    types.push_back(graph.typeOf({ShapedType::kDynamic, graph.randomExtent()}, graph.floatType()));
  types.push_back(graph.typeOf({graph.randomExtent(), graph.randomExtent()}, graph.floatType()));
  types.push_back(graph.typeOf({ShapedType::kDynamic}, graph.randomIntegerType()));
  types.push_back(graph.typeOf({graph.randomExtent()}, graph.boolType()));
  for (auto [index, type] : llvm::enumerate(types))
    addArgument(graph, function, type, named(context, kInputAttr, "x" + std::to_string(index)),
                {isa<FloatType>(type.getElementType()) ? 2.0 : 4.0, true});
}

/// Images of one size with as many channels each, and a filter.
void addSquareArguments(GraphBuilder &graph, func::FuncOp function) {
  int64_t height = 6 + graph.choose(5), width = 6 + graph.choose(5);
  int64_t channels = 32 << graph.choose(2);
  llvm::SmallVector<int64_t> image = {ShapedType::kDynamic, height, width, channels};
  llvm::SmallVector<int64_t> filter = {3, 3, channels, channels};
  for (const auto &[name, shape] :
       {std::pair("image0", image), {"image1", image}, {"filter", filter}})
    addArgument(graph, function, graph.typeOf(shape, graph.floatType()),
                named(function.getContext(), kInputAttr, name), {2, true});
}

//===--- Models ------------------------------------------------------------------------------===//

/// Trainable variables count as inexact: operations that jump, which have no useful derivative,
/// never depend on them.
void addModelVariables(GraphBuilder &graph, ModuleOp module, func::FuncOp function) {
  MLIRContext *context = module.getContext();
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  for (int64_t i = 0, count = 2 + graph.choose(3); i < count; ++i) {
    llvm::SmallVector<int64_t> shape;
    for (int64_t rank = graph.choose(3); rank > 0; --rank)
      shape.push_back(1 + graph.choose(5));
    RankedTensorType type = graph.typeOf(shape, graph.floatType());
    std::string name = "v" + std::to_string(i);
    builder.create<VariableOp>(module.getLoc(), name, type, /*path=*/"", /*trainable=*/true,
                               PackedAttr(), FlatSymbolRefAttr(), DenseI64ArrayAttr(),
                               IntegerAttr());
    addArgument(graph, function, type,
                {StringAttr::get(context, kVariableAttr), FlatSymbolRefAttr::get(context, name)},
                {2, false});
  }
}

/// The mean of all elements of `value`, over the rows at hand.
Value meanOf(GraphBuilder &graph, Value value) {
  llvm::SmallVector<int64_t> dimensions;
  int64_t elements = 1;
  Value count = graph.filled({}, graph.floatType(), 1);
  for (auto [dimension, extent] : llvm::enumerate(shapeOf(value))) {
    dimensions.push_back(static_cast<int64_t>(dimension));
    if (ShapedType::isDynamic(extent))
      count = graph.make<RowsOp>(graph.typeOf({}, graph.floatType()));
    else
      elements *= extent;
  }
  Value sum = graph.make<ReduceOp>(value, ReductionKind::add, dimensions);
  Value scale = graph.filled({}, graph.floatType(), static_cast<double>(elements));
  return graph.make<DivideOp>(sum, graph.make<MultiplyOp>(count, scale));
}

/// The sum of the means of all floating-point values that nothing uses.
Value addLoss(GraphBuilder &graph) {
  Value loss = graph.filled({}, graph.floatType(), 0.25);
  for (Value value : std::vector<Value>(graph.values()))
    if (isFloat(value) && value.use_empty()) {
      Value mean = meanOf(graph, graph.limited(value, 4));
      loss = graph.make<AddOp>(loss, mean);
    }
  return loss;
}

} // namespace

void addRandomStep(GraphBuilder &graph) {
  int64_t topic = graph.choose(100);
  llvm::ArrayRef<Step> steps = topic < 35   ? elementwiseSteps()
                               : topic < 60 ? structureSteps()
                               : topic < 74 ? windowSteps()
                               : topic < 78 ? attentionSteps()
                               : topic < 83 ? loopSteps()
                                            : exactSteps();
  steps[graph.choose(static_cast<int64_t>(steps.size()))](graph);
}

OwningOpRef<ModuleOp> makeRandomGraph(MLIRContext &context, uint64_t seed,
                                      const RandomGraphOptions &options) {
  loadDialects(context);
  OwningOpRef<ModuleOp> module = makeModule(context, options.batchSize);
  func::FuncOp function = makeFunction(*module, "main");
  GraphBuilder graph(OpBuilder::atBlockEnd(&function.getBody().front()), seed,
                     floatTypeOf(context, options), options.batchSize);
  addGraphArguments(graph, function);
  if (options.squareConvolutions)
    addSquareArguments(graph, function);
  for (int step = 0; step < options.steps; ++step)
    if (options.squareConvolutions && step % 4 == 0)
      squareSteps()[graph.choose(static_cast<int64_t>(squareSteps().size()))](graph);
    else
      addRandomStep(graph);
  std::vector<Value> results;
  for (Value value : graph.values())
    if (value.use_empty())
      results.push_back(value);
  addResults(graph, function, results);
  for (unsigned i = 0; i < results.size(); ++i)
    function.setResultAttr(i, kOutputAttr, StringAttr::get(&context, "y" + std::to_string(i)));
  return module;
}

OwningOpRef<ModuleOp> makeRandomModel(MLIRContext &context, uint64_t seed,
                                      const RandomGraphOptions &options) {
  loadDialects(context);
  OwningOpRef<ModuleOp> module = makeModule(context, options.batchSize);
  func::FuncOp function = makeFunction(*module, kLoss);
  GraphBuilder graph(OpBuilder::atBlockEnd(&function.getBody().front()), seed,
                     floatTypeOf(context, options), options.batchSize);
  addModelVariables(graph, *module, function);
  Value input =
      addArgument(graph, function,
                  graph.typeOf({ShapedType::kDynamic, graph.randomExtent()}, graph.floatType()),
                  named(&context, kInputAttr, "x"), {2, true});
  graph.keep(graph.make<StopGradientOp>(input), graph.facts(input));
  for (int step = 0; step < options.steps; ++step)
    addRandomStep(graph);
  addResults(graph, function, addLoss(graph));
  function.setResultAttr(0, kLogAttr, StringAttr::get(&context, "loss"));
  return module;
}

std::vector<HostTensor> makeRandomArguments(func::FuncOp function, uint64_t seed, int64_t rows) {
  std::mt19937_64 random(seed);
  std::vector<HostTensor> arguments;
  for (Type argument : function.getArgumentTypes()) {
    auto type = cast<RankedTensorType>(argument);
    HostTensor tensor(toElementType(type.getElementType()), concreteShape(type, rows));
    visitElementType(tensor.type(), [&]<typename T>(std::type_identity<T>) {
      for (T &element : tensor.elements<T>())
        element = std::is_floating_point_v<T>
                      ? static_cast<T>(static_cast<double>(random() >> 11) * 0x1p-51 - 2)
                      : static_cast<T>(random() % 5);
    });
    arguments.push_back(std::move(tensor));
  }
  return arguments;
}

std::string textOf(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  return text;
}

} // namespace lamina::test
