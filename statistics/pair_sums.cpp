#include "statistics/pair_sums.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "codegen/driver.h"
#include "frontend/builder/function_writer.h"
#include "frontend/builder/tensor.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "statistics/for_each.h"
#include "support/error.h"
#include "trainer/aligned_buffer.h"

namespace lamina::statistics {

namespace {

using namespace frontend::builder;

/// Values of a block: with what a graph makes of them it stays in a second-level cache.
constexpr size_t kBlockValues = size_t(1) << 15;
/// Rows of which the first guess of the means is made.
constexpr size_t kGuessRows = 1024;

size_t blockRows(size_t columns) {
  return std::max<size_t>(kBlockValues / columns, 64);
}

/// Blocks are added up in so many groups, each in order, and the groups in order.
size_t countGroups(size_t columns) {
  return columns <= 128 ? 32 : 4;
}

std::vector<double> guessMeans(const Observations &table) {
  std::vector<double> means(table.columns);
  for (size_t column = 0; column < table.columns; ++column) {
    double sum = 0, count = 0;
    for (size_t row = 0; row < std::min(table.rows, kGuessRows); ++row)
      if (double value = table(row, column); std::isfinite(value)) {
        sum += value;
        ++count;
      }
    means[column] = count > 0 && std::isfinite(sum) ? sum / count : 0;
  }
  return means;
}

} // namespace

/// A compiled function from a block of rows and the shift to sums.
class PairSummer::Graph {
public:
  Graph(size_t columns, bool masks, uint32_t threads);

  bool masks() const { return outputs_.size() > 2; }
  size_t capacity() const { return blockRows(columns_); }
  /// The sizes of the results, in their order.
  const std::vector<size_t> &outputs() const { return outputs_; }
  size_t workspaceBytes() const { return compiled_->signature().workspaceBytes; }
  void run(const double *rows, size_t count, const double *shift, std::byte *state,
           std::byte *workspace, void *const *results) const;

private:
  void write(bool masks);

  size_t columns_;
  std::vector<size_t> outputs_;
  mlir::MLIRContext context_{mlir::MLIRContext::Threading::DISABLED};
  mlir::OwningOpRef<mlir::ModuleOp> module_;
  std::unique_ptr<codegen::CompiledModel> compiled_;
};

PairSummer::Graph::Graph(size_t columns, bool masks, uint32_t threads) : columns_(columns) {
  ir::loadDialects(context_);
  mlir::OpBuilder builder(&context_);
  module_ = mlir::ModuleOp::create(builder.getUnknownLoc());
  (*module_)->setAttr(ir::kBatchSizeAttr,
                      builder.getI64IntegerAttr(static_cast<int64_t>(capacity())));
  write(masks);
  codegen::CompileOptions options;
  options.compileThreads = threads;
  codegen::lower(*module_, passes::Stage::Memory, options);
  compiled_ = codegen::compileJit(*module_, options);
}

/// Without masks: the sum of each column, the products of all pairs. With masks also the numbers of
/// rows, and sums and squares of a column over the rows of each other one.
void PairSummer::Graph::write(bool masks) {
  FunctionWriter writer(*module_, ir::kPredict);
  mlir::OpBuilder &builder = writer.getBuilder();
  mlir::Type f64 = builder.getF64Type();
  Emitter emitter(builder, builder.getUnknownLoc(), f64);
  auto argument = [&](llvm::ArrayRef<int64_t> shape, const char *name) {
    return Tensor(emitter, writer.addArgument(mlir::RankedTensorType::get(shape, f64),
                                              ir::kInputAttr, builder.getStringAttr(name)));
  };
  auto result = [&](Tensor tensor, const char *name) {
    writer.addResult(tensor, ir::kOutputAttr, builder.getStringAttr(name));
    outputs_.push_back(static_cast<size_t>(tensor.type().getNumElements()));
  };
  auto columns = static_cast<int64_t>(columns_);
  Tensor x = argument({mlir::ShapedType::kDynamic, columns}, "x");
  Tensor shift = argument({columns}, "shift");
  if (!masks) {
    Tensor centred = x - shift;
    result(sum(centred, {0}), "sum");
    result(dot(centred, centred, 0, 0), "product");
  } else {
    Tensor isThere = abs(x) <= std::numeric_limits<double>::max();
    Tensor centred = where(isThere, x - shift, 0);
    Tensor one = isThere.convert(f64);
    result(dot(one, one, 0, 0), "count");
    result(dot(centred, one, 0, 0), "sum");
    result(dot(square(centred), one, 0, 0), "square");
    result(dot(centred, centred, 0, 0), "product");
  }
  writer.finish();
}

void PairSummer::Graph::run(const double *rows, size_t count, const double *shift, std::byte *state,
                            std::byte *workspace, void *const *results) const {
  const void *inputs[] = {rows, shift};
  int status =
      compiled_->predict(nullptr, state, workspace, static_cast<uint32_t>(count), inputs, results);
  if (status != LAMINA_OK)
    fail("sums over pairs of columns: {}", lamina_status_text(status));
}

PairSummer::PairSummer(size_t columns, std::shared_ptr<trainer::ThreadPool> pool)
    : columns_(columns), pool_(std::move(pool)),
      complete_(std::make_unique<Graph>(columns, false, pool_->threads())) {}

PairSummer::~PairSummer() = default;

namespace {

/// The blocks of a table as tasks of a pool: one task for each group.
struct Groups {
  size_t blocks, groups;

