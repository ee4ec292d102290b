// Nodes of keras.ops: what is refused of them. Values are compared with real Keras by the
// conformance tests.
#include <gtest/gtest.h>

#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;

/// A node of keras.ops that is called with these arguments.
json operation(const std::string &className, json config, std::vector<json> args,
               json kwargs = json::object()) {
  json object = layer(className, "op", config);
  object["module"] = "keras.src.ops.numpy";
  object["inbound_nodes"] = json::array({{{"args", json(args)}, {"kwargs", kwargs}}});
  return object;
}

json slice(json start, json stop, json step = nullptr) {
  return {{"class_name", "__slice__"},
          {"config", {{"start", start}, {"stop", stop}, {"step", step}}}};
}

const json kX = tensor("x"), kI = tensor("i");

/// What is said about an operation on x, of rows of shape (4, 3), and i, 2 integers; without file
/// and layer.
std::string problem(json object) {
  json model =
      functional({input("x", {4, 3}), input("i", {2}, "int8"), input("u", {2}, "uint8"), object},
                 {"x", "i", "u"}, {"op"});
  std::string error = importError(makeFile(model));
  std::string prefix = "model.keras: layer 'op': ";
  return error.starts_with(prefix) ? error.substr(prefix.size()) : error;
}

TEST(Operations, unknownOnesAreNamed) {
  EXPECT_EQ(problem(operation("Meann", {}, {kX})),
            "the operation Meann of keras.ops is not supported; the nearest supported is Mean");
}

TEST(Operations, argumentsThatDoNotFit) {
  EXPECT_EQ(problem(operation("Add", {}, {kX})), "is called without the argument 'x2'");
  EXPECT_EQ(problem(operation("Mean", {}, {kX, kX})), "Mean takes 1 argument, not 2");
  EXPECT_EQ(problem(operation("Mean", {{"where", 3}}, {kX})),
            "Mean with 'where' = 3 is not supported");
  EXPECT_EQ(problem(operation("Add", {}, {kX, "text"})), "the argument 'x2' is not a tensor");
  EXPECT_EQ(problem(operation("Add", {{"x2", {{"class_name", "__keras_tensor__"}, {"config", 7}}}},
                              {kX})),
            "the argument 'x2' is no tensor of the model");
  EXPECT_EQ(problem(operation("Concatenate", {}, {json::array({kX, 1.5})})),
            "the argument 'xs' holds something other than tensors of the model");
  EXPECT_EQ(problem(operation("Concatenate", {}, {json::array()}, {{"more", kX}})),
            "the argument 'xs' is empty");
  EXPECT_EQ(problem(operation("Add", {}, {1, 2})), "has a call without inputs");
  json broken = operation("Add", {}, {kX, kX});
  broken["inbound_nodes"] = json::array({{{"args", 3}, {"kwargs", json::object()}}});
  EXPECT_EQ(problem(broken), "has a call without a proper \"args\"");
}

