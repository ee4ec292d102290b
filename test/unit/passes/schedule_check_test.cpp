// Schedules that do not fit their kernels are refused before code is generated.
#include <gtest/gtest.h>

#include "ir/module.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "passes/schedule/schedule.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// What is said of the only kernel of a function with this schedule (empty: with none).
std::string complaintOf(const std::string &arguments, const std::string &schedule,
                        const std::string &kernel, const std::string &variables = "") {
  MLIRContext context;
  ir::loadDialects(context);
  std::string complaint;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    complaint = complaint.empty() ? diagnostic.str() : complaint;
    return success();
  });
  auto module = parseSourceString<ModuleOp>("module attributes {lamina.batch_size = 4 : i64} {\n" +
                                                variables + "func.func @main(" + arguments +
                                                ") {\n" + kernel + "\n}\nreturn\n}\n}\n",
                                            &context);
  if (!module)
    return "no module: " + complaint;
  module->walk([&](ir::KernelOp op) {
    if (!schedule.empty())
      op.setScheduleAttr(cast<ir::Schedule>(parseAttribute(schedule, &context)));
    EXPECT_TRUE(failed(checkSchedule(op, 4)));
  });
  return complaint;
}

std::string mapComplaint(const std::string &type, const std::string &schedule,
                         const std::string &family = "map") {
  return complaintOf("%x: " + type, schedule,
                     "%0 = lamina.kernel " + family + "(%x) : (" + type + ") -> " + type +
                         " {\n^bb0(%a: " + type + "):\n%r = lamina.tanh %a : " + type +
                         "\nlamina.yield %r : " + type);
}

std::string reductionComplaint(const std::string &family, const std::string &dimensions,
                               const std::string &result, const std::string &schedule) {
  const std::string type = "tensor<?x8x16xf32>";
  return complaintOf("%x: " + type, schedule,
                     "%0 = lamina.kernel " + family + "(%x) : (" + type + ") -> " + result +
                         " {\n^bb0(%a: " + type + "):\n%r = lamina.reduce add %a, dims = [" +
                         dimensions + "] : (" + type + ") -> " + result +
                         "\nlamina.yield %r : " + result);
}

TEST(ScheduleCheck, Families) {
  EXPECT_EQ(mapComplaint("tensor<4x8xf32>", ""), "'lamina.kernel' op has no schedule");
  EXPECT_EQ(mapComplaint("tensor<4x8xf32>",
                         "#lamina.row<lanes = 8, rows = 4, unrolled = false, cost = 9>", "row"),
            "'lamina.kernel' op is of the family row, but its anchor makes it one of map");
}

TEST(ScheduleCheck, Maps) {
  EXPECT_EQ(
      mapComplaint("tensor<4x8xf32>", "#lamina.map<lanes = 8, elements = 12, lines = 1, cost = 9>"),
      "'lamina.kernel' op has tasks of 12 elements, which are no whole vectors");
  EXPECT_EQ(
      mapComplaint("tensor<8xf32>", "#lamina.map<lanes = 8, elements = 16, lines = 2, cost = 9>"),
      "'lamina.kernel' op has no lines to take together");
}

TEST(ScheduleCheck, Reductions) {
  EXPECT_EQ(reductionComplaint("row", "1, 2", "tensor<?xf32>",
                               "#lamina.row<lanes = 8, rows = 4, unrolled = true, cost = 9>"),
            "'lamina.kernel' op cannot unroll rows of several or of dynamic dimensions");
  EXPECT_EQ(reductionComplaint(
                "column", "0", "tensor<8x16xf32>",
                "#lamina.column<lanes = 8, vectors = 1, blocks = 1, ahead = 16, cost = 9>"),
            "'lamina.kernel' op prefetches positions that are not in the order of memory");
}

