// Contractions of keras.ops: keras/src/ops/numpy.py
#include "frontend/builder/einsum.h"
#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/operations.h"

namespace lamina::frontend::keras {
namespace {

/// Two operands in their common floating-point type.
std::pair<Tensor, Tensor> floatOperands(OperationCall &call) {
  return inCommonType(call, call.floatTensor("x1"), call.floatTensor("x2"));
}

/// `count` letters from `first` on.
std::string letters(char first, int64_t count) {
  std::string result;
  for (int64_t i = 0; i < count; ++i)
    result += static_cast<char>(first + i);
  return result;
}

/// Ranks that the letters below suffice for.
constexpr int64_t kMostDimensions = 8;

void checkRanks(OperationCall &call, Tensor a, Tensor b) {
  if (a.rank() < 1 || b.rank() < 1 || a.rank() > kMostDimensions || b.rank() > kMostDimensions)
    call.fail(fmt::format("cannot contract shapes {} and {}", describeShape(a.shape()),
                          describeShape(b.shape())));
}

void checkContracted(OperationCall &call, Tensor a, int64_t i, Tensor b, int64_t j) {
  if (a.dim(i) != b.dim(j))
    call.fail(fmt::format("cannot contract dimension {} of shape {} with dimension {} of shape {}",
                          i, describeShape(a.shape()), j, describeShape(b.shape())));
}

/// A tensor with a letter for each of its dimensions.
struct Labelled {
  Tensor tensor;
  std::string labels;
};

/// An operand of matmul: `matrix` labels its last dimensions; those before are A, B, … from the
/// last one on. Extents of 1 that the other operand repeats are left out.
Labelled labelMatrix(OperationCall &call, Tensor x, llvm::StringRef matrix, Tensor other) {
  int64_t batch = x.rank() - static_cast<int64_t>(matrix.size());
  int64_t otherBatch = std::max<int64_t>(other.rank() - 2, 0);
  std::string labels;
  llvm::SmallVector<int64_t> shape;
  for (int64_t i = 0; i < batch; ++i) {
    int64_t fromLast = batch - 1 - i;
    int64_t partner = fromLast < otherBatch ? other.dim(otherBatch - 1 - fromLast) : x.dim(i);
    if (x.dim(i) != partner && x.dim(i) != 1 && partner != 1)
      call.fail(fmt::format("shapes {} and {} cannot be broadcast to each other",
                            describeShape(x.shape()), describeShape(other.shape())));
    if (x.dim(i) != partner && x.dim(i) == 1)
      continue;
    labels += static_cast<char>('A' + fromLast);
    shape.push_back(x.dim(i));
  }
  shape.append(x.shape().begin() + batch, x.shape().end());
  return {x.reshape(shape), labels + matrix.str()};
}

/// NumPy's matmul: the last two dimensions are matrices, those before broadcast.
Tensors matmul(OperationCall &call) {
  auto [a, b] = floatOperands(call);
  checkRanks(call, a, b);
  checkContracted(call, a, a.rank() - 1, b, std::max<int64_t>(b.rank() - 2, 0));
  Labelled left = labelMatrix(call, a, a.rank() == 1 ? "k" : "mk", b);
  Labelled right = labelMatrix(call, b, b.rank() == 1 ? "k" : "kn", a);
  std::string result;
  for (int64_t i = std::max(a.rank(), b.rank()) - 3; i >= 0; --i)
    result += static_cast<char>('A' + i);
  result += std::string(a.rank() == 1 ? "" : "m") + (b.rank() == 1 ? "" : "n");
  return {
      einsum(call.layer.place(), {left.labels, right.labels}, result, {left.tensor, right.tensor})};
}

/// NumPy's dot: the last dimension of the first with the last but one of the second.
Tensors dotProduct(OperationCall &call) {
  auto [a, b] = floatOperands(call);
  checkRanks(call, a, b);
  std::string aLabels = letters('a', a.rank()), bLabels = letters('A', b.rank());
  size_t contracted = bLabels.size() == 1 ? 0 : bLabels.size() - 2;
  checkContracted(call, a, a.rank() - 1, b, static_cast<int64_t>(contracted));
  bLabels[contracted] = aLabels.back();
  std::string result = aLabels.substr(0, aLabels.size() - 1) + bLabels;
  result.erase(aLabels.size() - 1 + contracted, 1);
  return {einsum(call.layer.place(), {aLabels, bLabels}, result, {a, b})};
}

/// NumPy's inner: the last dimensions of both; scalars multiply.
Tensors innerProduct(OperationCall &call) {
  auto [a, b] = floatOperands(call);
  if (a.rank() == 0 || b.rank() == 0)
    return {a * b};
  checkRanks(call, a, b);
  checkContracted(call, a, a.rank() - 1, b, b.rank() - 1);
  if (!b.type().hasStaticShape())
    call.fail("multiplies all rows of the batch with others, which is not supported; use einsum");
  std::string aLabels = letters('a', a.rank()), bLabels = letters('A', b.rank());
  std::string result =
      aLabels.substr(0, aLabels.size() - 1) + bLabels.substr(0, bLabels.size() - 1);
  bLabels.back() = aLabels.back();
  return {einsum(call.layer.place(), {aLabels, bLabels}, result, {a, b})};
}

/// The axes of both tensors that tensordot contracts, pair by pair.
std::pair<std::vector<int64_t>, std::vector<int64_t>> readPairs(OperationCall &call, Tensor a,
                                                                Tensor b) {
  const nlohmann::json &axes = call.settings.raw("axes");
  std::vector<int64_t> first, second;
  auto read = [&](const nlohmann::json &value, std::vector<int64_t> &into, int64_t rank) {
    for (const nlohmann::json &axis : value.is_array() ? value : nlohmann::json::array({value})) {
      if (!axis.is_number_integer())
        call.fail("'axes' must be a number or two lists of numbers");
      into.push_back(normalizeAxis(call.layer.place(), axis.get<int64_t>(), rank));
    }
  };
  if (axes.is_array() && axes.size() == 2) {
    read(axes[0], first, a.rank());
    read(axes[1], second, b.rank());
  } else {
    int64_t count = call.settings.integer("axes", 2);
    if (count < 1 || count > std::min(a.rank(), b.rank()))
      call.fail(fmt::format("cannot contract {} dimensions of shapes {} and {}", count,
                            describeShape(a.shape()), describeShape(b.shape())));
    for (int64_t i = 0; i < count; ++i) {
      first.push_back(a.rank() - count + i);
      second.push_back(i);
    }
  }
  if (first.size() != second.size())
    call.fail("'axes' names different numbers of dimensions");
  return {first, second};
}

Tensors tensorDot(OperationCall &call) {
  auto [a, b] = floatOperands(call);
  checkRanks(call, a, b);
  auto [first, second] = readPairs(call, a, b);
  std::string aLabels = letters('a', a.rank()), bLabels = letters('A', b.rank()), result;
  for (auto [i, j] : llvm::zip(first, second)) {
    checkContracted(call, a, i, b, j);
    bLabels[j] = aLabels[i];
  }
  for (char label : aLabels + bLabels)
    if (aLabels.find(label) == std::string::npos || bLabels.find(label) == std::string::npos)
      result += label;
  return {einsum(call.layer.place(), {aLabels, bLabels}, result, {a, b})};
}

Tensors einsumOf(OperationCall &call) {
  Tensors operands = call.tensors("operands");
  for (Tensor &operand : operands)
    operand = operand.toFloat();
  return {einsum(call.layer.place(), call.settings.text("subscripts", ""), operands)};
}

} // namespace

llvm::ArrayRef<OperationEntry> contractionOperations() {
  static const OperationEntry entries[] = {
      {"Dot", {"x1", "x2"}, dotProduct},      {"Einsum", {"*operands"}, einsumOf},
      {"Inner", {"x1", "x2"}, innerProduct},  {"Matmul", {"x1", "x2"}, matmul},
      {"Tensordot", {"x1", "x2"}, tensorDot},
  };
  return entries;
}

} // namespace lamina::frontend::keras
