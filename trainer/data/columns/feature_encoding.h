#pragma once

#include <span>
#include <string>
#include <vector>

#include "trainer/data/columns/column_roles.h"

namespace lamina::trainer {

/// Which columns each input takes, and how their cells become its values.
struct EncodedInputs {
  std::vector<FeatureEncoding> encodings; ///< of the features in order
  std::vector<size_t> columns;            ///< how many of them each input takes
};

/// Finds them from the cells of `rows`, or takes those of the training (options.known).
///
/// A column that holds text and no number is one of categories, sorted, or in the order in which an
/// ARFF file declares them: an input of integers, or of indices, takes their numbers, any other one
/// a value for each of them (one-hot). Where the training begins, options.missing decides what
/// stands for missing values, and options.standardize gives columns of numbers the mean 0 and the
/// standard deviation 1.
///
/// Throws UserError when the columns do not fill the inputs.
EncodedInputs encodeFeatures(const Table &table, const Columns &features,
                             const std::vector<codegen::TensorSpec> &inputs,
                             const BindOptions &options);

/// Whether a row cannot be encoded as it lacks the value of a column that nothing stands for.
bool lacksValue(const Table &table, size_t row, size_t column, const FeatureEncoding &encoding);

/// The values that a cell becomes, of which there are encoding.width(). Throws UserError for text
/// that is none of the categories.
void encodeCell(const Table &table, size_t row, size_t column, const FeatureEncoding &encoding,
                std::span<double> values);

} // namespace lamina::trainer
