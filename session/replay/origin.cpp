#include "session/replay/origin.h"

#include <cmath>
#include <cstring>

#include "ir/interpreter/interpreter.h"
#include "ir/layer_name.h"
#include "passes/training/inline_calls.h"
#include "session/replay/observations.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::session {

namespace {

using frontend::Array;
using ir::HostTensor;
using trainer::Dataset;
using trainer::NonFiniteStep;
using Tensors = std::map<std::string, HostTensor>;

HostTensor toHost(const Array &array) {
  HostTensor tensor(array.type, array.shape);
  std::memcpy(tensor.raw().data(), array.bytes.data(), array.bytes.size());
  return tensor;
}

std::vector<int64_t> indexOf(int64_t element, ArrayRef<int64_t> shape) {
  std::vector<int64_t> index(shape.size());
  for (size_t d = shape.size(); d-- > 0; element /= shape[d])
    index[d] = element % shape[d];
  return index;
}

/// Interprets the parts of a step one after another.
class OriginFinder {
public:
  OriginFinder(Session &session, Tensors variables, const Dataset &batch)
      : session_(session), variables_(std::move(variables)), batch_(batch) {}

  std::optional<Origin> find() {
    auto isLoss = [](func::FuncOp function, unsigned result) {
      auto log = function.getResultAttrOfType<StringAttr>(result, ir::kLogAttr);
      return log && log.getValue() == "loss";
    };
    auto isAny = [](func::FuncOp, unsigned) { return true; };
    if (auto origin = run(ir::kLoss, Origin::Pass::Forward, isLoss))
      return origin;
    session_.lower(passes::Stage::Gradient);
    if (auto origin = run(ir::kGradient, Origin::Pass::Backward, isAny))
      return origin;
    return run(ir::kOptimizer, Origin::Pass::Update, isAny);
  }

private:
  /// The origin of the first result that is wanted and not finite. Results take their places in
  /// variables and gradients.
  template <typename IsWanted>
  std::optional<Origin> run(llvm::StringRef name, Origin::Pass pass, IsWanted isWanted) {
    auto function = session_.module().lookupSymbol<func::FuncOp>(name);
    if (failed(passes::inlineCalls(function)))
      fail("{}: @{} cannot be interpreted", session_.name(), name.str());
    Observations observations;
    ir::EvaluatorTable table = observations.table();
    std::vector<HostTensor> arguments = argumentsOf(function);
    for (auto [value, tensor] : llvm::zip_equal(function.getArguments(), arguments))
      observations.keep(value, tensor);
    auto results = ir::interpret(function, arguments, batch_.rows, table);
    if (!results)
      fail("{}: the step cannot be interpreted: {}", session_.name(),
           llvm::toString(results.takeError()));
    Operation *terminator = function.getBody().front().getTerminator();
    for (auto [index, value] : llvm::enumerate(terminator->getOperands())) {
      takeResult(function, static_cast<unsigned>(index), (*results)[index]);
      if (isWanted(function, static_cast<unsigned>(index)) && !observations.isClean(value))
        return findSource(function, observations, value, pass);
    }
    return std::nullopt;
  }

  std::vector<HostTensor> argumentsOf(func::FuncOp function) {
    std::vector<HostTensor> arguments;
    ir::FunctionSignature signature = codegen::signatureOf(function);
    for (const ir::Port &port : signature.arguments) {
      std::string name = port.name.str();
      auto shape = ir::concreteShape(port.type, batch_.rows);
      switch (port.role) {
      case ir::PortRole::Variable:
        arguments.push_back(given(variables_, name, port, shape));
        break;
      case ir::PortRole::Gradient:
        // A variable that the loss does not depend on has none.
        arguments.push_back(gradients_.contains(name)
                                ? gradients_.at(name)
                                : HostTensor(ir::toElementType(port.type.getElementType()), shape));
        break;
      case ir::PortRole::Input:
        arguments.push_back(toHost(batch_.inputs.at(port.index)));
        break;
      case ir::PortRole::Target:
        arguments.push_back(toHost(batch_.targets.at(port.index)));
        break;
      case ir::PortRole::SampleWeight:
        arguments.push_back(toHost(batch_.weights.at(port.index)));
        break;
      default:
        fail("{}: @{} takes something that no step has", session_.name(), function.getName().str());
      }
    }
    return arguments;
  }

  const HostTensor &given(const Tensors &tensors, const std::string &name, const ir::Port &port,
                          ArrayRef<int64_t> shape) const {
    auto found = tensors.find(name);
    if (found == tensors.end() || found->second.shape() != shape ||
        found->second.type() != ir::toElementType(port.type.getElementType()))
      fail("{}: the step has no value of variable '{}' that fits the model", session_.name(),
           printable(name));
    return found->second;
  }

  void takeResult(func::FuncOp function, unsigned index, const HostTensor &tensor) {
    if (auto variable = ir::getResultVariable(function, index))
      variables_[variable.getValue().str()] = tensor;
    else if (auto of = function.getResultAttrOfType<FlatSymbolRefAttr>(index, ir::kGradientAttr))
      gradients_[of.getValue().str()] = tensor;
  }

  Origin findSource(func::FuncOp function, const Observations &observations, Value value,
                    Origin::Pass pass) const {
    Value source = observations.trace(value);
    std::optional<Value> infinity = observations.infinityBehind(source);
    if (!infinity)
      return describeOrigin(function, observations, source, pass);
    Origin origin = describeOrigin(function, observations, *infinity, pass);
    Operation *made = observations.maker(source).operation;
    origin.nanLayer = ir::layerOf(made->getLoc());
    origin.nanOperation = made->getName().stripDialect().str();
    return origin;
  }

