// Systems of linear equations of keras.ops, written out step by step for small matrices:
// keras/src/backend/tensorflow/linalg.py
#include <limits>

#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Every row of a matrix is a step of its own in the compiled code.
constexpr int64_t kMostRows = 32;

/// A square matrix in the last two dimensions, of every row of the batch.
Tensor readMatrix(OperationCall &call, const char *key) {
  Tensor a = call.floatTensor(key);
  int64_t n = a.rank() < 2 ? 0 : a.dim(a.rank() - 1);
  if (a.rank() < 2 || a.dim(a.rank() - 2) != n || ShapedType::isDynamic(n))
    call.fail(
        fmt::format("needs square matrices, not a tensor of shape {}", describeShape(a.shape())));
  if (n > kMostRows)
    call.fail(fmt::format("takes matrices of {0} x {0} elements apart; up to {1} x {1} are "
                          "supported",
                          n, kMostRows));
  return a;
}

int64_t countRows(Tensor matrix) {
  return matrix.dim(matrix.rank() - 2);
}
int64_t countColumns(Tensor matrix) {
  return matrix.dim(matrix.rank() - 1);
}
Tensor takeRows(Tensor matrix, int64_t begin, int64_t end) {
  return matrix.slice(matrix.rank() - 2, begin, end);
}
Tensor takeColumns(Tensor matrix, int64_t begin, int64_t end) {
  return matrix.slice(matrix.rank() - 1, begin, end);
}
Tensor flipMatrix(Tensor matrix) {
  auto order = llvm::to_vector(llvm::seq<int64_t>(0, matrix.rank()));
  std::swap(order[matrix.rank() - 1], order[matrix.rank() - 2]);
  return matrix.transpose(order);
}
/// The same matrix without the dimensions of its only row and column.
Tensor asNumber(Tensor matrix) {
  return matrix.reshape(matrix.shape().drop_back(2));
}
Tensor identityLike(Tensor matrix) {
  int64_t n = countRows(matrix);
  Emitter &emit = matrix.emit();
  Tensor isDiagonal = equal(emit.iota({n, n}, 0), emit.iota({n, n}, 1));
  return isDiagonal.convert(matrix.elementType()).broadcastTo(matrix.shape());
}

/// The lower triangular factor, column by column. Keras reads the lower triangle alone; gradients
/// are those of a symmetric matrix.
Tensor factorize(Tensor a) {
  int64_t n = countRows(a);
  Tensor half = 0.5 * (a + flipMatrix(a));
  a = stopGradient(a - half) + half;
  Tensors columns;
  for (int64_t k = 0; k < n; ++k) {
    Tensor column = takeColumns(a, 0, 1) / sqrt(takeRows(takeColumns(a, 0, 1), 0, 1));
    llvm::SmallVector<int64_t> low(a.rank(), 0), high(a.rank(), 0);
    low[a.rank() - 2] = k;
    columns.push_back(pad(column, 0, low, high));
    if (k + 1 == n)
      break;
    Tensor below = takeRows(column, 1, n - k);
    a = takeColumns(takeRows(a, 1, n - k), 1, n - k) - below * flipMatrix(below);
  }
  return concatenate(columns, columns[0].rank() - 1);
}

/// x with a x = b for a triangular a, whose other triangle is not read.
Tensor substitute(Tensor a, Tensor b, bool isLower) {
  int64_t n = countRows(a);
  llvm::SmallVector<Tensor> solved(n);
  for (int64_t step = 0; step < n; ++step) {
    int64_t row = isLower ? step : n - 1 - step;
    Tensor rest = takeRows(b, row, row + 1), line = takeRows(a, row, row + 1);
    for (int64_t known = 0; known < step; ++known) {
      int64_t other = isLower ? known : n - 1 - known;
      rest = rest - takeColumns(line, other, other + 1) * solved[other];
    }
    solved[row] = rest / takeColumns(line, row, row + 1);
  }
  return concatenate(solved, b.rank() - 2);
}

/// Elimination with the largest element of each column as its pivot.
struct Elimination {
  Tensors pivotRows; ///< each from its pivot on
  Tensor sign;       ///< of the exchanges of rows, a number
};

Elimination eliminate(Tensor a, int64_t n) {
  Elimination result;
  for (int64_t k = 0; k < n; ++k) {
    int64_t rows = n - k;
    Tensor column = takeColumns(a, 0, 1);
    Tensor largest = argmax(abs(column), a.rank() - 2); // without the dimension of the rows
    llvm::SmallVector<int64_t> shape(column.shape()), flat(shape);
    flat[a.rank() - 2] = 1;
    Tensor places = a.emit().iota({rows, 1}, 0).broadcastTo(shape);
    Tensor isPivot = equal(largest.reshape(flat).broadcastTo(shape), places).broadcastTo(a.shape());
    llvm::SmallVector<int64_t> line(a.shape());
    line[a.rank() - 2] = 1;
    Tensor pivotRow = sum(where(isPivot, a, 0.0), {a.rank() - 2}).reshape(line);
    result.pivotRows.push_back(pivotRow);
    Tensor first = takeColumns(takeRows(isPivot, 0, 1), 0, 1);
    Tensor sign = asNumber(where(first, a.like(1).broadcastTo(first.shape()), -1.0));
    result.sign = k == 0 ? sign : result.sign * sign;
    if (k + 1 == n)
      break;
    Tensor rest = takeRows(where(isPivot, takeRows(a, 0, 1).broadcastTo(a.shape()), a), 1, rows);
    Tensor factors = takeColumns(rest, 0, 1) / takeColumns(pivotRow, 0, 1);
    int64_t width = countColumns(a);
    a = takeColumns(rest, 1, width) - factors * takeColumns(pivotRow, 1, width);
  }
  return result;
}

