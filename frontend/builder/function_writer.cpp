#include "frontend/builder/function_writer.h"

using namespace mlir;

namespace lamina::frontend::builder {

FunctionWriter::FunctionWriter(ModuleOp module, llvm::StringRef name)
    : builder(module.getBodyRegion()) {
  builder.setInsertionPointToEnd(module.getBody());
  Location loc = NameLoc::get(builder.getStringAttr(name));
  function = builder.create<func::FuncOp>(loc, name.empty() ? "unnamed" : name,
                                          builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
}

Value FunctionWriter::addArgument(RankedTensorType type, llvm::StringRef attribute,
                                  Attribute value) {
  BlockArgument argument = function.getBody().addArgument(type, function.getLoc());
  arguments.push_back({argument, nullptr, {builder.getNamedAttr(attribute, value)}});
  return argument;
}

void FunctionWriter::annotateArgument(llvm::StringRef attribute, Attribute value) {
  arguments.back().attributes.push_back(builder.getNamedAttr(attribute, value));
}

void FunctionWriter::addResult(Value value, llvm::StringRef attribute, Attribute name) {
  results.push_back({value, {builder.getNamedAttr(attribute, name)}});
}

void FunctionWriter::annotateResult(llvm::StringRef attribute, Attribute value) {
  results.back().attributes.push_back(builder.getNamedAttr(attribute, value));
}

Value FunctionWriter::read(const Variable &variable) {
  Value &value = values[&variable];
  if (!value) {
    auto symbol = FlatSymbolRefAttr::get(builder.getContext(), variable.symbol);
    value = addArgument(variableType(builder.getContext(), variable), ir::kVariableAttr, symbol);
    arguments.back().variable = &variable;
  }
  return value;
}

void FunctionWriter::assign(const Variable &variable, Value value) {
  values[&variable] = value;
  assigned.insert(&variable);
}

void FunctionWriter::orderArguments() {
  llvm::stable_sort(arguments, [](const Argument &a, const Argument &b) {
    if (!a.variable || !b.variable)
      return a.variable && !b.variable;
    return a.variable->index < b.variable->index;
  });
  Block &block = function.getBody().front();
  unsigned count = block.getNumArguments();
  for (Argument &argument : arguments) {
    BlockArgument moved = block.addArgument(argument.value.getType(), function.getLoc());
    argument.value.replaceAllUsesWith(moved);
    for (Result &result : results)
      if (result.value == argument.value)
        result.value = moved;
    argument.value = moved;
  }
  block.eraseArguments(0, count);
}

func::FuncOp FunctionWriter::finish() {
  llvm::SmallVector<const Variable *> ordered(assigned.begin(), assigned.end());
  llvm::sort(ordered, [](auto *a, auto *b) { return a->index < b->index; });
  for (const Variable *variable : ordered)
    addResult(values[variable], ir::kVariableAttr,
              FlatSymbolRefAttr::get(builder.getContext(), variable->symbol));
  orderArguments();
  auto valuesOf = llvm::map_to_vector(results, [](const Result &result) { return result.value; });
  builder.create<func::ReturnOp>(function.getLoc(), valuesOf);
  function.setType(builder.getFunctionType(function.getBody().getArgumentTypes(),
                                           TypeRange(ValueRange(valuesOf))));
  for (auto [index, argument] : llvm::enumerate(arguments))
    function.setArgAttrs(index, argument.attributes);
  for (auto [index, result] : llvm::enumerate(results))
    function.setResultAttrs(index, result.attributes);
  return function;
}

void FunctionWriter::erase() {
  function.erase();
}

} // namespace lamina::frontend::builder
