"""Nodes of keras.ops in Functional models: each case is one expression with many of them."""
import numpy as np

from case import case, labels, normal, uniform


def expression(name, *shapes, sources=None, dtypes=None, rate=0.02, **settings):
    """Registers a case of Dense layers over the inputs, the decorated function of `ops` and these
    tensors, and a Dense layer over all that it gives."""

    def register(function):
        def build(keras):
            types = dtypes or ["float32"] * len(shapes)
            inputs = [keras.Input(shape, dtype=t) for shape, t in zip(shapes, types)]
            hidden = [keras.layers.Dense(shape[-1], "tanh")(i) if t == "float32" else i
                      for i, shape, t in zip(inputs, shapes, types)]
            outputs = function(keras.ops, *hidden)
            flat = [keras.layers.Flatten()(o) for o in outputs]
            merged = keras.layers.Concatenate()(flat) if len(flat) > 1 else flat[0]
            model = keras.Model(inputs, keras.layers.Dense(2)(merged))
            model.compile(keras.optimizers.SGD(rate), "mse")
            return model

        x = sources or [normal(*shape) for shape in shapes]
        case(x=x, y=normal(2), name=name, rows=6, batch_size=6, epochs=4, **settings)(build)
        return function

    return register


@expression("ops_arithmetic", (4, 3), (4, 3), rate=1e-4)
def arithmetic(ops, a, b):
    mixed = 2 - a * b / (b * b + 1.5) + (-a) ** 2
    return [mixed + ops.array([1.0, -2.0, 0.5]), ops.maximum(a, 0.1) - ops.minimum(b, a),
            ops.power(ops.abs(a) + 0.5, b), ops.mod(a, 0.3) + ops.mod(3.0, ops.abs(b) + 1),
            ops.floor_divide(a, 0.25), a // (ops.abs(b) + 0.5), ops.divide_no_nan(a, ops.relu(b)),
            1 / (a + 2), ops.hypot(a, b + 2), ops.logaddexp(a, b)]


@expression("ops_functions", (4, 3))
def functions(ops, x):
    positive = ops.square(x) + 0.5
    return [ops.exp(x), ops.expm1(x), ops.log(positive), ops.log1p(positive), ops.log2(positive),
            ops.log10(positive), ops.sqrt(positive), ops.rsqrt(positive), ops.sin(x), ops.cos(x),
            ops.tan(x), ops.sinh(x), ops.cosh(x), ops.tanh(x), ops.erf(x), ops.reciprocal(positive),
            ops.sign(x) * x, ops.floor(4 * x) * x, ops.ceil(4 * x) + x, ops.round(4 * x),
            ops.round(x, 1), ops.clip(x, -0.3, 0.4), ops.trunc(3 * x), ops.exp2(x),
            ops.negative(x), ops.stop_gradient(x) * x]


@expression("ops_activations", (4, 6))
def activations(ops, x):
    return [ops.relu(x), ops.relu6(8 * x), ops.sigmoid(x), ops.softplus(x), ops.softsign(x),
            ops.silu(x), ops.gelu(x), ops.gelu(x, approximate=False), ops.elu(x, 0.7), ops.selu(x),
            ops.celu(x, 1.3), ops.leaky_relu(x, 0.1), ops.hard_sigmoid(4 * x), ops.hard_silu(4 * x),
            ops.hard_tanh(2 * x), ops.hard_shrink(x, 0.2), ops.soft_shrink(x, 0.3),
            ops.tanh_shrink(x), ops.squareplus(x, 2), ops.sparse_plus(2 * x),
            ops.sparse_sigmoid(2 * x), ops.log_sigmoid(x), ops.threshold(x, 0.2, 0.1),
            ops.softmax(x), ops.softmax(x, axis=1), ops.log_softmax(x), ops.normalize(x),
            ops.normalize(x, axis=1)]


@expression("ops_reductions", (3, 4, 2), mixes_rows=True)
def reductions(ops, x):
    return [ops.mean(x, axis=1), ops.sum(x, axis=(1, -1)), ops.max(x, axis=2, keepdims=True),
            ops.min(x, axis=(1, 2, 3)), ops.prod(x, axis=1), ops.var(x, axis=-1),
            ops.std(x, axis=[1, 2], keepdims=True), ops.logsumexp(x, axis=2),
            ops.norm(x, axis=-1), ops.norm(x, ord=1, axis=1), ops.moments(x, axes=(1, 2))[1],
            x - ops.mean(x, axis=0, keepdims=True), x * ops.max(x), ops.mean(x) + x]


