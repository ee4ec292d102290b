// Names in C and the header's text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codegen/objects/c_header.h"
#include "codegen/objects/c_names.h"

namespace lamina::codegen {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(CNames, Identifiers) {
  EXPECT_EQ(cIdentifier("digits", "model"), "digits");
  EXPECT_EQ(cIdentifier("my-net.v2", "model"), "my_net_v2");
  EXPECT_EQ(cIdentifier("2nd", "model"), "model_2nd");
  EXPECT_EQ(cIdentifier("_x", "model"), "model_x");
  EXPECT_EQ(cIdentifier("", "model"), "model");
  EXPECT_EQ(cIdentifier("Lamina_runtime", "model"), "model_Lamina_runtime");
  EXPECT_EQ(cIdentifier("é", "x"), "x__");
}

TEST(CNames, ParametersAreUniqueAndNoKeywords) {
  CScope scope = CScope::parameters({"rows"});
  EXPECT_EQ(scope.add("rows"), "rows_2");
  EXPECT_EQ(scope.add("rows"), "rows_3");
  EXPECT_EQ(scope.add("class"), "class_2");
  EXPECT_EQ(scope.add("x"), "x");
  EXPECT_EQ(scope.add("x"), "x_2");
}

TEST(CNames, Texts) {
  EXPECT_EQ(cString("a\"b\\c\n1?"), R"("a\042b\134c\0121\077")");
  EXPECT_EQ(quotedForComment("a*/b/*c*/"), R"("a* /b/ *c* /")");
}

Signature twoTensors() {
  Signature signature;
  signature.variables = {{"dense/kernel", "layers/dense/vars/0", ElementType::F32, {3, 2}, true},
                         {"dense_kernel", "", ElementType::I64, {}, false}};
  signature.inputs = {{"x", ElementType::F32, {-1, 3}}, {"for", ElementType::U8, {-1, 2, 2}}};
  signature.targets = {{"x", ElementType::I32, {-1}, 5}};
  signature.outputs = {{"NULL", ElementType::F32, {-1, 2}}};
  signature.trainLogs = signature.evaluateLogs = {{"loss"}, {"a \"b\""}};
  signature.batchSize = 8;
  signature.stateBytes = 8192;
  return signature;
}

std::string headerOf(const std::vector<std::string> &functions) {
  CInterface interface = makeCInterface(twoTensors(), "net", functions);
  interface.model = "evil */ \n model";
  return makeCHeader(interface);
}

TEST(CHeader, FunctionsAndConstants) {
  std::string header = headerOf({"train_step", "evaluate", "predict"});
  EXPECT_THAT(header,
              HasSubstr("int net_train_step(\n    const lamina_env *env, void *state, void "
                        "*workspace, uint32_t rows,\n    const float *x,\n    const uint8_t "
                        "*for_2,\n    const int32_t *x_2,\n    float *logs);\n"));
  EXPECT_THAT(header, HasSubstr("int net_predict(\n    const lamina_env *env, const void *state, "
                                "void *workspace, uint32_t rows,\n    const float *x,\n    const "
                                "uint8_t *for_2,\n    float *null);\n"));
  EXPECT_THAT(header, HasSubstr("#define NET_STATE_BYTES 8192u\n"));
  EXPECT_THAT(header, HasSubstr("#define NET_WORKSPACE_BYTES 4096u\n"));
  EXPECT_THAT(header, HasSubstr("#define NET_SCRATCH_BYTES 0u\n"));
  EXPECT_THAT(header, HasSubstr("#define NET_STACK_BYTES 16384u\n"));
  EXPECT_THAT(header, HasSubstr("#define NET_BATCH_SIZE 8u\n"));
  EXPECT_THAT(header, HasSubstr("#define NET_INPUT_FOR_SIZE 4u\n"));
  EXPECT_THAT(header, HasSubstr("#define NET_TARGET_X_CLASSES 5u\n"));
  EXPECT_THAT(header, HasSubstr("#define NET_LOG_NAMES {\"loss\", \"a \\042b\\042\"}\n"));
  EXPECT_THAT(header, HasSubstr("The model \"evil * / \\012 model\""));
}

TEST(CHeader, VariablesStandAt64ByteBoundariesUnderUniqueNames) {
  std::string header = headerOf({"predict"});
  EXPECT_THAT(header, HasSubstr("#define NET_OFFSET_DENSE_KERNEL 0u\n"));
  EXPECT_THAT(header, HasSubstr("#define NET_OFFSET_DENSE_KERNEL_2 64u\n"));
  EXPECT_THAT(header, HasSubstr("#define NET_DATA_BYTES 128u\n"));
  EXPECT_THAT(header, HasSubstr("\"dense/kernel\", \"layers/dense/vars/0\", float32 [3][2]\n"));
  EXPECT_THAT(header, Not(HasSubstr("train_step")));
}

TEST(CHeader, QuotesTheRuntimeBetweenItsGuards) {
  std::string header = headerOf({"predict"});
  EXPECT_THAT(header, HasSubstr("#ifndef LAMINA_ENV_DEFINED\n#define LAMINA_ENV_DEFINED\n"));
  EXPECT_THAT(header, HasSubstr("LAMINA_ERROR_SCRATCH = 7"));
  EXPECT_THAT(header, HasSubstr("#error \"lamina_env was defined by a header of an older Lamina: "
                                "include this one before it\"\n"));
  EXPECT_THAT(header, HasSubstr("#define LAMINA_ABI_VERSION 1u"));
  EXPECT_THAT(header, Not(HasSubstr("lamina_pool_create")));
}

} // namespace
} // namespace lamina::codegen
