#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "codegen/compiled_model.h"
#include "frontend/files/arrays/array.h"
#include "frontend/lookups/lookup.h"
#include "trainer/data/data_file.h"

namespace lamina::trainer {

/// How the cells of a column become values of an input.
struct FeatureEncoding {
  std::vector<std::string> categories; ///< texts by number; empty for a column of numbers
  bool isOneHot = false;               ///< a value for each category, instead of its number
  std::optional<double> fill;          ///< stands for a missing value: a number, or a category's
  double mean = 0, scale = 1;          ///< numbers become (number - mean) * scale
  bool flagsMissing = false;           ///< a further value, behind them, is 1 for a missing one
  bool isText = false;                 ///< cells are texts as they stand, none of them missing

  /// The values of a cell.
  size_t width() const { return (isOneHot ? categories.size() : 1) + flagsMissing; }
  bool operator==(const FeatureEncoding &) const = default;
};

/// Windows over time: so many rows in a row are one for the model.
struct Window {
  int64_t steps = 0;   ///< rows of a window; 0: rows are taken one by one
  int64_t horizon = 1; ///< rows from the last one of a window to that of its target
  int64_t stride = 1;  ///< rows from the first one of a window to that of the next

  explicit operator bool() const { return steps > 0; }
  /// Whether the target's past is known in a window: then it is among the features.
  bool foretells() const { return steps > 0 && horizon > 0; }
};

/// The encoding of a table's columns, for fitting other tables in the same way.
struct ColumnRecipe {
  std::vector<std::string> features; ///< names in the inputs' order; empty where there are none
  std::vector<std::string> targets;  ///< likewise
  /// Where they were in the file, for files of as many columns that have no names: numbers from 0.
  size_t width = 0;
  std::vector<size_t> featurePlaces, targetPlaces;
  std::vector<FeatureEncoding> encodings; ///< of the features; empty: numbers as they are
  /// Per target the texts of its labels by class number; empty where the file holds numbers.
  std::vector<std::vector<std::string>> classes;
  Window window; ///< of steps and horizon; also of arrays
};

/// Rows fit for a model: one array per input and per target, in model order, and per target one of
/// weights when samples are weighted, with the model's element types and shapes (rows, …).
struct Dataset {
  std::string file; ///< where the rows come from, for messages
  std::vector<frontend::Array> inputs, targets, weights;
  std::vector<size_t> lines; ///< line of each row in a text file; empty otherwise
  std::vector<double> keys;  ///< by which rows are split: BindOptions::keyColumn; empty for none
  ColumnRecipe recipe;       ///< of a text file
  int64_t rows = 0;
  int64_t droppedRows = 0; ///< left out because of missing values