std::string convolutionComplaint(const std::string &schedule, const std::string &operand = "%a") {
  const std::string x = "tensor<?x8x8x16xf32>", w = "tensor<3x3x16x32xf32>",
                    y = "tensor<?x8x8x32xf32>";
  return complaintOf("%x: " + x + ", %w: " + w, schedule,
                     "%0 = lamina.kernel convolution(%x, %w) : (" + x + ", " + w + ") -> " + y +
                         " {\n^bb0(%a: " + x + ", %b: " + w +
                         "):\n%n = lamina.transpose %a, dims = [0, 2, 1, 3] : (" + x + ") -> " + x +
                         "\n%r = lamina.convolution " + operand +
                         ", %b, strides = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = "
                         "[1, 1], rhs_dilation = [1, 1], groups = 1 : (" +
                         x + ", " + w + ") -> " + y + "\nlamina.yield %r : " + y);
}

TEST(ScheduleCheck, Convolutions) {
  EXPECT_EQ(convolutionComplaint(
                "#lamina.convolution<lanes = 8, tileRows = 6, tileVectors = 2, channels = 0, "
                "lines = 1, positions = 4, columns = 32, ahead = false, cost = 9>"),
            "'lamina.kernel' op cuts lines that have borders, or several at once");
  EXPECT_EQ(convolutionComplaint(
                "#lamina.convolution<lanes = 8, tileRows = 6, tileVectors = 2, channels = 0, "
                "lines = 1, positions = 8, columns = 32, ahead = false, cost = 9>",
                "%n"),
            "'lamina.kernel' op has a convolution whose operands are not in memory");
}

/// Filters whose lines are in pairs, as contractions of narrow types read them.
TEST(ScheduleCheck, FiltersInGroupsOfLines) {
  auto complaint = [](const std::string &family, const std::string &filter,
                      const std::string &schedule, const std::string &result,
                      const std::string &operation) {
    const std::string x = "tensor<?x8x8x16xf32>";
    return complaintOf("%x: " + x + ", %w: " + filter + " {lamina.variable = @w}", schedule,
                       "%0 = lamina.kernel " + family + "(%x, %w) : (" + x + ", " + filter +
                           ") -> " + result + " {\n^bb0(%a: " + x + ", %b: " + filter +
                           "):\n%r = lamina." + operation + "\nlamina.yield %r : " + result,
                       "lamina.variable @w : " + filter +
                           " {layout = #lamina.packed<dimension = 3, width = 16, group = 2>}\n");
  };
  EXPECT_EQ(
      complaint("convolution", "tensor<3x3x16x32xf32>",
                "#lamina.convolution<lanes = 8, tileRows = 6, tileVectors = 2, channels = 0, "
                "lines = 1, positions = 8, columns = 32, ahead = false, cost = 9>",
                "tensor<?x8x8x32xf32>",
                "convolution %a, %b, strides = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = "
                "[1, 1], rhs_dilation = [1, 1], groups = 1 : (tensor<?x8x8x16xf32>, "
                "tensor<3x3x16x32xf32>) -> tensor<?x8x8x32xf32>"),
      "'lamina.kernel' op has a filter in groups of 2 lines, which convolutions do not read");
  EXPECT_EQ(
      complaint("winograd_filter", "tensor<3x3x16x32xf32>",
                "#lamina.winograd_filter<lanes = 8, blocks = 1, streamed = false, cost = 9>",
                "tensor<2x1x36x32x16xf32>",
                "winograd_filter %b, tile = 4 : (tensor<3x3x16x32xf32>) -> "
                "tensor<2x1x36x32x16xf32>"),
      "'lamina.kernel' op has a filter in groups of 2 lines, which minimal filtering does not "
      "read");
}

TEST(ScheduleCheck, PartsOfLines) {
  const std::string x = "tensor<?x64x16xf32>", w = "tensor<1x16x32xf32>", y = "tensor<?x64x32xf32>";
  EXPECT_EQ(complaintOf("%x: " + x + ", %w: " + w,
                        "#lamina.convolution<lanes = 8, tileRows = 6, tileVectors = 2, channels = "
                        "0, lines = 1, positions = 32, columns = 32, ahead = false, cost = 9>",
                        "%0 = lamina.kernel convolution(%x, %w) : (" + x + ", " + w + ") -> " + y +
                            " {\n^bb0(%a: " + x + ", %b: " + w +
                            "):\n%r = lamina.convolution %a, %b, strides = [1], low = [0], high = "
                            "[0], lhs_dilation = [1], rhs_dilation = [1], groups = 1 : (" +
                            x + ", " + w + ") -> " + y + "\nlamina.yield %r : " + y),
            "'lamina.kernel' op cuts lines into parts of 32 positions, which are no whole register "
            "tiles of 6");
}

