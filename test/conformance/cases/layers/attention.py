"""Attention layers: heads, masks of every kind and the scores; what they do with masks of steps."""
import numpy as np

from case import bits, case, labels, normal, uniform
from .masks import some_steps

PARTS = dict(rows=10, batch_size=4, epochs=4)


def tokens(*shape):
    """Numbers of tokens, of which the last of a row may be 0: padding. A row may be all padding."""
    def source(random, rows):
        x = random.integers(1, 7, (rows, *shape))
        lengths = random.integers(0, shape[-1] + 1, (rows, *shape[:-1], 1))
        x[np.arange(shape[-1]) >= lengths] = 0
        return x.astype("int32")
    return source


def choices(*shape):
    """True and False, also nothing but False."""
    return lambda random, rows: random.integers(0, 2, (rows, *shape)).astype(bool)


def optimizer(keras, name):
    return {"adam": keras.optimizers.Adam(0.002), "rmsprop": keras.optimizers.RMSprop(0.002),
            "adamw": keras.optimizers.AdamW(0.002, weight_decay=0.01),
            "momentum": keras.optimizers.SGD(0.02, momentum=0.8)}[name]


def trained(keras, inputs, outputs, how="momentum", loss="mse", **settings):
    """The gradient of a key's bias is zero but for rounding: optimizers that divide by its size, as
    Adam does, are for layers without one."""
    model = keras.Model(inputs, outputs)
    model.compile(optimizer(keras, how), loss, **settings)
    return model


def unmasked(keras, scores):
    """The scores as an operation's result: themselves they have the mask of scores, of which Keras
    makes weights that do not fit their loss."""
    return keras.ops.multiply(scores, 2.0)


# MultiHeadAttention


@case(x=normal(5, 6), y=normal(5, 6), **PARTS)
def mha(keras):
    x = keras.Input((5, 6))
    return trained(keras, x, keras.layers.MultiHeadAttention(2, 3)(x, x))


@case(x=[normal(5, 6), normal(7, 4), normal(7, 3)], y=normal(5, 2, 3), **PARTS)
def mha_of_three(keras):
    """Query, value and key of their own; several dimensions in the output."""
    inputs = [keras.Input(s) for s in [(5, 6), (7, 4), (7, 3)]]
    layer = keras.layers.MultiHeadAttention(
        3, 4, value_dim=2, output_shape=(2, 3), use_bias=False,
        kernel_initializer="he_normal", kernel_regularizer="l2")
    query, value, key = inputs
    return trained(keras, inputs, layer(query, key=key, value=value), "rmsprop")


@case(x=normal(6, 4), y=normal(6, 4), **PARTS)
def mha_causal(keras):
    L, x = keras.layers, keras.Input((6, 4))
    y = L.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)
    return trained(keras, x, L.MultiHeadAttention(1, 3, sliding_window=2)(y, y, use_causal_mask=True))


@case(x=normal(6, 4), y=[normal(6, 4), normal(2, 6, 6)], **PARTS)
def mha_scores(keras):
    x = keras.Input((6, 4))
    layer = keras.layers.MultiHeadAttention(2, 4, bias_initializer="random_normal")
    y, scores = layer(x, x, return_attention_scores=True, use_causal_mask=True)
    return trained(keras, x, [y, unmasked(keras, scores)])


@case(x=[normal(4, 6), normal(5, 6), choices(4, 5)], y=[normal(4, 6), normal(4, 6), normal(2, 4, 5)],
      **PARTS)
def mha_given_mask(keras):
    """A query without any key: the mean of all values where nobody sees the scores, 0 where one
    does."""
    L = keras.layers
    inputs = [keras.Input((4, 6)), keras.Input((5, 6)), keras.Input((4, 5), dtype="bool")]
    x, y, mask = inputs
    plain = L.MultiHeadAttention(2, 3)(x, y, attention_mask=mask)
    seen, scores = L.MultiHeadAttention(2, 3)(x, y, attention_mask=mask, return_attention_scores=True)
    return trained(keras, inputs, [plain, seen, unmasked(keras, scores)])