/// x with a x = b.
Tensor solveFor(Tensor a, Tensor b) {
  int64_t n = countRows(a);
  Elimination done = eliminate(concatenate({a, b}, a.rank() - 1), n);
  llvm::SmallVector<Tensor> solved(n);
  for (int64_t row = n - 1; row >= 0; --row) {
    Tensor line = done.pivotRows[row];
    Tensor rest = takeColumns(line, n - row, countColumns(line));
    for (int64_t other = row + 1; other < n; ++other)
      rest = rest - takeColumns(line, other - row, other - row + 1) * solved[other];
    solved[row] = rest / takeColumns(line, 0, 1);
  }
  return concatenate(solved, b.rank() - 2);
}

Tensors cholesky(OperationCall &call) {
  Tensor factor = factorize(readMatrix(call, "x"));
  return {call.settings.boolean("upper", false) ? flipMatrix(factor) : factor};
}

/// The inverse of the matrix that has this factor.
Tensors choleskyInverse(OperationCall &call) {
  Tensor factor = readMatrix(call, "x");
  if (call.settings.boolean("upper", false))
    factor = flipMatrix(factor);
  Tensor inverse = substitute(factor, identityLike(factor), true);
  return {substitute(flipMatrix(factor), inverse, false)};
}

Tensors inverse(OperationCall &call) {
  Tensor a = readMatrix(call, "x");
  return {solveFor(a, identityLike(a))};
}

Tensors determinant(OperationCall &call) {
  Tensor a = readMatrix(call, "x");
  Elimination done = eliminate(a, countRows(a));
  Tensor result = done.sign;
  for (Tensor line : done.pivotRows)
    result = result * asNumber(takeColumns(line, 0, 1));
  return {result};
}

/// The sign of the determinant, and the logarithm of its size.
std::pair<Tensor, Tensor> logarithm(OperationCall &call) {
  Tensor a = readMatrix(call, "x");
  Elimination done = eliminate(a, countRows(a));
  Tensor sign = done.sign, sum;
  for (Tensor line : done.pivotRows) {
    Tensor pivot = asNumber(takeColumns(line, 0, 1)), size = log(abs(pivot));
    sign = sign * pivot.apply<ir::SignOp>();
    sum = sum ? sum + size : size;
  }
  return {sign, sum};
}

Tensors signAndLogarithm(OperationCall &call) {
  auto [sign, size] = logarithm(call);
  return {sign, size};
}

/// The logarithm of the determinant of a matrix that has a Cholesky factor.
Tensors logarithmOfPositive(OperationCall &call) {
  Tensor factor = factorize(readMatrix(call, "x")), result;
  for (int64_t k = 0; k < countRows(factor); ++k) {
    Tensor size = log(asNumber(takeColumns(takeRows(factor, k, k + 1), k, k + 1)));
    result = result ? result + size : size;
  }
  return {2.0 * result};
}

/// "a" and "b", where b may be a vector for every matrix: it gets a last dimension then.
template <typename Solve> Tensors solveWith(OperationCall &call, Solve solve) {
  Tensor a = readMatrix(call, "a"), b = call.floatTensor("b");
  bool isVector = b.rank() == a.rank() - 1;
  if (isVector) {
    llvm::SmallVector<int64_t> shape(b.shape());
    shape.push_back(1);
    b = b.reshape(shape);
  }
  if (b.rank() != a.rank() || b.shape().drop_back(1) != a.shape().drop_back(1))
    call.fail(fmt::format("matrices of shape {} and right sides of shape {} do not fit",
                          describeShape(a.shape()), describeShape(b.shape())));
  Tensor x = solve(a, b);
  return {isVector ? x.reshape(x.shape().drop_back(1)) : x};
}

Tensors solve(OperationCall &call) {
  return solveWith(call, solveFor);
}

Tensors solveTriangular(OperationCall &call) {
  bool isLower = call.settings.boolean("lower", false);
  return solveWith(call, [&](Tensor a, Tensor b) { return substitute(a, b, isLower); });
}

/// I - scale direction direction^T maps `column` to a multiple of the first axis, `first`; its
/// sign is opposite to the column's first element, as LAPACK has it (geqrf).
struct Reflection {
  Tensor direction, scale, first;

