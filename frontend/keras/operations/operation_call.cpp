#include "frontend/keras/operations/operation_call.h"

#include "ir/host_tensor.h"

using namespace mlir;

namespace lamina::frontend::keras {

using nlohmann::json;

namespace {

/// Whether `value` is {"class_name": className, "config": …}.
bool isObjectOf(const json &value, llvm::StringRef className) {
  return value.is_object() && value.value("class_name", json()) == className.str() &&
         value.contains("config");
}

bool isLiteral(const json &value) {
  return isObjectOf(value, "__tensor__") || isObjectOf(value, "__numpy__");
}

bool isNumber(const json &value) {
  return value.is_number() || value.is_boolean();
}

Type typeOfName(const OperationCall &call, const std::string &name) {
  std::optional<ElementType> type = findElementType(name);
  if (!type)
    call.fail(fmt::format("the dtype {} is not supported", printable(name)));
  return ir::toMlirType(call.emit().getContext(), *type);
}

/// Booleans, signed and unsigned bytes, integers by width, floating point by width.
int promotionRank(Type type) {
  if (type.isInteger(1))
    return 0;
  if (auto integer = dyn_cast<IntegerType>(type))
    return static_cast<int>(integer.getWidth());
  return 100 + static_cast<int>(type.getIntOrFloatBitWidth());
}

} // namespace

const json &OperationCall::argument(const std::string &key) {
  if (!settings.has(key))
    fail(fmt::format("is called without the argument '{}'", key));
  return settings.raw(key);
}

Type OperationCall::numberType(const json &number, Type other) {
  MLIRContext *context = emit().getContext();
  if (number.is_number_float())
    return isa_and_present<FloatType>(other) ? other : emit().getFloatType();
  if (number.is_boolean())
    return other ? other : IntegerType::get(context, 1);
  return other && !other.isInteger(1) ? other : IntegerType::get(context, 32);
}

Tensor OperationCall::readLiteral(const std::string &key, const json &value) {
  if (!isLiteral(value) && !value.is_array())
    fail(fmt::format("the argument '{}' is not a tensor", printable(key)));
  const json one = {{key, value}};
  Config::Numbers numbers = Config(one, layer.place()).numbers(key, 0);
  Type type = emit().getFloatType();
  if (isLiteral(value) && value["config"].is_object())
    type = typeOfName(*this, value["config"].value("dtype", std::string("float32")));
  return emit().constant(type, numbers.values, numbers.shape);
}

Tensor OperationCall::read(const std::string &key, const json &value, Type type) {
  if (isObjectOf(value, kTensorReference)) {
    const json &index = value["config"];
    if (!index.is_number_unsigned() || index >= inputs.size())
      fail(fmt::format("the argument '{}' is no tensor of the model", printable(key)));
    return inputs[index.get<size_t>()];
  }
  if (isNumber(value))
    return emit().constant(type,
                           value.is_boolean() ? double(value.get<bool>()) : value.get<double>());
  return readLiteral(key, value);
}

Tensor OperationCall::tensor(const std::string &key) {
  const json &value = argument(key);
  return read(key, value, numberType(value, Type()));
}

Tensor OperationCall::boolTensor(const std::string &key) {
  return tensor(key).convert(IntegerType::get(emit().getContext(), 1));
}

Tensors OperationCall::tensors(const std::string &key) {
  const json &value = settings.raw(key);
  if (!value.is_array())
    return {tensor(key)};
  Tensors result;
  for (const json &item : value) {
    if (!isObjectOf(item, kTensorReference) && !isLiteral(item))
      fail(fmt::format("the argument '{}' holds something other than tensors of the model",
                       printable(key)));
    result.push_back(read(key, item, Type()));
  }
  if (result.empty())
    fail(fmt::format("the argument '{}' is empty", printable(key)));
  Type type = result[0].elementType();
  for (Tensor x : result)
    type = promoteTypes(*this, type, x.elementType());
  for (Tensor &x : result)
    x = x.convert(type);
  return result;
}

std::pair<Tensor, Tensor> OperationCall::promoted(const std::string &first,
                                                  const std::string &second) {
  const json &a = argument(first), &b = argument(second);
  Tensor x, y;
  if (isNumber(a)) {
    y = tensor(second);
    x = read(first, a, numberType(a, y.elementType()));
  } else {
    x = tensor(first);
    y = read(second, b, numberType(b, x.elementType()));
  }
  std::tie(x, y) = inCommonType(*this, x, y);
  checkBroadcast(*this, x, y);
  return {x, y};
}

std::pair<Tensor, Tensor> OperationCall::promotedFloats(const std::string &first,
                                                        const std::string &second) {
  auto [x, y] = promoted(first, second);
  return {x.toFloat(), y.toFloat()};
}

int64_t OperationCall::axis(const std::string &key, int64_t fallback, int64_t rank) {
  return normalizeAxis(layer.place(), settings.integer(key, fallback), rank);
}

llvm::SmallVector<int64_t> OperationCall::axes(const std::string &key, int64_t rank) {
  std::optional<std::vector<int64_t>> given = settings.integers(key);
  if (!given)
    return llvm::to_vector(llvm::seq<int64_t>(0, rank));
  llvm::SmallVector<int64_t> result;
  for (int64_t axis : *given) {
    result.push_back(normalizeAxis(layer.place(), axis, rank));
    if (llvm::count(result, result.back()) > 1)
      fail(fmt::format("'{}' names axis {} twice", key, axis));
  }
  llvm::sort(result);
  return result;
}

Type OperationCall::elementType(const std::string &key) {
  std::string name = settings.text(key, "");
  return name.empty() ? Type() : typeOfName(*this, name);
}

void checkBroadcast(const OperationCall &call, Tensor a, Tensor b) {
  int64_t common = std::min(a.rank(), b.rank());
  for (int64_t i = 1; i <= common; ++i) {
    int64_t x = a.dim(a.rank() - i), y = b.dim(b.rank() - i);
    if (x != y && x != 1 && y != 1)
      call.fail(fmt::format("shapes {} and {} cannot be broadcast to each other",
                            describeShape(a.shape()), describeShape(b.shape())));
  }
}

Type promoteTypes(const OperationCall &call, Type a, Type b) {
  if (a == b)
    return a;
  int aRank = promotionRank(a), bRank = promotionRank(b);
  if (aRank == bRank)
    call.fail("int8 and uint8 together give int16, which is not supported; cast one of them");
  return aRank > bRank ? a : b;
}

std::pair<Tensor, Tensor> inCommonType(const OperationCall &call, Tensor a, Tensor b) {
  Type type = promoteTypes(call, a.elementType(), b.elementType());
  return {a.convert(type), b.convert(type)};
}

} // namespace lamina::frontend::keras
