#include "test/unit/passes/gradient_case.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <ostream>

#include <fmt/format.h>

namespace lamina::passes {

std::ostream &operator<<(std::ostream &stream, const GradientCase &test) {
  return stream << test.name;
}

static std::string allDimensions(const std::string &type) {
  std::string list;
  for (int64_t i = 0, rank = std::ranges::count(type, 'x'); i < rank; ++i)
    list += (i ? ", " : "") + std::to_string(i);
  return list;
}

std::string lossModule(const GradientCase &test) {
  std::string text = "module attributes {lamina.batch_size = 8 : i64} {\n", arguments;
  for (size_t i = 0; i < test.variables.size(); ++i) {
    std::string name(1, static_cast<char>('a' + i));
    text += fmt::format("lamina.variable @{} : {} {{trainable}}\n", name, test.variables[i]);
    arguments += fmt::format("{}%{}: {} {{lamina.variable = @{}}}", i ? ", " : "", name,
                             test.variables[i], name);
  }
  text += fmt::format("func.func @loss({}) -> (tensor<f64> {{lamina.log = \"loss\"}}) {{\n{}\n",
                      arguments, test.body);
  std::string weighted = "%y";
  if (test.result != "tensor<f64>") {
    int64_t last = std::ranges::count(test.result, 'x') - 1;
    text += fmt::format("%index = lamina.iota {0} : {1}\n%first = lamina.iota 0 : {1}\n"
                        "%sine = lamina.sine %index : {1}\n%cosine = lamina.cosine %first : {1}\n"
                        "%weight = lamina.add %sine, %cosine : {1}\n"
                        "%weighted = lamina.multiply %y, %weight : {1}\n",
                        last, test.result);
    weighted = "%weighted";
  }
  return text + fmt::format("%sum = lamina.reduce add {}, dims = [{}] : ({}) -> tensor<f64>\n"
                            "return %sum : tensor<f64>\n}}\n}}\n",
                            weighted, allDimensions(test.result), test.result);
}

std::vector<int64_t> parseShape(const std::string &type) {
  std::vector<int64_t> shape;
  for (size_t at = type.find('<') + 1; std::isdigit(type[at]); at = type.find('x', at) + 1)
    shape.push_back(std::stoll(type.substr(at)));
  return shape;
}

GradientCase unary(const std::string &op, double low, double high) {
  return {op,
          {"tensor<5xf64>"},
          fmt::format("%y = lamina.{} %a : tensor<5xf64>", op),
          "tensor<5xf64>",
          low,
          high};
}

GradientCase binary(const std::string &op, double low, double high) {
  return {op,
          {"tensor<5xf64>", "tensor<5xf64>"},
          fmt::format("%y = lamina.{} %a, %b : tensor<5xf64>", op),
          "tensor<5xf64>",
          low,
          high};
}

} // namespace lamina::passes
