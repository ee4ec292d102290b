// keras.layers.Embedding: keras/src/layers/core/embedding.py
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Rows of a table by their indices: (rows, ...) -> (rows, ..., output_dim). Indices outside of the
/// table are refused where they are data. With `mask_zero` the index 0 does not count.
class Embedding : public LayerMeaning {
public:
  explicit Embedding(Config &config)
      : count(config.positive("input_dim")), masksZero(config.boolean("mask_zero", false)),
        table(readVariable(config, "embeddings", "uniform")) {
    config.ignore({"input_length"});
    table.shape = {count, config.positive("output_dim")};
  }

  std::vector<VariableDeclaration> build(const Place &, ArrayRef<RankedTensorType>) const override {
    return {table};
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor indices = singleInput(call, inputs);
    call.limitIndices(indices, count);
    if (masksZero)
      call.setMask(notEqual(indices, indices.like(0)));
    if (!indices.elementType().isInteger(64))
      indices = indices.convert(IntegerType::get(call.emit().getContext(), 32));
    Tensor rows = call.variable(0);
    return {rows.with(call.emit().create<ir::GatherOp>(Value(rows), Value(indices), 0))};
  }

private:
  int64_t count;
  bool masksZero;
  VariableDeclaration table;
};

} // namespace

const LayerEntry embeddingLayer = {"Embedding", createFromConfig<Embedding>};

} // namespace lamina::frontend::keras