  Origin describeOrigin(func::FuncOp function, const Observations &observations, Value value,
                        Origin::Pass pass) const {
    Origin origin;
    origin.pass = pass;
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      ir::FunctionSignature signature = codegen::signatureOf(function);
      const ir::Port &port = signature.arguments[argument.getArgNumber()];
      const char *role = port.role == ir::PortRole::Variable   ? "variable"
                         : port.role == ir::PortRole::Input    ? "input"
                         : port.role == ir::PortRole::Target   ? "target"
                         : port.role == ir::PortRole::Gradient ? "gradient of"
                                                               : "weights of";
      origin.given = fmt::format("{} '{}'", role, printable(port.name.str()));
      Finding finding = observations.of(value);
      origin.value = finding.value;
      auto shape = ir::concreteShape(port.type, batch_.rows);
      origin.shape.assign(shape.begin(), shape.end());
      origin.element = indexOf(finding.element, origin.shape);
      return origin;
    }
    const Maker &maker = observations.maker(value);
    origin.layer = ir::layerOf(maker.operation->getLoc());
    origin.operation = maker.operation->getName().stripDialect().str();
    origin.shape = maker.shape;
    origin.element = indexOf(maker.finding.element, maker.shape);
    origin.value = maker.finding.value;
    origin.operands = maker.operands;
    return origin;
  }

  Session &session_;
  Tensors variables_, gradients_;
  const Dataset &batch_;
};

/// One row of a batch.
Dataset rowOf(const Dataset &batch, int64_t row) {
  Dataset part;
  part.file = batch.file;
  part.rows = 1;
  for (auto member : {&Dataset::inputs, &Dataset::targets, &Dataset::weights})
    for (const Array &array : batch.*member) {
      Array &copy = (part.*member).emplace_back();
      copy.type = array.type;
      copy.shape = array.shape;
      copy.shape[0] = 1;
      size_t width = array.bytes.size() / static_cast<size_t>(batch.rows);
      auto begin = array.bytes.begin() + static_cast<ptrdiff_t>(width) * row;
      copy.bytes.assign(begin, begin + static_cast<ptrdiff_t>(width));
    }
  return part;
}

/// The first row whose loss alone is not finite; nothing where it takes several of them. The
/// interpreter takes its time for a batch.
std::optional<int64_t> findRow(trainer::ModelRunner &runner, const NonFiniteStep &step) {
  trainer::BatchLogs logs = runner.makeBatchLogs(runner.signature().trainLogs);
  for (int64_t row = 0; row < step.batch.rows; ++row) {
    Dataset alone = rowOf(step.batch, row);
    runner.loadAll(step.variables);
    trainer::Batches batches(alone, runner.signature().batchSize);
    runner.trainStep(batches.get(0, {}), logs);
    if (!std::isfinite(logs.logs[0]))
      return row;
  }
  return std::nullopt;
}

/// NaN has a sign that says nothing.
std::string number(double value) {
  return std::isnan(value) ? "nan" : fmt::format("{:.6g}", value);
}

/// "layer 'log', operation log", of a layer without a name "operation log".
std::string describeOperation(Origin::Pass pass, const std::string &layer,
                              const std::string &operation) {
  const char *owner = pass == Origin::Pass::Update ? "optimizer" : "layer";
  return (layer.empty() ? "" : fmt::format("{} '{}', ", owner, printable(layer))) + "operation " +
         operation;
}

/// "element (3, 0) of (64, 10) is nan", of a scalar "the result is nan".
std::string describeElement(const Origin &origin) {
  if (origin.shape.empty())
    return fmt::format("the result is {}", number(origin.value));
  return fmt::format("element {} of {} is {}", frontend::describeShape(origin.element),
                     frontend::describeShape(origin.shape), number(origin.value));
}

} // namespace

std::optional<Origin> findOrigin(const frontend::KerasFile &file, const Options &options,
                                 const NonFiniteStep &step) {
  Options quiet = options;
  quiet.tell = nullptr;
  std::optional<int64_t> row;
  Tensors variables;
  {
    Session compiled(file, quiet, /*training=*/true);
    trainer::ModelRunner &runner = compiled.compile(0);
    size_t index = 0;
    for (const codegen::VariableSpec &variable : runner.signature().variables)
      variables.emplace(variable.name, toHost(step.variables.at(index++)));
    bool isStateful = compiled.module().lookupSymbol(ir::kResetStates);
    if (step.isLoss && !isStateful)
      row = findRow(runner, step);
  }
  Session session(file, quiet, /*training=*/true);
  Dataset alone;
  if (row)
    alone = rowOf(step.batch, *row);
  std::optional<Origin> origin =
      OriginFinder(session, std::move(variables), row ? alone : step.batch).find();
  if (origin && row)
    origin->row = *row;
  return origin;
}

std::string describe(const Origin &origin) {
  if (origin.operation.empty())
    return fmt::format("before the step, in {}: {}", origin.given, describeElement(origin));
  const char *pass = origin.pass == Origin::Pass::Forward    ? "the forward pass"
                     : origin.pass == Origin::Pass::Backward ? "the backward pass"
                                                             : "the update of the variables";
  std::string text = fmt::format("in {}, {}: {}", pass,
                                 describeOperation(origin.pass, origin.layer, origin.operation),
                                 describeElement(origin));
  for (size_t i = 0; i < origin.operands.size(); ++i)
    text += (i ? " and " : ", from ") + number(origin.operands[i]);
  if (!origin.nanOperation.empty())
    text += fmt::format("; of it {} made nan",
                        describeOperation(origin.pass, origin.nanLayer, origin.nanOperation));
  return text;
}

} // namespace lamina::session