@expression("ops_shapes", (4, 6), mixes_rows=True)
def shapes(ops, x):
    wide = ops.reshape(x, (-1, 2, 3, 4))
    left, right = ops.split(x, 2, axis=-1)
    first, second, third = ops.split(x, [1, 3], axis=1)
    return [ops.transpose(wide, (0, 3, 1, 2)), ops.expand_dims(x, 1) * ops.expand_dims(x, 2),
            ops.squeeze(ops.expand_dims(x, (1, 3)), 1), ops.concatenate([x, 2 * x], axis=1),
            ops.stack([left, right], axis=2), first * third, second,
            ops.repeat(x, 2, axis=1), ops.repeat(x, [1, 0, 2, 1], axis=1), ops.tile(x, (1, 2, 1)),
            ops.flip(x, axis=1), ops.flip(wide, axis=(1, 2)), ops.roll(x, 2, axis=1),
            ops.pad(x, ((0, 0), (1, 2), (0, 1))), ops.swapaxes(wide, 1, 3),
            ops.moveaxis(wide, 1, -1), x * ops.broadcast_to(ops.mean(x, axis=0), (1, 4, 6)),
            ops.unstack(x, axis=1)[2]]


@expression("ops_indexing", (4, 6))
def indexing(ops, x):
    return [x[:, 1], x[:, -1, 2:5], x[..., ::2], x[:, 1:-1, None, 3], x[:, ::-1], x[:, 3:0:-2, 1:],
            ops.take(x, [3, 0, -1], axis=1), ops.take(x, np.array([[1, 2], [0, 0]]), axis=-1),
            ops.tril(x), ops.triu(x, 1)]


@expression("ops_contractions", (4, 3), (5, 3))
def contractions(ops, a, b):
    weights = np.linspace(-1, 1, 6).reshape(3, 2).astype("float32")
    product = ops.matmul(a, ops.transpose(b, (0, 2, 1)))
    return [product, ops.matmul(a, weights), ops.matmul(np.ones((2, 4), "float32"), a),
            ops.einsum("bij,bkj->bik", a, b), ops.einsum("bij->bj", a), ops.einsum("bij,jk", a, weights),
            ops.einsum("...ij,...kj->...ki", a, b), ops.einsum("bij,bkj,jl->bil", a, b, weights),
            ops.tensordot(a, weights, axes=1), ops.tensordot(a, weights, axes=[[2], [0]]),
            ops.dot(a, weights), product @ b, ops.einsum("bij,bkj->bikj", a, b)]


@expression("ops_choices", (4, 3), (4, 3))
def choices(ops, a, b):
    both = ops.logical_and(a > 0, b <= 0.2)
    return [ops.where(a > b, a, b), ops.where(both, a, 0.5), ops.where(ops.logical_not(both), 1.0, b),
            a * ops.cast(ops.equal(ops.sign(a), ops.sign(b)), "float32"),
            ops.cast(ops.logical_or(a < 0, b >= 0), "float32") + a,
            ops.cast(ops.any(a > 0.3, axis=1), "float32"),
            ops.cast(ops.all(ops.not_equal(a, b), axis=-1), "float32"),
            ops.cast(ops.argmax(a, axis=1), "float32") * b[:, 0],
            ops.cast(ops.argmin(a, axis=-1, keepdims=True), "float32"),
            ops.cast(ops.logical_xor(a > 0, b > 0), "float32"),
            ops.cast(ops.isfinite(a), "float32") * b, ops.ones_like(a) - ops.zeros_like(b),
            ops.full_like(a, 0.3) * a]


@expression("ops_integers", (5,), (4, 3), sources=[labels(6, 5), normal(4, 3)],
            dtypes=["int32", "float32"], rate=1e-3)
def integers(ops, i, x):
    doubled = i * 2 + 1
    return [ops.cast(doubled, "float32"), i * 0.5, ops.sqrt(i), ops.mean(i, axis=1, keepdims=True),
            ops.one_hot(i, 6), ops.cast(ops.sum(i % 4, axis=1), "float32")[:, None],
            ops.cast(i // 2 - 3, "float32"), ops.cast(i > 2, "float32"),
            ops.expand_dims(i, -1) * ops.sum(x, axis=1, keepdims=True),
            ops.take(np.linspace(0, 1, 12).reshape(6, 2).astype("float32"), i, axis=0)]


@case(x=normal(6), y=labels(3), rows=8, batch_size=8, epochs=6)
def ops_softmax_with_logits(keras):
    """As an activation does, the operation hands its logits to the loss; here with large ones."""
    inputs = keras.Input((6,))
    outputs = keras.ops.softmax(30 * keras.layers.Dense(3)(inputs))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(0.001), "sparse_categorical_crossentropy",
                  metrics=["accuracy"])
    return model


@case(x=[normal(6), uniform(4)], y=normal(2), rows=8, batch_size=8, epochs=4)
def ops_in_nested_models(keras):
    """Operations share their names with layers: the weights file counts the layers alone."""
    inputs = keras.Input((6,))
    inner = keras.Model(inputs, keras.layers.Dense(4)(inputs) + 1, name="inner")
    a, b = keras.Input((6,)), keras.Input((4,))
    x = keras.layers.Add()([inner(a) + b, b]) * inner(-a)
    x = keras.layers.Dense(3, "tanh")(x) + keras.ops.relu(keras.layers.Dense(3)(inner(a)))
    model = keras.Model([a, b], keras.layers.Dense(2)(x))
    model.compile(keras.optimizers.Adam(0.01), "mse")
    return model
