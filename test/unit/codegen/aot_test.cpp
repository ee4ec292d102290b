// Compiled objects: the same bits as the JIT, and every error before anything is written.
#include "test/unit/codegen/digits_library.h"

namespace lamina::codegen {
namespace {

using ::testing::HasSubstr;

constexpr uint32_t kRowCounts[] = {64, 64, 29, 64, 1, 7, 64, 63};

/// Everything a training shows: logs, predictions and, at the end, all variables.
struct Trace {
  std::vector<float> values;
  std::vector<std::vector<std::byte>> variables;
  bool operator==(const Trace &) const = default;
};

Trace traceOfJit(uint64_t seed) {
  mlir::OwningOpRef<mlir::ModuleOp> module = Digits::get().module->clone();
  CompileOptions options;
  lower(*module, passes::Stage::Memory, options);
  auto model = compileJit(*module, options);
  trainer::ThreadPool pool(2);
  trainer::ModelRunner runner("digits", *model, pool.env());
  runner.start(seed, {Digits::get().initial, {}});
  Trace trace;
  std::vector<float> outputs(kBatchSize * kClasses);
  trainer::BatchLogs logs = runner.makeBatchLogs(model->signature().trainLogs);
  for (unsigned i = 0; i < std::size(kRowCounts); ++i) {
    Rows rows(i);
    const void *inputs[] = {rows.pixels.data()}, *targets[] = {rows.labels.data()};
    void *results[] = {outputs.data()};
    trainer::Batch batch{kRowCounts[i], inputs, targets};
    runner.trainStep(batch, logs);
    trace.values.insert(trace.values.end(), logs.logs.begin(), logs.logs.end());
    runner.evaluateStep(batch, logs);
    trace.values.insert(trace.values.end(), logs.logs.begin(), logs.logs.end());
    runner.predictStep(batch, results);
    trace.values.insert(trace.values.end(), outputs.begin(),
                        outputs.begin() + kRowCounts[i] * kClasses);
  }
  for (const frontend::Array &array : runner.saveAll())
    trace.variables.push_back(array.bytes);
  return trace;
}

Trace traceOfObject(Library &library, uint64_t seed, uint32_t threads) {
  AlignedBuffer state(library.object.stateBytes), workspace(library.object.workspaceBytes);
  EXPECT_EQ(library.init(state.data(), seed), LAMINA_OK);
  trainer::ThreadPool pool(std::max(threads, 1u));
  lamina_env ofPool = pool.env();
  const lamina_env *env = threads ? &ofPool : nullptr;
  Trace trace;
  std::vector<float> outputs(kBatchSize * kClasses);
  float logs[2];
  for (unsigned i = 0; i < std::size(kRowCounts); ++i) {
    Rows rows(i);
    EXPECT_EQ(library.step(env, state.data(), workspace.data(), kRowCounts[i], rows.pixels.data(),
                           rows.labels.data(), logs),
              LAMINA_OK);
    trace.values.insert(trace.values.end(), logs, logs + 2);
    EXPECT_EQ(library.evaluate(env, state.data(), workspace.data(), kRowCounts[i],
                               rows.pixels.data(), rows.labels.data(), logs),
              LAMINA_OK);
    trace.values.insert(trace.values.end(), logs, logs + 2);
    EXPECT_EQ(library.predict(env, state.data(), workspace.data(), kRowCounts[i],
                              rows.pixels.data(), outputs.data()),
              LAMINA_OK);
    trace.values.insert(trace.values.end(), outputs.begin(),
                        outputs.begin() + kRowCounts[i] * kClasses);
  }
  std::vector<char> data = library.data(state);
  size_t offset = 0;
  for (const VariableSpec &variable : makeSignature(*Digits::get().module).variables) {
    auto *begin = reinterpret_cast<const std::byte *>(data.data()) + offset;
    trace.variables.emplace_back(begin, begin + variable.byteSize());
    offset += (variable.byteSize() + 63) / 64 * 64;
  }
  EXPECT_EQ(offset, data.size());
  return trace;
}

TEST_F(CompiledObjects, TrainWithTheBitsOfTheJitForAnyNumberOfThreads) {
  Trace expected = traceOfJit(3);
  for (uint32_t threads : {0u, 1u, 2u, 3u, 7u})
    EXPECT_TRUE(traceOfObject(*library, 3, threads) == expected) << threads << " threads";
}

TEST_F(CompiledObjects, WithoutWeightsStartFromTheSeedAsTheJitDoes) {
  ObjectOptions options = Digits::get().options;
  options.weights.clear();
  auto initial = std::exchange(Digits::get().initial, {});
  Library fresh(options);
  Trace expected = traceOfJit(9);
  Digits::get().initial = initial;
  EXPECT_TRUE(traceOfObject(fresh, 9, 2) == expected);
  EXPECT_FALSE(traceOfObject(fresh, 10, 2) == expected);
}

TEST_F(CompiledObjects, VariantsForOneProcessorTrainToo) {
  for (const char *cpu : {"x86-64", "x86-64-v3", "host"}) {
    ObjectOptions options = Digits::get().options;
    options.targetCpu = cpu;
    if (!runsOnHost(targetFromName(cpu)))
      continue;
    Library one(options);
    EXPECT_EQ(one.object.targets.size(), 1u);
    Trace trace = traceOfObject(one, 3, 2);
    EXPECT_TRUE(trace == traceOfObject(one, 3, 0)) << cpu;
    EXPECT_NEAR(trace.values[0], traceOfObject(*library, 3, 0).values[0], 1e-4) << cpu;
  }
}

TEST_F(CompiledObjects, AProcessorThatLacksInstructionsGetsAStatus) {
  if (hostTarget().level == 4)
    GTEST_SKIP() << "this CPU has all levels";
  ObjectOptions options = Digits::get().options;
  options.targetCpu = "x86-64-v4";
  Library wide(options);
  EXPECT_EQ(wide.init(state.data(), 0), LAMINA_ERROR_CPU);
}

TEST_F(CompiledObjects, SavedDataGivesTheSameStateWhenLoaded) {
  float logs[2];
  ASSERT_EQ(step(Rows(1), 64, logs), LAMINA_OK);
  std::vector<char> saved = library->data(state);
  AlignedBuffer other(library->object.stateBytes);
  ASSERT_EQ(library->init(other.data(), 8), LAMINA_OK);
  ASSERT_EQ(library->load(other.data(), saved.data()), LAMINA_OK);
  EXPECT_EQ(std::memcmp(other.data(), state.data(), state.size()), 0);
  EXPECT_EQ(library->data(other), saved);
}

TEST_F(CompiledObjects, RefuseBadCallsAndChangeNothing) {
  Rows rows(0);
  float logs[2] = {-1, -1};
  const float *x = rows.pixels.data();
  const int32_t *y = rows.labels.data();
  void *s = state.data(), *w = workspace.data();
  std::vector<char> before = library->data(state);
  auto &f = library->step;
  EXPECT_EQ(f(nullptr, nullptr, w, 64, x, y, logs), LAMINA_ERROR_NULL);
  EXPECT_EQ(f(nullptr, s, nullptr, 64, x, y, logs), LAMINA_ERROR_NULL);
  EXPECT_EQ(f(nullptr, s, w, 64, nullptr, y, logs), LAMINA_ERROR_NULL);
  EXPECT_EQ(f(nullptr, s, w, 64, x, nullptr, logs), LAMINA_ERROR_NULL);
  EXPECT_EQ(f(nullptr, s, w, 64, x, y, nullptr), LAMINA_ERROR_NULL);
  EXPECT_EQ(f(nullptr, state.data() + 4, w, 64, x, y, logs), LAMINA_ERROR_ALIGNMENT);
  EXPECT_EQ(f(nullptr, s, workspace.data() + 32, 64, x, y, logs), LAMINA_ERROR_ALIGNMENT);
  EXPECT_EQ(f(nullptr, s, w, 0, x, y, logs), LAMINA_ERROR_ROWS);
  EXPECT_EQ(f(nullptr, s, w, 65, x, y, logs), LAMINA_ERROR_ROWS);
  EXPECT_EQ(f(nullptr, s, w, UINT32_MAX, x, y, logs), LAMINA_ERROR_ROWS);
  EXPECT_EQ(library->predict(nullptr, s, w, 64, x, nullptr), LAMINA_ERROR_NULL);
  EXPECT_EQ(library->init(nullptr, 0), LAMINA_ERROR_NULL);
  EXPECT_EQ(library->init(state.data() + 1, 0), LAMINA_ERROR_ALIGNMENT);
  EXPECT_EQ(library->load(s, nullptr), LAMINA_ERROR_NULL);
  EXPECT_EQ(library->save(s, nullptr), LAMINA_ERROR_NULL);
  EXPECT_EQ(library->data(state), before);
  EXPECT_EQ(logs[0], -1);
}

TEST_F(CompiledObjects, RefuseLabelsThatAreNoClass) {
  std::vector<char> before = library->data(state);
  float logs[2];
  for (int32_t wrong : {-1, 10, INT32_MIN, INT32_MAX}) {
    Rows rows(0);
    rows.labels[40] = wrong;
    EXPECT_EQ(step(rows, 64, logs), LAMINA_ERROR_LABEL) << wrong;
    EXPECT_EQ(library->evaluate(nullptr, state.data(), workspace.data(), 41, rows.pixels.data(),
                                rows.labels.data(), logs),
              LAMINA_ERROR_LABEL);
    EXPECT_EQ(library->data(state), before);
    EXPECT_EQ(step(rows, 40, logs), LAMINA_OK); // the wrong label is not among the rows
    ASSERT_EQ(library->init(state.data(), 3), LAMINA_OK);
  }
}

TEST_F(CompiledObjects, TextsAreThoseOfTheRuntime) {
  for (int status = -1; status <= LAMINA_ERROR_SCRATCH + 1; ++status)
    EXPECT_STREQ(library->statusText(status), lamina_status_text(status));
}

TEST(CompileObject, OffersWhatIsAskedFor) {
  Folder folder("lamina-aot-functions");
  ObjectOptions options = Digits::get().options;
  options.trainStep = false;
  CompiledObject object =
      compileObject(*Digits::get().module, options, OutputKind::Object, folder.file("7 of-9.o"));
  EXPECT_EQ(object.name, "model_7_of_9");
  EXPECT_THAT(object.functions,
              ::testing::ElementsAre("init", "load", "save", "status_text", "predict"));
  EXPECT_THAT(folder.files(), ::testing::ElementsAre("7 of-9.h", "7 of-9.o"));
  std::string header = readText(folder.file("7 of-9.h"));
  EXPECT_THAT(header, HasSubstr("int model_7_of_9_predict("));
  EXPECT_THAT(header, ::testing::Not(HasSubstr("train_step")));
}

TEST(CompileObject, LeavesNothingBehindWhenItFails) {
  Folder folder("lamina-aot-failure");
  auto errorOf = [&](const ObjectOptions &options, const std::string &path) -> std::string {
    try {
      compileObject(*Digits::get().module, options, OutputKind::Object, path);
    } catch (const UserError &error) {
      return error.what();
    }
    return "no error";
  };
  ObjectOptions options = Digits::get().options;
  options.targetCpu = "x86-64";
  EXPECT_THAT(errorOf(options, folder.file("digits.h")),
              HasSubstr("digits.h: the header that goes with it would have the same name; choose "
                        "another extension, such as .o"));
  EXPECT_THAT(errorOf(options, folder.file("")), HasSubstr("not the name of a file"));
  EXPECT_THAT(errorOf(options, folder.file("missing/digits.o")), HasSubstr("cannot write"));
  fs::create_directory(folder.file("digits.o"));
  EXPECT_THAT(errorOf(options, folder.file("digits.o")), HasSubstr("cannot write"));
  fs::remove(folder.file("digits.o"));
  options.targetCpu = "abacus";
  EXPECT_THAT(errorOf(options, folder.file("digits.o")), HasSubstr("unknown target CPU 'abacus'"));
  EXPECT_THAT(folder.files(), ::testing::IsEmpty());
}

} // namespace
} // namespace lamina::codegen
