// Variables in panels, and in panels of groups of lines: kernels store, read and update their
// elements where the layout says.
#include <cstdlib>
#include <cstring>
#include <numeric>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "codegen/driver.h"
#include "codegen/jit/jit_functions.h"
#include "mlir/Parser/Parser.h"
#include "passes/memory/plan.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

constexpr int64_t kLines = 5, kColumns = 37, kRows = 3;

/// @keep writes the variable, @turn updates it line by line, @scale element by element in the order
/// of memory, @contract multiplies rows by it, @read gives it back.
constexpr const char *kFunctions = R"(
module attributes {{lamina.batch_size = {2} : i64}} {{
  lamina.variable @w : tensor<{0}x{1}xf32> {{path = "w"{3}}}
  func.func @keep(%x: tensor<{0}x{1}xf32> {{lamina.input = "x"}})
      -> (tensor<{0}x{1}xf32> {{lamina.variable = @w}}) {{
    return %x : tensor<{0}x{1}xf32>
  }}
  func.func @turn(%w: tensor<{0}x{1}xf32> {{lamina.variable = @w}},
                  %x: tensor<{1}xf32> {{lamina.input = "x"}})
      -> (tensor<{0}x{1}xf32> {{lamina.variable = @w}}) {{
    %s = lamina.broadcast_in_dim %x, dims = [1] : (tensor<{1}xf32>) -> tensor<{0}x{1}xf32>
    %t = lamina.add %w, %s : tensor<{0}x{1}xf32>
    return %t : tensor<{0}x{1}xf32>
  }}
  func.func @scale(%w: tensor<{0}x{1}xf32> {{lamina.variable = @w}})
      -> (tensor<{0}x{1}xf32> {{lamina.variable = @w}}) {{
    %t = lamina.add %w, %w : tensor<{0}x{1}xf32>
    return %t : tensor<{0}x{1}xf32>
  }}
  func.func @contract(%w: tensor<{0}x{1}xf32> {{lamina.variable = @w}},
                      %x: tensor<{2}x{0}xf32> {{lamina.input = "x"}})
      -> (tensor<{2}x{1}xf32> {{lamina.output = "y"}}) {{
    %y = lamina.dot_general %x, %w, batching = [] x [], contracting = [1] x [0]
        : (tensor<{2}x{0}xf32>, tensor<{0}x{1}xf32>) -> tensor<{2}x{1}xf32>
    return %y : tensor<{2}x{1}xf32>
  }}
  func.func @read(%w: tensor<{0}x{1}xf32> {{lamina.variable = @w}})
      -> (tensor<{0}x{1}xf32> {{lamina.output = "y"}}) {{
    return %w : tensor<{0}x{1}xf32>
  }}
}})";

using Memory = std::unique_ptr<float, decltype(&std::free)>;

/// Zeros, at least a page of them.
Memory makeMemory(int64_t bytes) {
  size_t pages = llvm::alignTo(std::max<int64_t>(bytes, 1), passes::kPageBytes);
  Memory result(static_cast<float *>(std::aligned_alloc(passes::kPageBytes, pages)), &std::free);
  std::memset(result.get(), 0, pages);
  return result;
}

/// The parameters: a target, and how many lines are in a group.
class PackedLayout : public testing::TestWithParam<std::tuple<const char *, int64_t>> {
protected:
  void SetUp() override {
    target = targetFromName(std::get<0>(GetParam()));
    if (!runsOnHost(target))
      GTEST_SKIP() << "this processor does not run " << std::get<0>(GetParam());
    ir::loadDialects(context);
    std::string layout =
        fmt::format(", layout = #lamina.packed<dimension = 1, width = 16, group = {}>", group());
    module = parseSourceString<ModuleOp>(
        fmt::format(fmt::runtime(kFunctions), kLines, kColumns, kRows, layout), &context);
    ASSERT_TRUE(module);
    CompileOptions options;
    options.target = target;
    options.passes.layout = false;
    options.passes.verifyMemory = true;
    lower(*module, passes::Stage::Memory, options);
    functions = std::make_unique<JitFunctions>(*module, target, 1);
    auto bytesOf = [&](llvm::StringRef name) {
      return (*module)->getAttrOfType<IntegerAttr>(name).getInt();
    };
    state = makeMemory(bytesOf(passes::kStateBytesAttr));
    workspace = makeMemory(bytesOf(passes::kWorkspaceBytesAttr));
  }

  int64_t group() const { return std::get<1>(GetParam()); }

  void call(llvm::StringRef name, std::vector<const void *> arguments,
            std::vector<void *> results = {}) {
    ASSERT_EQ(functions->find(name)(nullptr, state.get(), workspace.get(), kRows, arguments.data(),
                                    results.data()),
              LAMINA_OK);
  }

  /// Where lamina_dialect.td says that an element is.
  float elementAt(int64_t line, int64_t column) {
    int64_t groups = (kLines + group() - 1) / group();
    int64_t place = (column / 16 * groups + line / group()) * 16 * group() + column % 16 * group() +
                    line % group();
    auto variable = *module->getOps<ir::VariableOp>().begin();
    return state.get()[*variable.getOffset() / sizeof(float) + place];
  }

  MLIRContext context;
  TargetSpec target;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<JitFunctions> functions;
  Memory state{nullptr, &std::free}, workspace{nullptr, &std::free};
};

TEST_P(PackedLayout, ElementsAreWhereItSays) {
  std::vector<float> values(kLines * kColumns), row(kColumns), back(values.size());
  std::iota(values.begin(), values.end(), 1.0f);
  std::iota(row.begin(), row.end(), -20.0f);
  call("keep", {values.data()});
  call("turn", {row.data()});
  call("scale", {});
  call("read", {}, {back.data()});
  for (int64_t line = 0; line < kLines; ++line)
    for (int64_t column = 0; column < kColumns; ++column) {
      float expected = 2 * (values[line * kColumns + column] + row[column]);
      EXPECT_EQ(elementAt(line, column), expected) << line << ", " << column;
      EXPECT_EQ(back[line * kColumns + column], expected) << line << ", " << column;
    }
}

TEST_P(PackedLayout, ContractionsReadIt) {
  std::vector<float> values(kLines * kColumns), rows(kRows * kLines), result(kRows * kColumns);
  std::iota(values.begin(), values.end(), 1.0f);
  std::iota(rows.begin(), rows.end(), -7.0f);
  call("keep", {values.data()});
  call("contract", {rows.data()}, {result.data()});
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t column = 0; column < kColumns; ++column) {
      float expected = 0; // whole numbers: exact
      for (int64_t line = 0; line < kLines; ++line)
        expected += rows[row * kLines + line] * values[line * kColumns + column];
      EXPECT_EQ(result[row * kColumns + column], expected) << row << ", " << column;
    }
}

INSTANTIATE_TEST_SUITE_P(Targets, PackedLayout,
                         testing::Combine(testing::Values("x86-64", "x86-64-v3", "x86-64-v4"),
                                          testing::Values(1, 2, 4)));

} // namespace
} // namespace lamina::codegen
