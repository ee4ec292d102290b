"""Blocks of transformers: attention, residuals, normalization and dense layers together."""
from case import case, labels, normal
from .attention import PARTS, tokens, trained


def block(keras, x, **call):
    L = keras.layers
    attended = L.MultiHeadAttention(2, 4)(x, x, **call)
    x = L.LayerNormalization()(L.Add()([x, attended]))
    dense = L.Dense(8)(L.Dense(16, "gelu")(x))
    return L.LayerNormalization()(L.Add()([x, dense]))


@case(x=normal(6, 8), y=normal(3), **PARTS)
def transformer_block(keras):
    x = keras.Input((6, 8))
    y = keras.layers.GlobalAveragePooling1D()(block(keras, x))
    return trained(keras, x, keras.layers.Dense(3)(y))


@case(x=tokens(6), y=labels(7, 6), **PARTS)
def transformer_language_model(keras):
    L, x = keras.layers, keras.Input((6,), dtype="int32")
    embedding = L.ReversibleEmbedding(7, 8, mask_zero=True)
    y = block(keras, block(keras, embedding(x), use_causal_mask=True), use_causal_mask=True)
    return trained(keras, x, embedding(y, reverse=True), "momentum",
                   keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                   metrics=["accuracy"])


@case(x=normal(6, 8), y=normal(6, 8), **PARTS)
def transformer_of_operations(keras):
    """Heads by keras.ops.dot_product_attention, as functions write it."""
    L, ops, x = keras.layers, keras.ops, keras.Input((6, 8))
    y = L.LayerNormalization()(x)
    q, k, v = [ops.reshape(L.Dense(8, use_bias=False)(y), (-1, 6, 2, 4)) for _ in range(3)]
    y = ops.reshape(ops.dot_product_attention(q, k, v, is_causal=True), (-1, 6, 8))
    y = x + L.Dense(8)(y)
    return trained(keras, x, y + L.Dense(8)(ops.gelu(L.Dense(12)(L.RMSNormalization()(y)))), "adam")