  size_t begin(size_t group) const { return group * blocks / groups; }
};

/// Results of a group: as many arrays as a graph has outputs.
struct Totals {
  explicit Totals(const std::vector<size_t> &sizes) {
    for (size_t size : sizes)
      arrays.emplace_back(size, 0.0);
  }
  void add(const Totals &other) {
    for (size_t i = 0; i < arrays.size(); ++i)
      for (size_t k = 0; k < arrays[i].size(); ++k)
        arrays[i][k] += other.arrays[i][k];
  }
  std::vector<void *> pointers() {
    std::vector<void *> result;
    for (auto &array : arrays)
      result.push_back(array.data());
    return result;
  }
  std::vector<std::vector<double>> arrays;
};

} // namespace

PairSums PairSummer::run(Graph &graph, const Observations &table,
                         const std::vector<double> &shift) const {
  size_t capacity = graph.capacity();
  size_t blocks = (table.rows + capacity - 1) / capacity;
  Groups groups{blocks, std::min(blocks, countGroups(columns_))};
  std::vector<Totals> totals(groups.groups, Totals(graph.outputs()));
  forEach(*pool_, groups.groups, [&](uint32_t group) {
    trainer::AlignedBuffer state(4096), workspace(std::max<size_t>(graph.workspaceBytes(), 4096));
    Totals block(graph.outputs());
    std::vector<void *> results = block.pointers();
    for (size_t i = groups.begin(group); i < groups.begin(group + 1); ++i) {
      size_t first = i * capacity;
      graph.run(&table.values[first * columns_], std::min(capacity, table.rows - first),
                shift.data(), state.data(), workspace.data(), results.data());
      totals[group].add(block);
    }
  });
  for (size_t group = 1; group < groups.groups; ++group)
    totals[0].add(totals[group]);

  auto &sums = totals[0].arrays;
  PairSums result{shift, Matrix(columns_, columns_, static_cast<double>(table.rows)),
                  Matrix(columns_, columns_), Matrix(columns_, columns_),
                  Matrix(columns_, columns_)};
  result.product.values = sums.back();
  if (graph.masks()) {
    result.count.values = sums[0];
    result.sum.values = sums[1];
    result.square.values = sums[2];
    return result;
  }
  for (size_t i = 0; i < columns_; ++i)
    for (size_t j = 0; j < columns_; ++j) {
      result.sum(i, j) = sums[0][i];
      result.square(i, j) = result.product(i, i);
    }
  return result;
}

PairSums PairSummer::operator()(const Observations &table) {
  std::vector<double> shift = guessMeans(table);
  PairSums sums = run(*complete_, table, shift);
  // A gap is NaN, or infinite, in a sum of its column.
  bool isComplete =
      std::ranges::all_of(sums.square.values, [](double v) { return std::isfinite(v); });
  if (isComplete)
    return sums;
  if (!masked_)
    masked_ = std::make_unique<Graph>(columns_, true, pool_->threads());
  return run(*masked_, table, shift);
}

} // namespace lamina::statistics
