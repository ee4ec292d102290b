#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "session/pool.h"
#include "statistics/matrix.h"

namespace lamina::statistics {

/// Sums over the rows in which both columns of a pair have a value. The columns are shifted by
/// `shift`, a guess of their means, so that little is lost when means are subtracted afterwards.
struct PairSums {
  std::vector<double> shift; ///< of each column
  Matrix count;              ///< rows
  Matrix sum;                ///< (i, j): of column i
  Matrix square;             ///< (i, j): of the squares of column i
  Matrix product;            ///< (i, j): of the products of columns i and j
};

/// Adds up such sums by graphs that Lamina compiles in f64: one for columns without gaps, and one
/// that masks what is missing, compiled when the first gap is met. Rows are added in blocks whose
/// size follows from the number of columns alone, so results have the same bits for any number of
/// threads.
class PairSummer {
public:
  /// For tables of `columns` columns, on the threads of `pool`.
  PairSummer(size_t columns, std::shared_ptr<trainer::ThreadPool> pool);
  ~PairSummer();

  PairSums operator()(const Observations &table);

private:
  class Graph;
  PairSums run(Graph &graph, const Observations &table, const std::vector<double> &shift) const;

  size_t columns_;
  std::shared_ptr<trainer::ThreadPool> pool_;
  std::unique_ptr<Graph> complete_, masked_;
};

} // namespace lamina::statistics
