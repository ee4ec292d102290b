#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "frontend/files/arrays/array.h"
#include "frontend/files/arrays/texts.h"

/// What is done with values of data before a compiled step takes them: lookups of texts and whole
/// numbers, as Keras' preprocessing layers do them on TensorFlow.
namespace lamina::frontend {

/// The values of one input, or of one lookup, for several rows, which are the first dimension.
using Column = std::variant<Texts, Array>;

const std::vector<int64_t> &shapeOf(const Column &column);

/// Ends the work with an error about a row: `reason` says what is wrong with it and what to do.
using RefuseRow = std::function<void(int64_t row, const std::string &reason)>;

/// A lookup: from one or several columns to numbers.
class Lookup {
public:
  virtual ~Lookup() = default;
  /// The numbers of all rows. The columns are of the kinds and row shapes that the lookup was made
  /// for. A row that cannot be looked up is handed to `refuse`, which throws.
  virtual Array apply(const std::vector<const Column *> &columns,
                      const RefuseRow &refuse) const = 0;
};

/// An input of a model as data give it.
struct DataInput {
  std::string name;
  bool isText = false;
  ElementType type = ElementType::F32; ///< of one that is no text
  std::vector<int64_t> rowShape;       ///< -1 where it is not known
};

/// How the inputs that a compiled step takes follow from those that data give. Values are numbered:
/// first the data's inputs, then the results of the calls.
struct LookupPlan {
  struct Call {
    std::string name; ///< of the layer
    std::shared_ptr<const Lookup> lookup;
    std::vector<size_t> operands;
  };
  std::vector<DataInput> inputs;
  std::vector<Call> calls;
  std::vector<size_t> results; ///< the values that the step takes, in its order

  bool isEmpty() const { return calls.empty(); }
  /// The step's inputs from the data's. `where` begins a message about a row, such as
  /// "data.csv: line 7". Throws UserError.
  std::vector<Array> run(std::vector<Column> data,
                         const std::function<std::string(int64_t row)> &where) const;
};

} // namespace lamina::frontend
