#include "ir/signature.h"

#include <array>

#include "ir/host_tensor.h"
#include "ir/logs.h"

using namespace mlir;

namespace lamina::ir {
namespace {

constexpr std::pair<VariableRole, llvm::StringLiteral> kVariableRoles[] = {
    {VariableRole::OptimizerState, "optimizer_state"},
    {VariableRole::LearningRate, "learning_rate"},
    {VariableRole::Iteration, "iteration"},
    {VariableRole::GradientSum, "gradient_sum"}};

/// How a role is said, and where it may be.
struct RoleRule {
  PortRole role;
  llvm::StringLiteral attribute;
  bool ofArguments, ofResults;
  bool isUnique; ///< no two ports of the role have one name
};

constexpr RoleRule kRules[] = {{PortRole::Variable, kVariableAttr, true, true, true},
                               {PortRole::Gradient, kGradientAttr, true, true, true},
                               {PortRole::Input, kInputAttr, true, false, true},
                               {PortRole::Target, kTargetAttr, true, false, false},
                               {PortRole::SampleWeight, kWeightAttr, true, false, false},
                               {PortRole::Seed, kSeedAttr, true, false, false},
                               {PortRole::Load, kLoadAttr, true, false, true},
                               {PortRole::Save, kSaveAttr, false, true, true},
                               {PortRole::Output, kOutputAttr, false, true, false},
                               {PortRole::Log, kLogAttr, false, true, false},
                               {PortRole::Sum, kSumAttr, true, true, false}};
constexpr size_t kRoles = std::size(kRules);

StringAttr nameOf(Attribute attribute) {
  if (auto symbol = dyn_cast<FlatSymbolRefAttr>(attribute))
    return symbol.getAttr();
  return dyn_cast<StringAttr>(attribute);
}

/// Reads the arguments of a function or its results.
class PortReader {
public:
  PortReader(func::FuncOp function, bool ofArguments)
      : function(function), ofArguments(ofArguments), kind(ofArguments ? "argument" : "result") {}

  LogicalResult read(unsigned position, DictionaryAttr attributes, Type type) {
    Port port;
    port.position = position;
    port.type = dyn_cast<RankedTensorType>(type);
    if (!port.type)
      return fail(position) << "is no tensor";
    if (Type element = port.type.getElementType(); !findElementType(element))
      return fail(position) << "has elements of type " << element
                            << "; tensors have f32, f64, i64, i32, i8, ui8 or i1";
    if (failed(findRole(port, attributes)) || failed(checkType(port)))
      return failure();
    readDetails(port, attributes);
    size_t &count = counts[static_cast<size_t>(port.role)];
    port.index = count;
    bool isInline = port.role == PortRole::Log || port.role == PortRole::Sum;
    count += isInline ? static_cast<size_t>(port.type.getNumElements()) : 1;
    ports.push_back(port);
    return success();
  }

  std::vector<Port> ports;

private:
  InFlightDiagnostic fail(unsigned position) {
    return function.emitError() << kind << " " << position << " of @" << function.getSymName()
                                << " ";
  }

  LogicalResult findRole(Port &port, DictionaryAttr attributes) {
    const RoleRule *found = nullptr;
    for (const RoleRule &rule : kRules) {
      Attribute attribute = attributes ? attributes.get(rule.attribute) : Attribute();
      if (!attribute)
        continue;
      if (found)
        return fail(port.position)
               << "has both '" << found->attribute << "' and '" << rule.attribute << "'";
      if (!(ofArguments ? rule.ofArguments : rule.ofResults))
        return fail(port.position) << "has '" << rule.attribute << "', which no " << kind << " has";
      found = &rule;
      port.role = rule.role;
      port.name = nameOf(attribute);
      if (!port.name && rule.role != PortRole::Seed)
        return fail(port.position) << "has '" << rule.attribute << "' without a name";
    }
    if (!found)
      return fail(port.position) << "has no attribute that says what it is";
    if (found->isUnique && !names[static_cast<size_t>(port.role)].insert(port.name).second)
      return fail(port.position) << "has '" << found->attribute << "' of '" << port.name.getValue()
                                 << "', as another " << kind << " has";
    return success();
  }

  LogicalResult checkType(const Port &port) {
    switch (port.role) {
    case PortRole::Seed:
      if (port.type.getRank() != 0 || !port.type.getElementType().isInteger(64))
        return fail(port.position) << "is a seed but no i64";
      return success();
    case PortRole::Log:
    case PortRole::Sum:
      if (!port.type.hasStaticShape() || !isa<FloatType>(port.type.getElementType()))
        return fail(port.position) << "is a log or a sum but has no fixed number of floats";
      return success();
    default:
      return success();
    }
  }

  void readDetails(Port &port, DictionaryAttr attributes) {
    port.isPerBatch = attributes.contains(kPerBatchAttr);
    port.isProbability = attributes.contains(kProbabilityAttr);
    for (llvm::StringRef name : {llvm::StringRef(kClassesAttr), llvm::StringRef(kEntriesAttr)})
      if (auto bound = attributes.getAs<IntegerAttr>(name))
        port.bound = bound.getInt();
  }

  func::FuncOp function;
  bool ofArguments;
  llvm::StringRef kind;
  std::array<size_t, kRoles> counts = {};
  std::array<llvm::DenseSet<StringAttr>, kRoles> names;
};

std::vector<Port> external(llvm::ArrayRef<Port> ports) {
  std::vector<Port> result;
  llvm::copy_if(ports, std::back_inserter(result),
                [](const Port &port) { return port.role != PortRole::Variable; });
  return result;
}

} // namespace

VariableRole roleOf(VariableOp variable) {
  auto said = variable->getAttrOfType<StringAttr>(kRoleAttr);
  for (auto [role, name] : kVariableRoles)
    if (said && said.getValue() == name)
      return role;
  return VariableRole::Model;
}

bool isInternal(VariableOp variable) {
  return variable.getMirrorAttr() || roleOf(variable) == VariableRole::GradientSum;
}

void setRole(VariableOp variable, VariableRole role) {
  for (auto [known, name] : kVariableRoles)
    if (known == role)
      variable->setAttr(kRoleAttr, StringAttr::get(variable.getContext(), name));
}

std::vector<Port> FunctionSignature::externalArguments() const {
  return external(arguments);
}
std::vector<Port> FunctionSignature::externalResults() const {
  return external(results);
}

std::vector<Port> portsOf(llvm::ArrayRef<Port> ports, PortRole role) {
  std::vector<Port> result;
  llvm::copy_if(ports, std::back_inserter(result),
                [&](const Port &port) { return port.role == role; });
  return result;
}

FailureOr<FunctionSignature> readSignature(func::FuncOp function) {
  PortReader arguments(function, true), results(function, false);
  for (auto [position, type] : llvm::enumerate(function.getArgumentTypes()))
    if (failed(arguments.read(position, function.getArgAttrDict(position), type)))
      return failure();
  for (auto [position, type] : llvm::enumerate(function.getResultTypes()))
    if (failed(results.read(position, function.getResultAttrDict(position), type)))
      return failure();
  return FunctionSignature{std::move(arguments.ports), std::move(results.ports)};
}

} // namespace lamina::ir
