#pragma once

#include <iosfwd>
#include <string>
#include <vector>

/// Functions that the tests of gradients differentiate.
namespace lamina::passes {

/// A function of one or two variables %a, %b (types as given, values drawn between low and high)
/// whose result is %y.
struct GradientCase {
  std::string name;
  std::vector<std::string> variables;
  std::string body;
  std::string result;
  double low = -2, high = 2;
};

std::ostream &operator<<(std::ostream &stream, const GradientCase &test);

/// An elementwise operation of one or two tensors of 5 elements.
GradientCase unary(const std::string &op, double low = -2, double high = 2);
GradientCase binary(const std::string &op, double low = -2, double high = 2);

/// A module with the function as @loss, of its variables. The loss is the sum of y with different
/// weights, so that every element's gradient differs.
std::string lossModule(const GradientCase &test);

/// The shape of a tensor type, such as "tensor<2x3xf64>".
std::vector<int64_t> parseShape(const std::string &type);

} // namespace lamina::passes