@case(x=[normal(4, 6), bits(4, 4), choices(2, 4, 4)], y=[normal(4, 6)] * 2, **PARTS)
def mha_masks_of_other_forms(keras):
    """Numbers as a mask; one for each head."""
    L = keras.layers
    inputs = [keras.Input((4, 6)), keras.Input((4, 4)), keras.Input((2, 4, 4), dtype="bool")]
    x, numbers, ofHeads = inputs
    return trained(keras, inputs, [
        L.MultiHeadAttention(2, 3, sliding_window=3)(x, x, attention_mask=numbers),
        L.MultiHeadAttention(2, 3)(x, x, attention_mask=ofHeads)])


@case(x=tokens(6), y=normal(6, 4), **PARTS)
def mha_of_tokens(keras):
    """The masks of steps are used up: the sum has none."""
    L, x = keras.layers, keras.Input((6,), dtype="int32")
    e = L.Embedding(7, 4, mask_zero=True)(x)
    a = L.MultiHeadAttention(2, 4)(e, e)
    return trained(keras, x, L.Dense(4)(L.Add()([e, a])))


@case(x=tokens(6), y=normal(6, 4), **PARTS)
def mha_hands_the_mask_on(keras):
    """The output has the query's mask, which reaches the loss."""
    L, x = keras.layers, keras.Input((6,), dtype="int32")
    e = L.Embedding(7, 4, mask_zero=True)(x)
    a, s = L.MultiHeadAttention(2, 4)(e, e, use_causal_mask=True, return_attention_scores=True)
    return trained(keras, x, L.Dense(4)(a), "momentum", metrics=["mae"])


@case(x=some_steps(5, 4), y=normal(5, 3), **PARTS)
def mha_after_masking(keras):
    L, x = keras.layers, keras.Input((5, 4))
    steps = L.Masking()(x)
    return trained(keras, x, L.Dense(3)(L.MultiHeadAttention(2, 3)(steps, steps)), "rmsprop")


@case(x=[tokens(4), tokens(5)], y=normal(4, 3), **PARTS)
def mha_between_sequences(keras):
    """Two decoders look at one encoder: the second finds its tokens without a mask."""
    L = keras.layers
    inputs = [keras.Input((4,), dtype="int32"), keras.Input((5,), dtype="int32")]
    embedding = L.Embedding(7, 4, mask_zero=True)
    x, memory = [embedding(i) for i in inputs]
    for _ in range(2):
        x = L.LayerNormalization()(L.MultiHeadAttention(2, 2)(x, memory))
    return trained(keras, inputs, L.Dense(3)(x))


@case(x=[normal(4, 6), normal(5, 6), choices(4), choices(5)], y=[normal(4, 6)] * 2, **PARTS)
def mha_named_masks(keras):
    """A mask for the query that the call names has no effect, as in Keras."""
    L = keras.layers
    inputs = [keras.Input((4, 6)), keras.Input((5, 6)), keras.Input((4,), dtype="bool"),
              keras.Input((5,), dtype="bool")]
    x, y, ofQuery, ofValue = inputs
    return trained(keras, inputs, [
        L.MultiHeadAttention(2, 3)(x, y, query_mask=ofQuery, value_mask=ofValue),
        L.MultiHeadAttention(2, 3)(x, y, y, key_mask=ofValue, use_causal_mask=True)])


@case(x=normal(3, 4, 5), y=[normal(3, 4, 5)] * 4, rows=6, batch_size=6, epochs=4)
def mha_of_images(keras):
    """Along all positions, along one axis, and with the other as rows."""
    L, x = keras.layers, keras.Input((3, 4, 5))
    axes = [None, (2,), (1,), (-2, 1)]
    return trained(keras, x, [L.MultiHeadAttention(2, 3, attention_axes=a)(x, x) for a in axes])


