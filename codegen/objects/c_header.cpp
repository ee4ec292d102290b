#include "codegen/objects/c_header.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "codegen/aot_runtime_header.h"
#include "codegen/objects/c_names.h"
#include "ir/module.h"
#include "passes/memory/plan.h"
#include "support/error.h"

namespace lamina::codegen {
namespace {

std::string_view cType(ElementType type) {
  switch (type) {
  case ElementType::F32:
    return "float";
  case ElementType::F64:
    return "double";
  case ElementType::I32:
    return "int32_t";
  case ElementType::I64:
    return "int64_t";
  case ElementType::I8:
    return "int8_t";
  case ElementType::U8:
  case ElementType::I1:
    return "uint8_t";
  }
  return "void";
}

/// "[rows][28][28]", or "[1]" of a scalar.
std::string dimensions(const std::vector<int64_t> &shape) {
  std::string text;
  for (int64_t extent : shape)
    text += extent < 0 ? "[rows]" : fmt::format("[{}]", extent);
  return text.empty() ? "[1]" : text;
}

/// The runtime header's text between a guard's #ifndef and its #endif.
std::string_view guarded(std::string_view guard) {
  std::string_view text = kRuntimeHeader;
  size_t begin = text.find(fmt::format("#ifndef {}\n", guard));
  size_t end = text.find("#endif\n", begin);
  if (begin == std::string_view::npos || end == std::string_view::npos)
    fail("the runtime's header has no definitions guarded by {}", guard);
  return text.substr(begin, end + 7 - begin);
}

class HeaderWriter {
public:
  explicit HeaderWriter(const CInterface &interface) : c(interface) {}

  std::string write() {
    writeBeginning();
    writeSizes();
    writeLogs();
    writeTensors();
    writeVariables();
    writeStateFunctions();
    for (const CFunction &function : c.functions)
      writeFunction(function);
    writeEnd();
    return std::move(text);
  }

private:
  template <typename... Args> void line(fmt::format_string<Args...> format, Args &&...args) {
    text += fmt::format(format, std::forward<Args>(args)...);
    text += '\n';
  }
  void constant(const std::string &name, uint64_t value) {
    line("#define {} {}{}", name, value, value > UINT32_MAX ? "ull" : "u");
  }
  void ownConstant(const char *name, uint64_t value) {
    constant(c.constantPrefix + "_" + name, value);
  }

  void writeBeginning();
  void writeSizes();
  void writeLogs();
  void writeTensors();
  void writeTensor(const CTensor &tensor, const char *kind);
  void writeVariables();
  void writeVariableLookup();
  void writeStateFunctions();
  void writeFunction(const CFunction &function);
  void writeParameterNotes(const CFunction &function);
  void writeEnd();

