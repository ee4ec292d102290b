#include "codegen/kernels/winograd/winograd_transform.h"

#include "codegen/expressions/elementwise.h"

namespace lamina::codegen {

SquareTransform::SquareTransform(llvm::IRBuilder<> &builder, const TargetSpec &target,
                                 ir::Matrix matrix)
    : b(builder), target(target), matrix(std::move(matrix)), rowPairs(findPairs(this->matrix)),
      columnPairs(findPairs(ir::transposed(this->matrix))) {}

/// Lines without others of the same absolute values stay alone.
llvm::SmallVector<SquareTransform::Pair> SquareTransform::findPairs(const ir::Matrix &lines) {
  llvm::SmallVector<Pair> pairs;
  llvm::SmallVector<bool> taken(lines.size(), false);
  auto match = [&](size_t i, size_t j) {
    for (auto [a, c] : llvm::zip_equal(lines[i], lines[j]))
      if (std::abs(a) != std::abs(c))
        return false;
    return true;
  };
  for (size_t i = 0; i < lines.size(); ++i)
    for (size_t j = i + 1; j < lines.size(); ++j)
      if (!taken[i] && !taken[j] && match(i, j)) {
        taken[i] = taken[j] = true;
        pairs.push_back({i, j});
      }
  return pairs;
}

Values SquareTransform::emit(const Values &square) const {
  size_t rows = matrix.size(), size = matrix.front().size();
  Values half(rows * size), result(rows * rows);
  for (size_t column = 0; column < size; ++column) {
    Values line;
    for (size_t k = 0; k < size; ++k)
      line.push_back(square[k * size + column]);
    for (auto [row, value] : llvm::enumerate(emitLine(line)))
      half[row * size + column] = value;
  }
  for (size_t row = 0; row < rows; ++row) {
    Values line(half.begin() + row * size, half.begin() + (row + 1) * size);
    llvm::copy(emitLine(line), result.begin() + row * rows);
  }
  return result;
}

/// The terms of each row: sums and differences of paired elements, and the others.
llvm::SmallVector<SquareTransform::Terms>
SquareTransform::termsOfRows(const Values &elements) const {
  llvm::SmallVector<Terms> terms(matrix.size());
  llvm::SmallVector<bool> paired(elements.size(), false);
  for (auto [first, second] : columnPairs) {
    paired[first] = paired[second] = true;
    llvm::Value *sum = b.CreateFAdd(elements[first], elements[second]);
    llvm::Value *difference = b.CreateFSub(elements[first], elements[second]);
    for (auto [row, own] : llvm::zip_equal(matrix, terms))
      if (row[first] != 0)
        own.push_back({row[first], row[first] == row[second] ? sum : difference});
  }
  for (auto [row, own] : llvm::zip_equal(matrix, terms))
    for (size_t column = 0; column < elements.size(); ++column)
      if (!paired[column] && row[column] != 0)
        own.push_back({row[column], elements[column]});
  return terms;
}

/// matrix * elements.
Values SquareTransform::emitLine(const Values &elements) const {
  llvm::SmallVector<Terms> terms = termsOfRows(elements);
  Values results(matrix.size(), nullptr);
  for (auto [first, second] : rowPairs) {
    Terms same, opposite;
    for (auto [a, c] : llvm::zip_equal(terms[first], terms[second]))
      (a.first == c.first ? same : opposite).push_back(a);
    if (same.empty() || opposite.empty())
      continue;
    llvm::Value *even = sum(same), *odd = sum(opposite);
    results[first] = b.CreateFAdd(even, odd);
    results[second] = b.CreateFSub(even, odd);
  }
  for (auto [own, result] : llvm::zip_equal(terms, results))
    if (!result)
      result = sum(own);
  return results;
}

llvm::Value *SquareTransform::sum(const Terms &terms) const {
  // A term that needs no product comes first.
  const auto *first = llvm::find_if(terms, [](const auto &term) { return term.first == 1; });
  if (first == terms.end())
    first = terms.begin();
  auto constant = [&](double coefficient) {
    return llvm::ConstantFP::get(first->second->getType(), coefficient);
  };
  llvm::Value *result =
      first->first == 1 ? first->second : b.CreateFMul(constant(first->first), first->second);
  for (const auto *term = terms.begin(); term != terms.end(); ++term) {
    auto [coefficient, value] = *term;
    if (term == first)
      continue;
    if (coefficient == 1)
      result = b.CreateFAdd(result, value);
    else if (coefficient == -1)
      result = b.CreateFSub(result, value);
    else
      result = emitMultiplyAdd(b, target, constant(coefficient), value, result);
  }
  return result;
}

} // namespace lamina::codegen