@case(x=[normal(3, 4, 5), choices(3, 4, 3, 4)], y=[normal(3, 4, 5), normal(2, 3, 4, 3, 4)], rows=6,
      batch_size=6, epochs=4)
def mha_of_images_with_mask(keras):
    L = keras.layers
    inputs = [keras.Input((3, 4, 5)), keras.Input((3, 4, 3, 4), dtype="bool")]
    y, scores = L.MultiHeadAttention(2, 3)(
        inputs[0], inputs[0], attention_mask=inputs[1], return_attention_scores=True)
    return trained(keras, inputs, [y, unmasked(keras, scores)])


@case(x=normal(5, 6), y=normal(5, 6), **PARTS)
def mha_with_gate(keras):
    x = keras.Input((5, 6))
    layer = keras.layers.MultiHeadAttention(2, 3, value_dim=5, use_gate=True,
                                            kernel_constraint="max_norm")
    return trained(keras, x, layer(x, x))


@case(x=normal(5, 6), y=normal(5, 6), **PARTS)
def mha_penalties(keras):
    """Penalties on the activity are those of the inner layers."""
    x = keras.Input((5, 6))
    layer = keras.layers.MultiHeadAttention(
        2, 3, kernel_regularizer="l1", bias_regularizer="l2", bias_initializer="random_uniform",
        activity_regularizer=keras.regularizers.L2(0.01))
    return trained(keras, x, layer(x, x))


@case(x=normal(5, 6), y=normal(5, 6), **PARTS)
def mha_frozen(keras):
    L, x = keras.layers, keras.Input((5, 6))
    frozen = L.MultiHeadAttention(2, 3, trainable=False)
    return trained(keras, x, L.Dense(6)(frozen(x, x)))


@case(x=normal(5, 6), y=normal(5, 6), predict_only=True)
def mha_dropout_in_inference(keras):
    L, x = keras.layers, keras.Input((5, 6))
    return trained(keras, x, L.MultiHeadAttention(2, 3, dropout=0.4, seed=7)(x, x))


@case(x=tokens(5), y=normal(5, 6), predict_only=True)
def mha_dropout_with_masks_in_inference(keras):
    L, x = keras.layers, keras.Input((5,), dtype="int32")
    e = L.Dropout(0.3)(L.Embedding(7, 6, mask_zero=True)(x))
    return trained(keras, x, L.MultiHeadAttention(2, 3, dropout=0.4)(e, e, use_causal_mask=True))


@case(x=normal(5, 6), y=normal(5, 6), **PARTS)
def mha_shared(keras):
    """One layer for two calls, the second with a key."""
    x = keras.Input((5, 6))
    layer = keras.layers.MultiHeadAttention(2, 3)
    return trained(keras, x, layer(layer(x, x), x, x))


# GroupQueryAttention


@case(x=normal(5, 6), y=normal(5, 6), **PARTS)
def gqa(keras):
    x = keras.Input((5, 6))
    return trained(keras, x, keras.layers.GroupQueryAttention(3, 4, 2)(x, x))


@case(x=[normal(5, 6), normal(4, 6), normal(4, 3)], y=[normal(5, 6), normal(4, 5, 4)], **PARTS)
def gqa_scores(keras):
    inputs = [keras.Input(s) for s in [(5, 6), (4, 6), (4, 3)]]
    layer = keras.layers.GroupQueryAttention(2, 4, 1, use_bias=False, use_gate=True)
    y, scores = layer(*inputs, use_causal_mask=True, return_attention_scores=True)
    return trained(keras, inputs, [y, unmasked(keras, scores)], "rmsprop")


@case(x=[normal(4, 6), choices(4, 4), choices(4)], y=[normal(4, 6)] * 3, **PARTS)
def gqa_masks(keras):
    """Here a mask for the query that the call names counts."""
    L = keras.layers
    inputs = [keras.Input((4, 6)), keras.Input((4, 4), dtype="bool"), keras.Input((4,), dtype="bool")]
    x, mask, steps = inputs
    return trained(keras, inputs, [
        L.GroupQueryAttention(2, 4, 2)(x, x, attention_mask=mask, use_causal_mask=True),
        L.GroupQueryAttention(2, 4, 4, sliding_window=2)(x, x, query_mask=steps),
        L.GroupQueryAttention(2, 2, 1, use_gate=True)(x, x, value_mask=steps)])


