#include "test/unit/passes/random_step.h"

#include <fmt/format.h>

#include <random>
#include <vector>

namespace lamina::passes {
namespace {

struct TypedValue {
  std::string name, shape; ///< shape as in tensor types: "4x5", "" for scalars
  std::string variable;    ///< whose old value it is
};

std::string tensor(const std::string &shape) {
  return shape.empty() ? "tensor<f32>" : "tensor<" + shape + "xf32>";
}

class StepWriter {
public:
  explicit StepWriter(uint64_t seed) : random(seed) {}

  std::string write() {
    addArguments();
    int steps = 5 + below(25);
    for (int i = 0; i < steps; ++i)
      addOperation();
    addReturn();
    return fmt::format("module attributes {{lamina.batch_size = {} : i64}} {{\n{}"
                       "func.func @train_step({})\n    -> ({}) {{\n{}}}\n}}\n",
                       kRandomStepBatchSize, variables, arguments, resultTypes, body);
  }

private:
  size_t below(size_t limit) { return random() % limit; }

  void addArguments() {
    const char *shapes[] = {"4x5", "4x5", "5x5", "5x5", "5", "5", "", "?x5", "?x4", "5x4"};
    for (const char *shape : shapes) {
      size_t number = values.size();
      bool variable = std::string(shape).find('?') == std::string::npos;
      std::string name = fmt::format("v{}", number);
      values.push_back({"%" + name, shape, variable ? name : ""});
      if (variable)
        variables += fmt::format("  lamina.variable @{} : {}\n", name, tensor(shape));
      arguments +=
          fmt::format("{}%{}: {} {{lamina.{}}}", number ? ", " : "", name, tensor(shape),
                      variable ? "variable = @" + name : fmt::format("input = \"{}\"", name));
    }
  }

  const TypedValue &pick() { return values[below(values.size())]; }

  /// A value of the shape; there is always one, since no argument's shape is asked for in vain.
  TypedValue pick(const std::string &shape) {
    std::vector<TypedValue> fitting;
    for (const TypedValue &value : values)
      if (value.shape == shape)
        fitting.push_back(value);
    return fitting[below(fitting.size())];
  }

  void add(const std::string &shape, const std::string &text) {
    std::string name = fmt::format("%{}", next++);
    body += fmt::format("  {} = lamina.{}\n", name, text);
    values.push_back({name, shape, ""});
  }

  void addOperation() {
    switch (below(8)) {
    case 0:
    case 1: {
      TypedValue value = pick();
      const char *names[] = {"tanh", "negate", "logistic"};
      return add(value.shape,
                 fmt::format("{} {} : {}", names[below(3)], value.name, tensor(value.shape)));
    }
    case 2:
    case 3: {
      TypedValue left = pick(), right = pick(left.shape);
      const char *names[] = {"add", "multiply", "subtract"};
      return add(left.shape, fmt::format("{} {}, {} : {}", names[below(3)], left.name, right.name,
                                         tensor(left.shape)));
    }
    case 4: {
      const char *pairs[][2] = {{"4x5", "5x4"}, {"5x4", "4x5"}, {"5x5", "5x5"}};
      auto [from, to] = pairs[below(3)];
      return add(to, fmt::format("transpose {}, dims = [1, 0] : ({}) -> {}", pick(from).name,
                                 tensor(from), tensor(to)));
    }
    case 5: {
      const char *cases[][3] = {
          {"?x5", "[0]", "5"}, {"4x5", "[0]", "5"}, {"5x5", "[1]", "5"}, {"5", "[0]", ""}};
      auto [from, dimensions, to] = cases[below(4)];
      return add(to, fmt::format("reduce add {}, dims = {} : ({}) -> {}", pick(from).name,
                                 dimensions, tensor(from), tensor(to)));
    }
    case 6: {
      const char *cases[][3] = {
          {"5", "[1]", "?x5"}, {"5", "[0]", "5x4"}, {"", "[]", "4x5"}, {"5", "[1]", "5x5"}};
      auto [from, dimensions, to] = cases[below(4)];
      return add(to, fmt::format("broadcast_in_dim {}, dims = {} : ({}) -> {}", pick(from).name,
                                 dimensions, tensor(from), tensor(to)));
    }
    default:
      return addContraction();
    }
  }

  void addContraction() {
    const char *cases[][5] = {{"?x4", "4x5", "1", "0", "?x5"}, {"?x5", "4x5", "1", "1", "?x4"},
                              {"?x4", "?x5", "0", "0", "4x5"}, {"?x5", "5x5", "1", "1", "?x5"},
                              {"?x5", "?x5", "0", "0", "5x5"}, {"5x5", "5", "0", "0", "5"}};
    auto [left, right, leftDimension, rightDimension, to] = cases[below(6)];
    add(to, fmt::format("dot_general {}, {}, batching = [] x [], contracting = [{}] x [{}] : "
                        "({}, {}) -> {}",
                        pick(left).name, pick(right).name, leftDimension, rightDimension,
                        tensor(left), tensor(right), tensor(to)));
  }

  void addReturn() {
    std::string names, types;
    auto result = [&](const TypedValue &value, const std::string &attribute) {
      bool first = names.empty();
      names += (first ? "" : ", ") + value.name;
      types += (first ? "" : ", ") + tensor(value.shape);
      resultTypes += (first ? "" : ", ") + tensor(value.shape) + " {lamina." + attribute + "}";
    };
    result(pick(), "output = \"y0\"");
    size_t count = values.size();
    for (size_t i = 0; i < count; ++i)
      if (!values[i].variable.empty() && below(4) > 0)
        result(pick(values[i].shape), "variable = @" + values[i].variable);
    result(pick(), "output = \"y1\"");
    body += fmt::format("  return {} : {}\n", names, types);
  }

  std::mt19937_64 random;
  std::vector<TypedValue> values;
  std::string variables, arguments, resultTypes, body;
  int next = 0;
};

} // namespace

std::string makeRandomStep(uint64_t seed) {
  return StepWriter(seed).write();
}

} // namespace lamina::passes
