#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "codegen/compiled_model.h"
#include "frontend/files/arrays/array.h"
#include "support/error.h"
#include "trainer/data/dataset.h"

namespace lamina::trainer::test {

/// A folder that goes away with the test.
class TemporaryFolder {
public:
  TemporaryFolder() {
    const auto *info = testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::temp_directory_path() /
            fmt::format("lamina_{}_{}_{}", info->test_suite_name(), info->name(), getpid());
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string &name) const { return (path_ / name).string(); }
  std::string write(const std::string &name, const std::string &content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return *this / name;
  }

private:
  std::filesystem::path path_;
};

inline std::string readText(const std::string &path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// The message of the UserError that `call` throws.
template <typename Call> std::string errorOf(Call call) {
  try {
    call();
  } catch (const UserError &error) {
    return error.what();
  }
  return "(no error)";
}

template <typename T>
frontend::Array makeArray(ElementType type, std::vector<int64_t> shape, std::vector<T> values) {
  frontend::Array array = frontend::makeArray(type, std::move(shape));
  std::copy(values.begin(), values.end(), reinterpret_cast<T *>(array.bytes.data()));
  return array;
}

inline frontend::Array floats(std::vector<int64_t> shape, std::vector<float> values) {
  return makeArray(ElementType::F32, std::move(shape), std::move(values));
}

template <typename T> std::vector<T> valuesOf(const frontend::Array &array) {
  auto span = array.values<T>();
  return {span.begin(), span.end()};
}

/// y = x w + b with two features, mean squared error and plain gradient descent, written out by
/// hand behind the interface of a compiled model.
class LinearModel : public codegen::CompiledModel {
public:
  struct State {
    float kernel[2], bias, rate;
    int64_t iteration;
  };

  explicit LinearModel(int64_t batchSize = 4, float rate = 0.1f) : rate_(rate) {
    hasTraining_ = true;
    signature_.variables = {
        {"dense_kernel", "layers/dense/vars/0", ElementType::F32, {2, 1}, true},
        {"dense_bias", "layers/dense/vars/1", ElementType::F32, {1}, true},
        {"sgd/learning_rate",
         "optimizer/vars/1",
         ElementType::F32,
         {},
         false,
         ir::VariableRole::LearningRate},
        {"sgd/iteration",
         "optimizer/vars/0",
         ElementType::I64,
         {},
         false,
         ir::VariableRole::Iteration},
    };
    signature_.inputs = {{"x_in", ElementType::F32, {-1, 2}}};
    signature_.targets = {{"y_true", ElementType::F32, {-1, 1}}};
    signature_.outputs = {{"y", ElementType::F32, {-1, 1}}};
    signature_.trainLogs =
        signature_.evaluateLogs = {{"loss"}, {"mae"}, {"rmse", codegen::LogMean::Sums}};
    signature_.sums = 2;
    signature_.batchSize = batchSize;
    signature_.stateBytes = sizeof(State);
    signature_.workspaceBytes = 64;
  }

  int initCalls() const { return initCalls_; }

  int init(void *state, uint64_t seed) const override {
    ++initCalls_;
    float start = static_cast<float>(seed % 16) / 16;
    *static_cast<State *>(state) = {{start, -start}, 0, rate_, 0};
    return LAMINA_OK;
  }
  int load(void *state, const void *const *variables) const override {
    for (size_t i = 0; i < 4; ++i)
      if (variables[i])
        std::memcpy(place(state, i), variables[i], size(i));
    return LAMINA_OK;
  }
  int save(const void *state, void *const *variables) const override {
    for (size_t i = 0; i < 4; ++i)
      if (variables[i])
        std::memcpy(variables[i], place(const_cast<void *>(state), i), size(i));
    return LAMINA_OK;
  }
  int trainStep(const lamina_env *, void *opaque, void *, uint32_t rows,
                const codegen::StepArrays &arrays) const override {
    auto *state = static_cast<State *>(opaque);
    float gradient[3] = {0, 0, 0};
    if (int status = measure(*state, rows, arrays, gradient))
      return status;
    for (int i = 0; i < 2; ++i)
      state->kernel[i] -= state->rate * gradient[i];
    state->bias -= state->rate * gradient[2];
    ++state->iteration;
    return LAMINA_OK;
  }
  int accumulate(const lamina_env *, void *, void *, uint32_t,
                 const codegen::StepArrays &) const override {
    return LAMINA_ERROR_ROWS;
  }
  int evaluate(const lamina_env *, const void *state, void *, uint32_t rows,
               const codegen::StepArrays &arrays) const override {
    float gradient[3] = {0, 0, 0};
    return measure(*static_cast<const State *>(state), rows, arrays, gradient);
  }
  int predict(const lamina_env *, const void *state, void *, uint32_t rows,
              const void *const *inputs, void *const *outputs) const override {
    for (uint32_t row = 0; row < rows; ++row)
      static_cast<float *>(outputs[0])[row] =
          output(*static_cast<const State *>(state), static_cast<const float *>(inputs[0]), row);
    return LAMINA_OK;
  }

  int results(void *, const double *sums, double *logs) const override {
    logs[0] = std::sqrt(sums[0] / sums[1]);
    return LAMINA_OK;
  }

private:
  static std::byte *place(void *state, size_t variable) {
    constexpr size_t offsets[] = {offsetof(State, kernel), offsetof(State, bias),
                                  offsetof(State, rate), offsetof(State, iteration)};
    return static_cast<std::byte *>(state) + offsets[variable];
  }
  static size_t size(size_t variable) { return variable == 1 || variable == 2 ? 4 : 8; }
  static float output(const State &state, const float *x, uint32_t row) {
    return x[2 * row] * state.kernel[0] + x[2 * row + 1] * state.kernel[1] + state.bias;
  }
  int measure(const State &state, uint32_t rows, const codegen::StepArrays &arrays,
              float *gradient) const {
    if (rows == 0 || rows > signature_.batchSize)
      return LAMINA_ERROR_ROWS;
    const auto *x = static_cast<const float *>(arrays.inputs[0]);
    const auto *y = static_cast<const float *>(arrays.targets[0]);
    float *logs = arrays.logs, *sums = arrays.sums;
    logs[0] = logs[1] = 0;
    sums[0] = 0;
    sums[1] = static_cast<float>(rows);
    for (uint32_t row = 0; row < rows; ++row) {
      float error = output(state, x, row) - y[row];
      logs[0] += error * error / static_cast<float>(rows);
      logs[1] += std::abs(error) / static_cast<float>(rows);
      sums[0] += error * error;
      float scaled = 2 * error / static_cast<float>(rows);
      gradient[0] += scaled * x[2 * row];
      gradient[1] += scaled * x[2 * row + 1];
      gradient[2] += scaled;
    }
    logs[2] = std::sqrt(logs[0]);
    return LAMINA_OK;
  }

  float rate_;
  mutable int initCalls_ = 0;
};

/// y = 2 a - b + 0.5 over a small grid.
inline Dataset linearData(int64_t rows = 11) {
  std::vector<float> x, y;
  for (int64_t i = 0; i < rows; ++i) {
    float a = static_cast<float>(i % 5) / 4, b = static_cast<float>(i * 3 % 7) / 6;
    x.insert(x.end(), {a, b});
    y.push_back(2 * a - b + 0.5f);
  }
  Dataset data;
  data.file = "linear";
  data.rows = rows;
  data.inputs = {floats({rows, 2}, x)};
  data.targets = {floats({rows, 1}, y)};
  return data;
}

inline lamina_env oneThread() {
  return lamina_pool_env(nullptr);
}

} // namespace lamina::trainer::test