  /// "line 17" in text files (from 1), "row 16" elsewhere (from 0).
  std::string describeRow(int64_t row) const;
};

/// The treatment of a row that lacks a value.
struct MissingValues {
  enum class Policy { Error, Drop, Fill, Mean, Median, MostFrequent } policy = Policy::Error;
  double fill = 0;
};

/// Where the weights of samples come from; without either all are 1.
struct WeightOptions {
  /// A column of a table by name or number, or an array: NAME, or NAME0, NAME1, … for the targets.
  std::string name;
  bool mayBeAbsent = false; ///< then all weights are 1
  /// Weights by class number, 1 for others (Keras' class_weight).
  std::map<int64_t, double> classes;
};

/// How the columns and arrays of a file become inputs and targets.
struct BindOptions {
  /// Columns of a table by name or by number (from 0, negative from the end). No target columns:
  /// the last ones, as many as the targets need.
  std::vector<std::string> targetColumns, dropColumns;
  /// Texts (or numbers) of the labels in class order; empty: as is known, as an ARFF file declares,
  /// or sorted.
  std::vector<std::string> classes;
  /// The columns that the model was trained on, where they are known. Columns are then
  /// found by name, and labels get the same class numbers.
  ColumnRecipe known;
  /// Whether texts of labels may get their class numbers from this file, because training begins
  /// with it. Numbers that depend on the file at hand are none to judge a trained model by.
  bool numbersLabels = true;
  MissingValues missing;
  bool standardize = false; ///< columns of numbers, when training begins
  /// Whether columns with gaps get a value that tells of them, when training begins.
  bool flagMissing = false;
  /// Per target the number of classes if its values are class numbers, 0 otherwise. Shorter
  /// vectors count as filled up with 0.
  std::vector<int64_t> targetClasses;
  /// Per input the number of entries that its values are indices into (an embedding's rows), 0 if
  /// they are none. Shorter vectors count as filled up with 0.
  std::vector<int64_t> inputEntries;
  /// How the inputs follow from those that the file gives; null: they are the same.
  const frontend::LookupPlan *lookups = nullptr;
  /// The model's outputs in order: an array `y1` belongs to the second, whichever have a loss.
  /// Empty: the targets.
  std::vector<std::string> outputs;
  /// Weights of samples that the model takes (codegen::Signature::weights); empty for none.
  std::vector<codegen::TensorSpec> weights;
  WeightOptions weighting;
  /// A column of a table by name or number, or an array of a value a row, that rows are split by.
  /// It is no feature. Empty: none.
  std::string keyColumn;
  bool wantTargets = true; ///< false: targets in the data are ignored
  /// Windows of rows; without any those that are known.
  Window window;
  /// Whether rows are split into parts before windows are made of them (makeWindows), so that none
  /// is in two parts.
  bool splitsRows = false;

  const Window &windows() const { return window ? window : known.window; }
};

/// Makes the rows of `file` fit `inputs` and `targets` (a dimension of -1 is the row count): finds
/// the arrays or columns, checks shapes, casts values, checks labels and indices. Takes the arrays
/// out of `file` where no cast is needed. Throws UserError with the file, the place and what to do.
Dataset bindDataset(DataFile file, const std::vector<codegen::TensorSpec> &inputs,
                    const std::vector<codegen::TensorSpec> &targets, const BindOptions &options);

/// The two parts of bindDataset.
Dataset bindTable(const Table &table, const std::vector<codegen::TensorSpec> &inputs,
                  const std::vector<codegen::TensorSpec> &targets, const BindOptions &options);
Dataset bindArrays(DataFile file, const std::vector<codegen::TensorSpec> &inputs,
                   const std::vector<codegen::TensorSpec> &targets, const BindOptions &options);

/// The inputs alone, from a file of arrays that stay in it.
std::vector<frontend::Array> lookUpInputs(DataFile &file,
                                          const std::vector<codegen::TensorSpec> &inputs,
                                          const BindOptions &options);

/// Weights for a data set without any: by its class numbers where options.weighting has classes,
/// else 1. Throws UserError when the rows have not one class each.
std::vector<frontend::Array> makeWeights(const Dataset &data,
                                         const std::vector<codegen::TensorSpec> &targets,
                                         const BindOptions &options);

/// Sets all weights of a data set that has some.
void setWeights(Dataset &data, float weight);

/// Refuses a class number outside 0 <= label < classes, or one that is not an integer.
void checkLabels(const Dataset &data, const std::vector<codegen::TensorSpec> &targets,
                 const std::vector<int64_t> &targetClasses);

/// Refuses an index outside 0 <= index < entries, or one that is not an integer.
void checkIndices(const Dataset &data, const std::vector<codegen::TensorSpec> &inputs,
                  const std::vector<int64_t> &inputEntries);

/// Values of one row of a tensor: the product of all dimensions after the first.
int64_t valuesPerRow(const std::vector<int64_t> &shape);

/// Splits off the last `fraction` of the rows, as Keras' validation_split does (before any
/// shuffling): floor(rows * (1 - fraction)) rows stay. Throws UserError when a part is empty.
Dataset splitLast(Dataset &data, double fraction);

} // namespace lamina::trainer
