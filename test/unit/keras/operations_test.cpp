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

TEST(Operations, refusedForWhatTheyAre) {
  EXPECT_EQ(problem(operation("Argpartition", {{"kth", 1}}, {kX})),
            "the operation Argpartition of keras.ops is refused: Keras on TensorFlow rounds its "
            "numbers to integers first, and mixes the rows; use argsort");
  EXPECT_EQ(problem(operation("SVD", {}, {kX})),
            "the operation SVD of keras.ops is refused: it takes a matrix apart step by step, for "
            "which there is no operation; compute it before, and give the model its result as an "
            "input");
  EXPECT_EQ(problem(operation("Cond", {}, {kX})),
            "the operation Cond of keras.ops is refused: it holds Python code, which is never "
            "executed; write the operations out on whole tensors, choices with where");
}

TEST(Operations, thatSortOrTransform) {
  EXPECT_EQ(problem(operation("Sort", {{"axis", 0}}, {kX})),
            "sorts the rows of the batch (dimension 0 of shape (None, 4, 3)), which is not "
            "supported");
  EXPECT_EQ(problem(operation("TopK", {{"k", 4}}, {kX})),
            "cannot take the 4 largest elements along the last dimension of shape (None, 4, 3)");
  EXPECT_EQ(problem(operation("Percentile", {{"axis", 1}}, {kX, 101})),
            "'q' is 101, which is not between 0 and 100");
  EXPECT_EQ(problem(operation("Percentile", {{"axis", 1}, {"method", "cubic"}}, {kX, 10})),
            "'method' is cubic; it can be linear, lower, higher, midpoint or nearest");
  EXPECT_EQ(problem(operation("Quantile", {{"axis", 1}}, {kX, json::array({0.1, 0.9})})),
            "takes one number as 'q'; several would come before the rows of the batch");
  EXPECT_EQ(problem(operation("FFT", {}, {kX})),
            "takes a pair of tensors of one shape, the real and the imaginary parts");
  EXPECT_EQ(problem(operation("Inv", {}, {kX})),
            "needs square matrices, not a tensor of shape (None, 4, 3)");
  EXPECT_EQ(problem(operation("Gcd", {}, {kX, kX})), "is of integers; cast them to int32");
}

json matrix(std::vector<int64_t> shape) {
  json value = 1.5;
  for (int64_t extent : llvm::reverse(shape))
    value = std::vector<json>(extent, value);
  return {{"class_name", "__numpy__"}, {"config", {{"value", value}, {"dtype", "float32"}}}};
}

/// Images x, of rows of shape (4, 6, 3).
std::string imageProblem(json object) {
  json model = functional({input("x", {4, 6, 3}), object}, {"x"}, {"op"});
  std::string error = importError(makeFile(model));
  std::string prefix = "model.keras: layer 'op': ";
  return error.starts_with(prefix) ? error.substr(prefix.size()) : error;
}

TEST(Operations, thatLayersMean) {
  EXPECT_EQ(imageProblem(operation("MaxPool", {{"pool_size", 5}}, {kX})),
            "a pool of size (5, 5) does not fit spatial dimension 0 of 4 elements, got an input of "
            "shape (None, 4, 6, 3)");
  EXPECT_EQ(imageProblem(operation("Conv", {}, {kX, matrix({3, 3, 2, 4})})),
            "the kernel takes 2 channels, not 3, got an input of shape (None, 4, 6, 3)");
  EXPECT_EQ(imageProblem(operation("Conv", {}, {kX, matrix({3, 3, 4})})),
            "a kernel of shape (3, 3, 4) does not fit images of shape (None, 4, 6, 3)");
  EXPECT_EQ(imageProblem(operation("Conv", {}, {kX, kX})),
            "has other kernels for each row, which is not supported");
  EXPECT_EQ(imageProblem(
                operation("SeparableConv", {}, {kX, matrix({2, 2, 3, 1}), matrix({1, 1, 2, 4})})),
            "a pointwise kernel of shape (1, 1, 2, 4) does not combine 3 channels");
  EXPECT_EQ(imageProblem(operation("CropImages", {{"top_cropping", 1}}, {kX})),
            "needs exactly two of 'top_cropping', 'bottom_cropping' and 'target_height'");
  EXPECT_EQ(imageProblem(operation("Resize", {{"size", {3}}}, {kX})),
            "'size' must be a height and a width");
  EXPECT_EQ(problem(operation("MaxPool", {{"pool_size", 2}}, {kI})),
            "takes rows of images with one to three spatial dimensions, got shape (None, 2)");
}

TEST(Operations, imagesThatDoNotFit) {
  EXPECT_EQ(imageProblem(operation("DepthToSpace", {{"block_size", 2}}, {kX})),
            "cannot make blocks of 2 x 2 pixels of 3 channels");
  EXPECT_EQ(imageProblem(operation("SpaceToDepth", {{"block_size", 4}}, {kX})),
            "blocks of 4 x 4 pixels do not divide an image of shape (None, 4, 6, 3)");
  EXPECT_EQ(imageProblem(operation("SpaceToDepth", {{"block_size", 1}}, {kX})),
            "'block_size' must be at least 2");
  EXPECT_EQ(imageProblem(operation("ExtractPatches", {{"size", 5}}, {kX})),
            "a window over 5 elements does not fit dimension 1 of shape (None, 4, 6, 3)");
  EXPECT_EQ(
      imageProblem(operation(
          "Pad", {{"pad_width", {{0, 0}, {4, 0}, {0, 0}, {0, 0}}}, {"mode", "reflect"}}, {kX})),
      "cannot mirror 4 and 0 of the 4 elements of dimension 1");
  EXPECT_EQ(imageProblem(operation("Pad", {{"pad_width", 0}, {"mode", "edge"}}, {kX})),
            "pads with the 'mode' edge; constant, reflect and symmetric are supported");
  EXPECT_EQ(imageProblem(operation("RGBToGrayscale", {{"data_format", "channels_first"}}, {kX})),
            "takes images of 1 or 3 channels, not 4");
}