TEST(Operations, shapesThatDoNotFit) {
  json pair = {{"class_name", "__tensor__"}, {"config", {{"value", {1, 2}}, {"dtype", "float32"}}}};
  EXPECT_EQ(problem(operation("Add", {}, {kX, pair})),
            "shapes (None, 4, 3) and (2,) cannot be broadcast to each other");
  EXPECT_EQ(problem(operation("Reshape", {{"newshape", {-1, 5}}}, {kX})),
            "cannot reshape (None, 4, 3) to [-1,5] with the rows of the batch as they are");
  EXPECT_EQ(problem(operation("Reshape", {{"newshape", {4, -1}}}, {kX})),
            "cannot reshape (None, 4, 3) to [4,-1] with the rows of the batch as they are");
  EXPECT_EQ(problem(operation("Squeeze", {{"axis", 1}}, {kX})),
            "cannot squeeze dimension 1 of shape (None, 4, 3)");
  EXPECT_EQ(problem(operation("Concatenate", {{"axis", 2}}, {json::array({kX, kI})})),
            "shapes (None, 4, 3) and (None, 2) cannot be joined along axis 2");
  EXPECT_EQ(problem(operation("Split", {{"indices_or_sections", 3}, {"axis", 1}}, {kX})),
            "cannot split 4 elements into 3 equal parts");
  EXPECT_EQ(problem(operation("BroadcastTo", {{"shape", {4, 4}}}, {kX})),
            "cannot broadcast (None, 4, 3) to (4, 4)");
  EXPECT_EQ(problem(operation("Matmul", {}, {kX, kX})),
            "cannot contract dimension 2 of shape (None, 4, 3) with dimension 1 of shape (None, 4, "
            "3)");
  EXPECT_EQ(problem(operation("Einsum", {{"subscripts", "bij,bk->b"}}, {kX})),
            "the einsum 'bij,bk->b' has 2 operands, but 1 are given");
  EXPECT_EQ(problem(operation("Einsum", {{"subscripts", "bb->b"}}, {kX})),
            "an einsum names 2 dimensions of an operand of shape (None, 4, 3)");
  EXPECT_EQ(problem(operation("Einsum", {{"subscripts", "bii->b"}}, {kX})),
            "an einsum names two dimensions of one operand alike, which is not supported");
  EXPECT_EQ(problem(operation("Einsum", {{"subscripts", "bij->bk"}}, {kX})),
            "an einsum's output must name different dimensions of its operands");
  EXPECT_EQ(problem(operation("Einsum", {{"subscripts", "b1j->b"}}, {kX})),
            "the einsum 'b1j->b' must name dimensions by letters");
}

TEST(Operations, rowsStayWhereTheyAre) {
  EXPECT_EQ(problem(operation("GetItem", {}, {kX, 0})),
            "takes one of the rows of the batch (dimension 0 of shape (None, 4, 3)), which is not "
            "supported");
  EXPECT_EQ(problem(operation("GetItem", {}, {kX, json::array({slice(1, nullptr)})})),
            "slices the rows of the batch (dimension 0 of shape (None, 4, 3)), which is not "
            "supported");
  EXPECT_EQ(problem(operation("Transpose", {}, {kX})),
            "moves the rows of the batch (dimension 0 of shape (None, 4, 3)), which is not "
            "supported");
  EXPECT_EQ(problem(operation("Stack", {{"axis", 0}}, {json::array({kX, kX})})),
            "puts a dimension before the rows of the batch, which is not supported");
  EXPECT_EQ(problem(operation("Argmax", {}, {kX})),
            "looks at all elements at once, the rows of the batch among them; give it an axis");
  EXPECT_EQ(problem(operation("Softmax", {{"axis", 0}}, {kX})),
            "works along the rows of the batch, which is not supported");
  EXPECT_EQ(problem(operation("Repeat", {{"repeats", 2}}, {kX})),
            "flattens its input, the rows of the batch included; give it an axis");
}

TEST(Operations, keysOutOfReach) {
  json all = slice(nullptr, nullptr);
  EXPECT_EQ(problem(operation("GetItem", {}, {kX, json::array({all, 4})})),
            "index 4 is outside of dimension 1 of shape (None, 4, 3)");
  EXPECT_EQ(problem(operation("GetItem", {}, {kX, json::array({all, slice(3, 1)})})),
            "a slice takes nothing of dimension 1 of shape (None, 4, 3)");
  EXPECT_EQ(problem(operation("GetItem", {}, {kX, json::array({all, all, all, all})})),
            "is indexed with 4 entries but has the shape (None, 4, 3)");
  EXPECT_EQ(problem(operation("GetItem", {}, {kX, json::array({all, "a"})})),
            "is indexed with \"a\"; indices, slices, new axes and an ellipsis are supported");
}

TEST(Operations, typesThatDoNotMix) {
  EXPECT_EQ(problem(operation("Add", {}, {kI, tensor("u")})),
            "int8 and uint8 together give int16, which is not supported; cast one of them");
  EXPECT_EQ(problem(operation("Cast", {{"dtype", "bfloat16"}}, {kX})),
            "the dtype bfloat16 is not supported");
  EXPECT_EQ(problem(operation("Power", {}, {kI, 3})),
            "raises integers to a power; cast them to floating point");
}

} // namespace
} // namespace lamina::frontend::test
