// Checks of shapes and axes, and what they say.
#include <gtest/gtest.h>

#include "frontend/builder/shapes.h"
#include "mlir/IR/BuiltinTypeInterfaces.h"
#include "written_function.h"

namespace lamina::frontend::test {
namespace {

using namespace builder;

const Place kNode{"model.onnx", "node 'x'"};

TEST(Shapes, messagesShowThemAsTuples) {
  EXPECT_EQ(describeShape({}), "()");
  EXPECT_EQ(describeShape({3}), "(3,)");
  EXPECT_EQ(describeShape({mlir::ShapedType::kDynamic, 28, 28}), "(None, 28, 28)");
}

TEST(Shapes, axesCountFromTheEnd) {
  EXPECT_EQ(normalizeAxis(kNode, -1, 3), 2);
  EXPECT_EQ(normalizeAxis(kNode, 0, 3), 0);
  EXPECT_EQ(errorOf([] { normalizeAxis(kNode, 3, 3); }),
            "model.onnx: node 'x': axis 3 is not one of the 3 dimensions of its input");
}

TEST(Shapes, dimensionsAreNamedOnce) {
  refuseRepeated(kNode, {0, 1});
  EXPECT_EQ(errorOf([] { refuseRepeated(kNode, {0, 1, 0}); }),
            "model.onnx: node 'x': dimension 0 is named twice");
}

TEST(Shapes, tensorsHaveALimit) {
  checkSize(kNode, {mlir::ShapedType::kDynamic, int64_t(1) << 32});
  EXPECT_EQ(errorOf([] { checkSize(kNode, {int64_t(1) << 32, 2}); }),
            "model.onnx: node 'x': a tensor of shape (4294967296, 2) is too large");
}

TEST(Place, aWholeFileHasNoPart) {
  EXPECT_EQ(errorOf([] { Place{"model.onnx", ""}.fail("it is empty"); }),
            "model.onnx: it is empty");
}

} // namespace
} // namespace lamina::frontend::test