@case(x=[normal(4, 6), uniform(4, 4, low=0.1)], y=[normal(4, 6)] * 3, **PARTS)
def gqa_masks_of_numbers(keras):
    """Numbers above a half count where scores are computed and there is no other mask, else all but
    0."""
    L, inputs = keras.layers, [keras.Input((4, 6)), keras.Input((4, 4))]
    x, mask = inputs
    scored = dict(return_attention_scores=True)
    return trained(keras, inputs, [
        L.GroupQueryAttention(2, 4, 2)(x, x, attention_mask=mask, **scored)[0],
        L.GroupQueryAttention(2, 4, 2)(x, x, attention_mask=mask),
        L.MultiHeadAttention(2, 4)(x, x, attention_mask=mask, **scored)[0]])


@case(x=tokens(5), y=normal(5, 4), **PARTS)
def gqa_of_tokens(keras):
    """Masks of steps stay where they are."""
    L, x = keras.layers, keras.Input((5,), dtype="int32")
    e = L.Embedding(7, 4, mask_zero=True)(x)
    a = L.GroupQueryAttention(2, 2, 1, activity_regularizer="l2")(e, e)
    return trained(keras, x, L.Dense(4)(L.Add()([e, a])))


@case(x=normal(5, 6), y=normal(5, 6), predict_only=True)
def gqa_dropout_in_inference(keras):
    L, x = keras.layers, keras.Input((5, 6))
    return trained(keras, x, L.GroupQueryAttention(3, 4, 2, dropout=0.2)(x, x, use_causal_mask=True))


# Attention, AdditiveAttention


@case(x=[normal(4, 6), normal(5, 6), normal(5, 6)], y=[normal(4, 6), normal(4, 6)], **PARTS)
def attention_by_products(keras):
    L = keras.layers
    inputs = [keras.Input(s) for s in [(4, 6), (5, 6), (5, 6)]]
    return trained(keras, inputs, [L.Attention()(inputs), L.Attention(use_scale=True)(inputs[:2])],
                   "adam")


@case(x=[normal(4, 6), normal(5, 6)], y=[normal(4, 6), normal(4, 6), normal(4, 5)], **PARTS)
def attention_by_sums(keras):
    L = keras.layers
    inputs = [keras.Input(s) for s in [(4, 6), (5, 6)]]
    return trained(keras, inputs, [
        L.Attention(score_mode="concat")(inputs),
        *L.Attention(use_scale=True, score_mode="concat")(
            inputs, use_causal_mask=True, return_attention_scores=True)], "rmsprop")


@case(x=[normal(4, 6), normal(4, 6), choices(4), choices(4)], y=[normal(4, 6)] * 3, **PARTS)
def attention_masks(keras):
    """Also of rows without any value."""
    L = keras.layers
    inputs = [keras.Input((4, 6)), keras.Input((4, 6)), keras.Input((4,), dtype="bool"),
              keras.Input((4,), dtype="bool")]
    x, y, ofQuery, ofValue = inputs
    return trained(keras, inputs, [
        L.Attention()([x, y], mask=[ofQuery, ofValue]),
        L.Attention(use_scale=True)([x, y, x], mask=[None, ofValue], use_causal_mask=True),
        L.AdditiveAttention()([x, y], mask=[ofQuery, None])])


@case(x=[tokens(4), tokens(5)], y=normal(4, 3), **PARTS)
def attention_of_tokens(keras):
    L = keras.layers
    inputs = [keras.Input((4,), dtype="int32"), keras.Input((5,), dtype="int32")]
    x, y = [L.Embedding(7, 4, mask_zero=True)(i) for i in inputs]
    return trained(keras, inputs, L.Dense(3)(L.Attention()([x, y])), "adam")


