#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "session/pool.h"
#include "statistics/association.h"
#include "statistics/correlation.h"
#include "statistics/relevance.h"
#include "trainer/data/data_file.h"

namespace lamina::tools {

struct AnalysisOptions {
  statistics::Method method = statistics::Method::Pearson;
  std::string target;            ///< column by name or number; empty: none
  std::vector<std::string> drop; ///< columns to leave out
};

/// The relevance of a column for the target.
struct Relevance {
  size_t column = 0;      ///< among the analysis' columns
  double coefficient = 0; ///< correlation, or the correlation ratio where the target has classes
  double pValue = 0;
};

/// What is known of a table's columns together.
struct Analysis {
  std::string file;
  size_t rows = 0;
  std::vector<std::string> columns; ///< those of numbers; the target is the last one if it is one
  statistics::Correlation correlation;
  std::vector<double> inflation; ///< of each column but a target
  std::vector<statistics::RedundantPair> redundant;
  std::string target;               ///< its name; empty for none
  std::vector<std::string> classes; ///< of a target of text; two of them count as 0 and 1
  std::vector<Relevance> relevance; ///< the largest first
  std::vector<std::string> leftOut; ///< names of columns that hold text

  /// Whether the coefficients of relevance are correlation ratios.
  bool hasRatios() const { return classes.size() > 2; }
  /// Columns without the target.
  size_t features() const { return inflation.size(); }
};

/// "pearson", "spearman", "kendall".
const char *nameOf(statistics::Method method);

/// Throws UserError when there are fewer than two columns of numbers.
Analysis analyse(const trainer::Table &table, const AnalysisOptions &options,
                 const std::shared_ptr<trainer::ThreadPool> &pool);

} // namespace lamina::tools
