#include "tools/lamina/model_graph.h"

#include <filesystem>
#include <optional>

#include "support/atomic_file.h"
#include "support/error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

namespace lamina::tools {

using frontend::keras::Layer;
using frontend::keras::Model;
using frontend::keras::TensorReference;

namespace {

constexpr const char *kLayerColor = "#f4f6f8", *kInputColor = "#dcebf9", *kOutputColor = "#e0f2e1";

/// Text within Graphviz' HTML-like labels.
std::string escape(const std::string &text) {
  std::string result;
  for (char c : printable(text)) {
    switch (c) {
    case '&':
      result += "&amp;";
      break;
    case '<':
      result += "&lt;";
      break;
    case '>':
      result += "&gt;";
      break;
    case '"':
      result += "&quot;";
      break;
    default:
      result += c;
    }
  }
  return result;
}

class DotWriter {
public:
  explicit DotWriter(const ModelSummary &summary) : summary(summary) {}

  std::string write() {
    const Model &model = summary.model();
    text = "digraph model {\n"
           "  node [shape=box, style=\"filled,rounded\", color=\"#708090\", fontname=Helvetica, "
           "fontsize=11];\n"
           "  edge [color=\"#506070\", fontname=Helvetica, fontsize=9];\n"
           "  graph [fontname=Helvetica, fontsize=11, color=\"#708090\", style=rounded];\n";
    for (const auto &port : model.outputs)
      outputs.insert(&layerBehind(model, port.tensor));
    writeLayers(model, "  ");
    writeCalls(model);
    return text + "}\n";
  }

private:
  void writeLayers(const Model &model, const std::string &indent);
  void writeCalls(const Model &model);
  std::string label(const Layer &layer) const;

  /// The layer that makes a value, looked up in nested models.
  static const Layer &layerBehind(const Model &model, const TensorReference &tensor) {
    const Layer &layer = *model.layers[tensor.layer];
    if (!layer.model)
      return layer;
    return layerBehind(*layer.model, layer.model->outputs.at(tensor.tensor).tensor);
  }
  /// The layer that receives argument `argument` of a layer.
  static const Layer *receiver(const Layer *layer, size_t argument) {
    if (!layer->model)
      return layer;
    return layer->model->layers[layer->model->inputs.at(argument).tensor.layer].get();
  }
  size_t id(const Layer &layer) { return ids.try_emplace(&layer, ids.size()).first->second; }

  const ModelSummary &summary;
  std::string text;
  llvm::DenseMap<const Layer *, size_t> ids;
  llvm::DenseSet<const Layer *> outputs;
};

std::string DotWriter::label(const Layer &layer) const {
  LayerSummary row = summary.describe(layer);
  std::string label = fmt::format("<b>{}</b><br/>{}<br/>{}", escape(layer.name),
                                  escape(layer.className), fmt::join(row.outputShapes, ", "));
  if (row.parameters > 0)
    label += fmt::format("<br/><font color=\"#506070\">{} parameters</font>",
                         formatCount(row.parameters));
  return label;
}

void DotWriter::writeLayers(const Model &model, const std::string &indent) {
  for (const auto &layer : model.layers) {
    if (layer->model) {
      text += fmt::format("{0}subgraph cluster_{1} {{\n{0}  label=<<b>{2}</b> ({3}), {4} "
                          "parameters>;\n",
                          indent, id(*layer), escape(layer->name), escape(layer->className),
                          formatCount(summary.describe(*layer).parameters));
      writeLayers(*layer->model, indent + "  ");
      text += indent + "}\n";
      continue;
    }
    const char *color = layer->input                    ? kInputColor
                        : outputs.contains(layer.get()) ? kOutputColor
                                                        : kLayerColor;
    text += fmt::format("{}layer_{} [label=<{}>, fillcolor=\"{}\"];\n", indent, id(*layer),
                        label(*layer), color);
  }
}

void DotWriter::writeCalls(const Model &model) {
  for (const auto &layer : model.layers) {
    for (size_t call = 0; call < layer->nodes.size(); ++call)
      for (size_t i = 0; i < layer->nodes[call].inputs.size(); ++i) {
        const Layer &source = layerBehind(model, layer->nodes[call].inputs[i]);
        text += fmt::format("  layer_{} -> layer_{}", id(source), id(*receiver(layer.get(), i)));
        if (layer->nodes.size() > 1)
          text += fmt::format(" [label=\"call {}\"]", call + 1);
        text += ";\n";
      }
    if (layer->model)
      writeCalls(*layer->model);
  }
}

/// ".svg" of "model.svg"; throws when it names no kind of drawing.
std::string formatOf(const std::string &path) {
  std::string extension = std::filesystem::path(path).extension().string();
  if (extension != ".svg" && extension != ".png" && extension != ".pdf" && extension != ".dot")
    fail("--graph {}: the name of the drawing must end in .svg, .png, .pdf or .dot",
         printable(path));
  return extension;
}

std::string findDot(const std::string &path) {
  auto program = llvm::sys::findProgramByName("dot");
  if (!program)
    fail("--graph {}: Graphviz' program dot draws this and was not found; install Graphviz, or "
         "write a .dot file",
         printable(path));
  return *program;
}

/// A temporary file that goes away with the object.
struct TemporaryFile {
  explicit TemporaryFile(const char *suffix) {
    if (std::error_code code = llvm::sys::fs::createTemporaryFile("lamina", suffix, path))
      fail("cannot create a temporary file: {}", code.message());
    remover.setFile(path);
  }
  std::string content() const {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    return buffer ? (*buffer)->getBuffer().str() : "";
  }
  llvm::SmallString<128> path;
  llvm::FileRemover remover;
};

/// The drawing of `graph` by dot, in a format such as "svg".
std::string runDot(const std::string &program, const std::string &graph,
                   const std::string &format) {
  TemporaryFile input("dot"), output("drawing"), messages("txt");
  writeFileAtomically(input.path.str().str(), graph);
  std::string formatFlag = "-T" + format;
  std::optional<llvm::StringRef> redirects[] = {input.path.str(), output.path.str(),
                                                messages.path.str()};
  std::string reason;
  int status = llvm::sys::ExecuteAndWait(program, {program, formatFlag}, std::nullopt, redirects,
                                         /*SecondsToWait=*/0, /*MemoryLimit=*/0, &reason);
  if (status != 0)
    fail("{} could not draw the model: {}", program,
         printable(reason.empty() ? messages.content() : reason));
  return output.content();
}

} // namespace

std::string modelAsDot(const ModelSummary &summary) {
  return DotWriter(summary).write();
}

void requireDrawable(const std::string &path) {
  if (formatOf(path) != ".dot")
    findDot(path);
  requireWritable(path);
}

void drawModel(const ModelSummary &summary, const std::string &path) {
  std::string format = formatOf(path), graph = modelAsDot(summary);
  writeFileAtomically(path,
                      format == ".dot" ? graph : runDot(findDot(path), graph, format.substr(1)));
}

} // namespace lamina::tools