@case(x=normal(2, 4, 6), y=normal(2, 4, 6), **PARTS)
def attention_of_rank_4(keras):
    L, x = keras.layers, keras.Input((2, 4, 6))
    return trained(keras, x, L.Attention()([L.Dense(6)(x), x], use_causal_mask=True))


@case(x=normal(4, 6), y=[normal(4, 6), normal(4, 4)], predict_only=True)
def attention_dropout_in_inference(keras):
    x = keras.Input((4, 6))
    return trained(keras, x, keras.layers.Attention(dropout=0.5, seed=1)(
        [x, x], return_attention_scores=True))


@case(x=[normal(4, 6), normal(5, 6), normal(5, 6)], y=[normal(4, 6), normal(4, 6)], **PARTS)
def additive_attention(keras):
    L = keras.layers
    inputs = [keras.Input(s) for s in [(4, 6), (5, 6), (5, 6)]]
    return trained(keras, inputs, [L.AdditiveAttention()(inputs),
                                   L.AdditiveAttention(use_scale=False)(inputs[:2])], "adam")


@case(x=normal(5, 6), y=[normal(5, 6), normal(5, 5)], **PARTS)
def additive_attention_causal(keras):
    x = keras.Input((5, 6))
    return trained(keras, x, keras.layers.AdditiveAttention()(
        [x, x], use_causal_mask=True, return_attention_scores=True), "rmsprop")


@case(x=tokens(5), y=normal(5, 3), **PARTS)
def additive_attention_of_tokens(keras):
    L, x = keras.layers, keras.Input((5,), dtype="int32")
    e = L.Embedding(7, 4, mask_zero=True)(x)
    return trained(keras, x, L.Dense(3)(L.AdditiveAttention()([e, e])))


# ReversibleEmbedding


@case(x=labels(7, 5), y=labels(7, 5), **PARTS)
def reversible_embedding(keras):
    """Tied weights have the gradients of both directions."""
    L, x = keras.layers, keras.Input((5,), dtype="int32")
    embedding = L.ReversibleEmbedding(7, 4)
    logits = embedding(L.Dense(4, "tanh")(embedding(x)), reverse=True)
    return trained(keras, x, logits, "adam",
                   keras.losses.SparseCategoricalCrossentropy(from_logits=True))


@case(x=tokens(5), y=labels(7, 5), **PARTS)
def reversible_embedding_soft_cap(keras):
    L, x = keras.layers, keras.Input((5,), dtype="int32")
    embedding = L.ReversibleEmbedding(7, 4, tie_weights=False, mask_zero=True, logit_soft_cap=0.5,
                                      embeddings_regularizer="l2", embeddings_initializer="normal")
    logits = embedding(L.Dense(4, "tanh")(embedding(x)), reverse=True)
    return trained(keras, x, logits, "rmsprop",
                   keras.losses.SparseCategoricalCrossentropy(from_logits=True))


@case(x=[tokens(5), normal(4)], y=[normal(5, 6), normal(9)], **PARTS)
def reversible_embedding_as_layers(keras):
    L = keras.layers
    inputs = [keras.Input((5,), dtype="int32"), keras.Input((4,))]
    reverse = L.ReversibleEmbedding(9, 4, tie_weights=False, reverse_dtype="float32")
    return trained(keras, inputs, [
        keras.Sequential([L.ReversibleEmbedding(7, 6, mask_zero=True), L.Dense(6)])(inputs[0]),
        reverse(inputs[1], reverse=True)], "momentum")


# Files of older generations


@case(x=normal(5, 6), y=normal(5, 6), **PARTS)
def mha_renamed(keras):
    """Two layers of a class, so that their places in the file differ."""
    L, x = keras.layers, keras.Input((5, 6))
    y = L.MultiHeadAttention(2, 3, name="first")(x, x)
    return trained(keras, x, L.GroupQueryAttention(2, 2, 1, name="second")(
        L.MultiHeadAttention(1, 3, name="other")(y, x), y))