TEST(ScheduleCheck, PartsOfLinesThatAreSummedUp) {
  const std::string x = "tensor<?x64x16xf32>", w = "tensor<1x16x32xf32>", y = "tensor<?x64x32xf32>",
                    sums = "tensor<?x32xf32>";
  EXPECT_EQ(complaintOf("%x: " + x + ", %w: " + w,
                        "#lamina.convolution<lanes = 8, tileRows = 4, tileVectors = 2, channels = "
                        "0, lines = 1, positions = 32, columns = 32, ahead = false, cost = 9>",
                        "%0:2 = lamina.kernel convolution(%x, %w) : (" + x + ", " + w + ") -> (" +
                            y + ", " + sums + ") {\n^bb0(%a: " + x + ", %b: " + w +
                            "):\n%r = lamina.convolution %a, %b, strides = [1], low = [0], high = "
                            "[0], lhs_dilation = [1], rhs_dilation = [1], groups = 1 : (" +
                            x + ", " + w + ") -> " + y +
                            "\n%s = lamina.reduce add %r, dims = [1] : (" + y + ") -> " + sums +
                            "\nlamina.yield %r, %s : " + y + ", " + sums),
            "'lamina.kernel' op cuts lines that it sums up");
}

TEST(ScheduleCheck, GradientsByFilters) {
  const std::string x = "tensor<?x8x8x16xf32>", y = "tensor<?x8x8x32xf32>",
                    w = "tensor<3x3x16x32xf32>";
  EXPECT_EQ(complaintOf("%x: " + x + ", %y: " + y,
                        "#lamina.filter_gradient<lanes = 8, tileRows = 6, tileVectors = 2, "
                        "channels = 18, columns = 32, positions = 8, images = 1, cost = 9>",
                        "%0 = lamina.kernel filter_gradient(%x, %y) : (" + x + ", " + y + ") -> " +
                            w + " {\n^bb0(%a: " + x + ", %b: " + y +
                            "):\n%n = lamina.transpose %a, dims = [0, 2, 1, 3] : (" + x + ") -> " +
                            x +
                            "\n%r = lamina.filter_gradient %n, %b, strides = [1, 1], low = [1, 1], "
                            "high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups "
                            "= 1 : (" +
                            x + ", " + y + ") -> " + w + "\nlamina.yield %r : " + w),
            "'lamina.kernel' op has a gradient by the filter whose operands are not in memory");
}

std::string winogradComplaint(int64_t filters, const std::string &schedule) {
  const std::string x = "tensor<?x7x7x64xf32>",
                    w = "tensor<" + std::to_string(filters / 16) + "x2x36x32x16xf32>",
                    y = "tensor<?x7x7x" + std::to_string(filters) + "xf32>";
  return complaintOf("%x: " + x + ", %w: " + w, schedule,
                     "%0 = lamina.kernel winograd(%x, %w) : (" + x + ", " + w + ") -> " + y +
                         " {\n^bb0(%a: " + x + ", %b: " + w +
                         "):\n%r = lamina.winograd_convolution %a, %b, tile = 4, filters = " +
                         std::to_string(filters) + ", low = [1, 1], high = [1, 1] : (" + x + ", " +
                         w + ") -> " + y + "\nlamina.yield %r : " + y);
}

TEST(ScheduleCheck, MinimalFiltering) {
  EXPECT_EQ(winogradComplaint(64, "#lamina.winograd<lanes = 32, tileRows = 6, tileVectors = 1, "
                                  "squares = 6, filters = 32, cost = 9>"),
            "'lamina.kernel' op has minimal filtering with vectors wider than a panel of 16 "
            "filters");
  EXPECT_EQ(winogradComplaint(48, "#lamina.winograd<lanes = 16, tileRows = 6, tileVectors = 2, "
                                  "squares = 6, filters = 32, cost = 9>"),
            "'lamina.kernel' op has register tiles 32 filters wide, which do not divide the 48 "
            "filters of whole panels");
}

} // namespace
} // namespace lamina::passes