  explicit Reflection(Tensor column) {
    int64_t rows = countRows(column);
    Tensor head = takeRows(column, 0, 1);
    llvm::SmallVector<int64_t> low(column.rank(), 0), high(low);
    if (rows == 1) {
      direction = head.like(1).broadcastTo(head.shape());
      scale = head.like(0).broadcastTo(head.shape());
      first = head;
      return;
    }
    Tensor tail = takeRows(column, 1, rows);
    Tensor size = sum(square(tail), {column.rank() - 2}).reshape(head.shape());
    // Nothing to do below the first element: no reflection.
    Tensor isDone = size <= std::numeric_limits<float>::min();
    Tensor length = sqrt(square(head) + where(isDone, 1.0, size));
    Tensor opposite = where(head >= 0.0, -length, length);
    first = where(isDone, head, opposite);
    scale = where(isDone, 0.0, (opposite - head) / opposite);
    low[column.rank() - 2] = 1;
    Tensor below = pad(tail / (head - opposite), 0, low, high);
    high[column.rank() - 2] = rows - 1;
    low[column.rank() - 2] = 0;
    Tensor above = pad(head.like(1).broadcastTo(head.shape()), 0, low, high);
    direction = above + below;
  }

  Tensor apply(Tensor matrix) const {
    llvm::SmallVector<int64_t> line(matrix.shape());
    line[matrix.rank() - 2] = 1;
    Tensor products = sum(direction * matrix, {matrix.rank() - 2}).reshape(line);
    return matrix - scale * direction * products;
  }
};

/// Orthonormal columns and an upper triangle whose product is the matrix, by Householder's
/// reflections.
Tensors orthogonalize(OperationCall &call) {
  Tensor a = call.floatTensor("x");
  if (a.rank() < 2 || ShapedType::isDynamic(countRows(a)) || ShapedType::isDynamic(countColumns(a)))
    call.fail(fmt::format("needs matrices, not a tensor of shape {}", describeShape(a.shape())));
  int64_t rows = countRows(a), columns = countColumns(a), steps = std::min(rows, columns);
  if (steps > kMostRows)
    call.fail(fmt::format("takes matrices of {} x {} elements apart; up to {} rows or columns are "
                          "supported",
                          rows, columns, kMostRows));
  std::string mode = call.settings.text("mode", "reduced");
  if (mode != "reduced" && mode != "complete")
    call.fail(fmt::format("'mode' is '{}'; there are reduced and complete", printable(mode)));
  bool isComplete = mode == "complete";
  int64_t width = isComplete ? rows : steps;
  llvm::SmallVector<int64_t> low(a.rank(), 0), high(a.rank(), 0);
  std::vector<Reflection> reflections;
  Tensors lines;
  for (int64_t k = 0; k < steps; ++k) {
    Reflection reflection(takeColumns(a, 0, 1));
    Tensor rest = columns - k > 1 ? reflection.apply(takeColumns(a, 1, columns - k)) : Tensor();
    Tensor line = rest ? concatenate({reflection.first, takeRows(rest, 0, 1)}, a.rank() - 1)
                       : reflection.first;
    low[a.rank() - 1] = k;
    lines.push_back(pad(line, 0, low, high));
    reflections.push_back(reflection);
    if (rest && rows - k > 1)
      a = takeRows(rest, 1, rows - k);
  }
  Tensor upper = concatenate(lines, a.rank() - 2);
  low[a.rank() - 1] = 0;
  high[a.rank() - 2] = isComplete ? rows - steps : 0;
  upper = pad(upper, 0, low, high);
  llvm::SmallVector<int64_t> shape(a.shape());
  shape[a.rank() - 2] = rows;
  shape[a.rank() - 1] = width;
  Emitter &emit = a.emit();
  Tensor q = equal(emit.iota({rows, width}, 0), emit.iota({rows, width}, 1))
                 .convert(a.elementType())
                 .broadcastTo(shape);
  for (int64_t k = steps - 1; k >= 0; --k) {
    Tensor changed = reflections[k].apply(takeRows(q, k, rows));
    q = k ? concatenate({takeRows(q, 0, k), changed}, a.rank() - 2) : changed;
  }
  return {q, upper};
}

} // namespace

Tensor solveLinear(Tensor a, Tensor b) {
  return solveFor(a, b);
}

llvm::ArrayRef<OperationEntry> decompositionOperations() {
  static const OperationEntry entries[] = {
      {"Cholesky", {"x"}, cholesky},
      {"CholeskyInverse", {"x"}, choleskyInverse},
      {"Det", {"x"}, determinant},
      {"Inv", {"x"}, inverse},
      {"Logdet", {"x"}, logarithmOfPositive},
      {"Qr", {"x"}, orthogonalize},
      {"Slogdet", {"x"}, signAndLogarithm},
      {"Solve", {"a", "b"}, solve},
      {"SolveTriangular", {"a", "b"}, solveTriangular},
  };
  return entries;
}

} // namespace lamina::frontend::keras