TEST(Operations, comparedFoldedOrProjectedImagesThatDoNotFit) {
  EXPECT_EQ(imageProblem(operation("SSIM", {{"filter_size", 5}}, {kX, kX})),
            "a filter of 5 x 5 pixels does not fit images of shape (None, 4, 6, 3)");
  EXPECT_EQ(
      imageProblem(operation("PerspectiveTransform", {}, {kX, matrix({4, 3}), matrix({4, 2})})),
      "'start_points' of shape (4, 3) is not four points, or four for each row");
  EXPECT_EQ(problem(operation("Fold", {{"output_size", 3}, {"kernel_size", 2}}, {kX})),
            "patches of shape (None, 4, 3) are not those of 3 x 3 pixels");
  EXPECT_EQ(problem(operation("Qr", {}, {kI})), "needs matrices, not a tensor of shape (None, 2)");
  EXPECT_EQ(problem(operation("Qr", {{"mode", "raw"}}, {kX})),
            "'mode' is 'raw'; there are reduced and complete");
}

TEST(Operations, patternsThatDoNotFit) {
  auto rearranged = [](const char *pattern, json lengths = json::object()) {
    return problem(operation("Rearrange", {}, {kX, pattern}, lengths));
  };
  EXPECT_EQ(rearranged("b h -> b h"),
            "the 'pattern' b h -> b h does not fit the shape (None, 4, 3)");
  EXPECT_EQ(rearranged("b h w -> (b h) w"),
            "moves the rows of the batch or joins them with others, which is not supported");
  EXPECT_EQ(rearranged("b (h p) w -> b h p w"),
            "a 'pattern' splits a dimension into 'h' and 'p', of which none is given");
  EXPECT_EQ(rearranged("b (h p) w -> b h p w", {{"p", 3}}),
            "a 'pattern' cannot split a dimension of (4,) into parts of 3");
  EXPECT_EQ(rearranged("b h w -> b h"),
            "the two sides of the 'pattern' b h w -> b h do not name the same dimensions");
  EXPECT_EQ(rearranged("b (h w -> b h w"), "the parentheses of a 'pattern' do not match");
  EXPECT_EQ(rearranged("b h ... -> b ... h"),
            "'...' in a 'pattern' is not supported; names and parentheses are");
}

TEST(Operations, elementsThatAreNotThere) {
  EXPECT_EQ(problem(operation("Diagonal", {}, {kX})),
            "takes a diagonal along the rows of the batch (dimension 0 of shape (None, 4, 3)), "
            "which is not supported");
  EXPECT_EQ(problem(operation("Diagonal", {{"offset", 3}, {"axis1", 1}, {"axis2", 2}}, {kX})),
            "the diagonal 3 of a matrix of 4 x 3 is empty");
  EXPECT_EQ(problem(operation("Cumsum", {}, {kX})),
            "flattens its input, the rows of the batch included; give it an axis");
  EXPECT_EQ(problem(operation("Diff", {{"n", 4}, {"axis", 1}}, {kX})),
            "cannot take differences 4 times of 4 elements");
  EXPECT_EQ(problem(operation("Slice", {{"shape", {-1, 3, 1}}}, {kX, {0, 2, 0}})),
            "a slice of 3 from 2 on does not fit dimension 1 of shape (None, 4, 3)");
  EXPECT_EQ(problem(operation("SliceUpdate", {}, {kX, {0, 2, 0}, kI})),
            "updates of shape (None, 2) do not fit a tensor of shape (None, 4, 3)");
  EXPECT_EQ(problem(operation("TakeAlongAxis", {{"axis", 1}}, {kX, kI})),
            "indices of shape (None, 2) do not fit a tensor of shape (None, 4, 3)");
  EXPECT_EQ(problem(operation("ArraySplit", {{"indices_or_sections", 5}, {"axis", 1}}, {kX})),
            "cannot split 4 elements into 5 parts");
  EXPECT_EQ(problem(operation("Average", {{"axis", 1}}, {kX}, {{"weights", matrix({3})}})),
            "'weights' of shape (3,) do not fit a tensor of shape (None, 4, 3)");
  EXPECT_EQ(problem(operation("Cross", {}, {kX, matrix({4})})),
            "takes vectors of 2 or 3 coordinates, not 4");
  EXPECT_EQ(problem(operation("Outer", {}, {kX, kI})),
            "flattens its input, the rows of the batch included; use einsum");
  EXPECT_EQ(problem(operation("Norm", {{"ord", 2}, {"axis", {1, 2}}}, {kX})),
            "'ord' = 2 of matrices needs singular values, for which there is no operation; the "
            "Frobenius norm, 1 and infinity do not");
}

TEST(Operations, bitsOfNumbers) {
  EXPECT_EQ(problem(operation("BitwiseAnd", {}, {kX, kX})),
            "works on bits, but gets floating-point numbers; cast them to integers");
  EXPECT_EQ(problem(operation("LeftShift", {}, {kI, kI})),
            "shifts by something other than a number from 0 to 6; multiply by or floor_divide by a "
            "power of two instead");
  EXPECT_EQ(problem(operation("Where", {}, {kI})),
            "is called with a condition alone and gives as many places as hold, which only the "
            "values tell; give it what to choose from");
}

} // namespace
} // namespace lamina::frontend::test