  const CInterface &c;
  std::string text;
};

void HeaderWriter::writeBeginning() {
  line("/* The model {}, compiled by Lamina. This file is generated.", quotedForComment(c.model));
  line(" *");
  line(" * A program provides a state ({0}_STATE_BYTES bytes aligned to {0}_STATE_ALIGNMENT) and a",
       c.constantPrefix);
  line(
      " * workspace ({0}_WORKSPACE_BYTES, {0}_WORKSPACE_ALIGNMENT). The state holds the variables;",
      c.constantPrefix);
  line(" * {}_init fills it. What the workspace holds need not be kept between calls.", c.name);
  line(" *");
  line(" * Functions return LAMINA_OK or another lamina_status; after an error the state is as it "
       "was.");
  line(" * Calls may run at the same time on any threads as long as no two use one workspace, and");
  line(" * none uses a state that another one changes. The results have the same bits for any");
  line(" * number of threads. */");
  line("#ifndef {}_H", c.constantPrefix);
  line("#define {}_H\n", c.constantPrefix);
  line("#include <stddef.h>\n#include <stdint.h>\n#include <string.h>\n");
  line("#ifdef __cplusplus\nextern \"C\" {{\n#endif\n");
  for (const char *guard : {"LAMINA_ABI_VERSION", "LAMINA_ENV_DEFINED", "LAMINA_STATUS_DEFINED"})
    line("{}", guarded(guard));
  line("#ifndef LAMINA_ENV_SIZED");
  line("#error \"lamina_env was defined by a header of an older Lamina: include this one before "
       "it\"");
  line("#endif\n");
}

void HeaderWriter::writeSizes() {
  ownConstant("STATE_BYTES", c.stateBytes);
  ownConstant("STATE_ALIGNMENT", passes::kBufferAlignment);
  ownConstant("WORKSPACE_BYTES", c.workspaceBytes());
  ownConstant("WORKSPACE_ALIGNMENT", passes::kBufferAlignment);
  line(
      "/* Scratch memory of each slot of lamina_env but slot 0, whose own is in the workspace. */");
  ownConstant("SCRATCH_BYTES", c.scratchBytes);
  line("/* The most stack that a function and the tasks it runs take. */");
  ownConstant("STACK_BYTES", c.stackBytes());
  line("/* The most rows of one call. */");
  ownConstant("BATCH_SIZE", c.batchSize);
  line("");
}

void HeaderWriter::writeLogs() {
  for (const CFunction &function : c.functions) {
    if (function.logs.empty())
      continue;
    bool training = function.function == lamina::ir::kTrainStep;
    std::string prefix = c.constantPrefix + (training ? "_LOG" : "_EVALUATE_LOG");
    std::string names;
    for (const std::string &log : function.logs)
      names += (names.empty() ? "" : ", ") + cString(log);
    line("/* What {}_{} writes to logs: loss and metrics of the batch at hand. */", c.name,
         function.function);
    constant(prefix + "_COUNT", function.logs.size());
    line("#define {}_NAMES {{{}}}\n", prefix, names);
  }
}

void HeaderWriter::writeTensor(const CTensor &tensor, const char *kind) {
  bool isTarget = std::string_view(kind) == "Target";
  const char *what = isTarget ? "class" : "index";
  line("/* {} {}: {} {}{}. */", kind, quotedForComment(tensor.spec.name),
       typeName(tensor.spec.type), dimensions(tensor.spec.shape),
       tensor.spec.bound > 0 ? fmt::format(", 0 <= {} < {}", what, tensor.spec.bound) : "");
  constant(tensor.constant + "_SIZE", tensor.rowElements);
  if (tensor.spec.bound > 0)
    constant(tensor.constant + (isTarget ? "_CLASSES" : "_ENTRIES"), tensor.spec.bound);
}

/// Every tensor once, whichever functions take it.
void HeaderWriter::writeTensors() {
  auto firstOf = [&](std::vector<CTensor> CFunction::*list) {
    auto found = std::find_if(c.functions.begin(), c.functions.end(),
                              [&](const CFunction &f) { return !(f.*list).empty(); });
    return found == c.functions.end() ? std::vector<CTensor>() : (*found).*list;
  };
  line("/* Arrays are dense and row-major; SIZE is the number of elements of one row. */");
  for (const CTensor &tensor : firstOf(&CFunction::inputs))
    writeTensor(tensor, "Input");
  for (const CTensor &tensor : firstOf(&CFunction::targets))
    writeTensor(tensor, "Target");
  for (const CTensor &tensor : firstOf(&CFunction::outputs))
    writeTensor(tensor, "Output");
  line("");
}

void HeaderWriter::writeVariables() {
  line("/* The data that {0}_load takes and {0}_save gives: all variables one after another,",
       c.name);
  line(" * row-major and little-endian, each at a multiple of {} bytes, with zeros between them:",
       kDataAlignment);
  line(" *");
  line(" *     offset  variable, its place in the model file, values");
  for (const CVariable &variable : c.variables)
    line(" * {:10}  {}, {}, {} {}", variable.offset, quotedForComment(variable.spec.name),
         variable.spec.path.empty() ? "not in the file" : quotedForComment(variable.spec.path),
         typeName(variable.spec.type), dimensions(variable.spec.shape));
  line(" */");
  ownConstant("VARIABLE_COUNT", c.variables.size());
  ownConstant("DATA_BYTES", c.dataBytes);
  for (const CVariable &variable : c.variables)
    constant(variable.constant, variable.offset);
  line("");
  if (!c.variables.empty())
    writeVariableLookup();
}

void HeaderWriter::writeVariableLookup() {
  line("/* The offset of a variable in the data, SIZE_MAX when there is none of that name. */");
  line("static inline size_t {}_variable_offset(const char *name) {{", c.name);
  line(
      "  static const struct {{\n    const char *name;\n    size_t offset;\n  }} variables[] = {{");
  for (const CVariable &variable : c.variables)
    line("      {{{}, {}}},", cString(variable.spec.name), variable.constant);
  line("  }};");
  line("  for (size_t i = 0; i < {}_VARIABLE_COUNT; ++i)", c.constantPrefix);
  line("    if (strcmp(name, variables[i].name) == 0)\n      return variables[i].offset;");
  line("  return SIZE_MAX;\n}}\n");
}

void HeaderWriter::writeStateFunctions() {
  line("/* Fills the state: {}. */",
       c.hasWeights
           ? "the weights of the model file; what the file does not have, and random numbers,\n"
             " * start from the seed"
           : "initial values from the seed");
  line("int {}_init(void *state, uint64_t seed);\n", c.name);
  if (c.hasStates) {
    line("/* Sets the states of layers, which go from one batch to the next, as {}_init does:",
         c.name);
    line(" * before a batch that does not go on from the one before. */");
    line("int {}_reset_states(void *state);\n", c.name);
  }
  line("/* Sets all variables from {}_DATA_BYTES bytes of data. The state was filled before. */",
       c.constantPrefix);
  line("int {}_load(void *state, const void *data);\n", c.name);
  line("/* Writes all variables to {}_DATA_BYTES bytes of data. */", c.constantPrefix);
  line("int {}_save(const void *state, void *data);\n", c.name);
  line("/* One line in English for a status; never null. */");
  line("const char *{}_status_text(int status);\n", c.name);
}

void HeaderWriter::writeParameterNotes(const CFunction &function) {
  auto note = [&](const std::vector<CTensor> &tensors, const char *kind) {
    for (const CTensor &tensor : tensors)
      line(" *   {}: {} {}, {} {}", tensor.parameter, kind, quotedForComment(tensor.spec.name),
           typeName(tensor.spec.type), dimensions(tensor.spec.shape));
  };
  note(function.inputs, "input");
  note(function.targets, "target");
  note(function.outputs, "output");
  if (!function.logs.empty())
    line(" *   logs: float32 [{}]", function.logs.size());
}

void HeaderWriter::writeFunction(const CFunction &function) {
  bool training = function.function == lamina::ir::kTrainStep;
  bool predicting = function.function == lamina::ir::kPredict;
  std::string_view does =
      training ? "One training step: the loss of the rows, its gradients, the optimizer's update"
      : predicting ? "The model's outputs for the rows"
                   : "Loss and metrics of the rows";
  bool isConstant = !training && !function.changesState;
  line("/* {}{}.", does, !predicting && isConstant ? "; nothing changes" : "");
  if (c.hasStates)
    line(" * States of layers are taken from the batch before and left for the next one.");
  line(" * `env` may be null: one thread. 1 <= rows <= {}_BATCH_SIZE.", c.constantPrefix);
  writeParameterNotes(function);
  line(" */");
  std::string parameters = fmt::format("const lamina_env *env, {}void *state, void *workspace, "
                                       "uint32_t rows",
                                       isConstant ? "const " : "");
  auto add = [&](const std::vector<CTensor> &tensors, const char *qualifier) {
    for (const CTensor &tensor : tensors)
      parameters +=
          fmt::format(",\n    {}{} *{}", qualifier, cType(tensor.spec.type), tensor.parameter);
  };
  add(function.inputs, "const ");
  add(function.targets, "const ");
  add(function.outputs, "");
  if (!function.logs.empty())
    parameters += ",\n    float *logs";
  line("int {}_{}(\n    {});\n", c.name, function.function, parameters);
}

void HeaderWriter::writeEnd() {
  line("#ifdef __cplusplus\n}}\n#endif\n\n#endif");
}

} // namespace

std::string makeCHeader(const CInterface &interface) {
  return HeaderWriter(interface).write();
}

} // namespace lamina::codegen
