"""A small workload's training step in bare JAX: no library between the step and the compiler.

Usage: jax_peer.py digits|mlp_wide|cnn_mnist|lstm|gru|transformer
"""
import sys

import jax
import jax.numpy as jnp
import numpy as np

import protocol


def scaled_normal(random, *shape):
    fan_in = np.prod(shape[:-1])
    return (random.standard_normal(shape) / np.sqrt(fan_in)).astype("float32")


def dense_parameters(random, *widths):
    return [(scaled_normal(random, i, o), np.zeros(o, "float32"))
            for i, o in zip(widths, widths[1:])]


def mlp(scale):
    def predict(parameters, x, key):
        hidden = x * scale
        for kernel, bias in parameters[:-1]:
            hidden = jax.nn.relu(hidden @ kernel + bias)
        kernel, bias = parameters[-1]
        return hidden @ kernel + bias

    return predict


def max_pool(x):
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def cnn(parameters, x, key):
    for kernel, bias in parameters[:-1]:
        x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "VALID",
                                         dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = max_pool(jax.nn.relu(x + bias))
    kernel, bias = parameters[-1]
    kept = jax.random.bernoulli(key, 0.5, (x.shape[0], kernel.shape[0]))
    return jnp.where(kept, 2 * x.reshape(x.shape[0], -1), 0) @ kernel + bias


def cnn_parameters(random):
    return [(scaled_normal(random, 3, 3, 1, 32), np.zeros(32, "float32")),
            (scaled_normal(random, 3, 3, 32, 64), np.zeros(64, "float32")),
            (scaled_normal(random, 1600, 10), np.zeros(10, "float32"))]


def lstm(parameters, x, key):
    (kernel, recurrent, bias), (head, shift) = parameters

    def step(state, z):
        h, c = state
        i, f, g, o = jnp.split(z + h @ recurrent, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    zeros = jnp.zeros((x.shape[0], recurrent.shape[0]))
    (h, _), _ = jax.lax.scan(step, (zeros, zeros), jnp.swapaxes(x, 0, 1) @ kernel + bias)
    return h @ head + shift


def gru(parameters, x, key):
    (kernel, recurrent, bias, inner), (head, shift) = parameters

    def step(h, x):
        z, r, g = jnp.split(x, 3, axis=1)
        inner_z, inner_r, inner_g = jnp.split(h @ recurrent + inner, 3, axis=1)
        z = jax.nn.sigmoid(z + inner_z)
        g = jnp.tanh(g + jax.nn.sigmoid(r + inner_r) * inner_g)
        return z * h + (1 - z) * g, None

    zeros = jnp.zeros((x.shape[0], recurrent.shape[0]))
    h, _ = jax.lax.scan(step, zeros, jnp.swapaxes(x, 0, 1) @ kernel + bias)
    return h @ head + shift


def recurrent_parameters(features, units, gates, biases):
    def initial(random):
        layer = [scaled_normal(random, features, gates * units),
                 scaled_normal(random, units, gates * units)]
        return [layer + [np.zeros(gates * units, "float32")] * biases,
                *dense_parameters(random, units, 10)]

    return initial


HEADS = 4


def normalize(x, scale, shift):
    centred = x - x.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-3) * scale + shift


def attend(x, query, key, value, output):
    q, k, v = ((x @ w + b).reshape(*x.shape[:2], HEADS, -1) for w, b in (query, key, value))
    scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) / np.sqrt(q.shape[-1])
    seen = jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(scores), v).reshape(x.shape)
    return seen @ output[0] + output[1]


def transformer(parameters, x, key):
    for projections, first, (inner, outer), second in parameters[0]:
        x = normalize(x + attend(x, *projections), *first)
        hidden = jax.nn.gelu(x @ inner[0] + inner[1], approximate=False)
        x = normalize(x + hidden @ outer[0] + outer[1], *second)
    head, shift = parameters[1]
    return x.mean(1) @ head + shift


def transformer_parameters(random):
    def block():
        norm = [np.ones(128, "float32"), np.zeros(128, "float32")]
        projections = [dense_parameters(random, 128, 128)[0] for _ in range(4)]
        return [projections, norm, dense_parameters(random, 128, 512, 128), norm]

    return [[block(), block()], dense_parameters(random, 128, 10)[0]]


RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-7


def adam(parameters, gradients, slots, iteration):
    """As Keras writes it: the bias corrections stand in the rate."""
    first, second = slots
    first = jax.tree.map(lambda m, g: m + (g - m) * (1 - BETA_1), first, gradients)
    second = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - BETA_2), second, gradients)
    rate = RATE * jnp.sqrt(1 - BETA_2**iteration) / (1 - BETA_1**iteration)
    return jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + EPSILON),
                        parameters, first, second), (first, second)


def momentum(parameters, gradients, slots, iteration):
    velocity = jax.tree.map(lambda v, g: 0.9 * v - 1e-2 * g, slots[0], gradients)
    return jax.tree.map(jnp.add, parameters, velocity), (velocity,)


# By workload: predictions, parameters, optimizer and how many slots it keeps for a parameter.
NETWORKS = {
    "digits": (mlp(1 / 16), lambda r: dense_parameters(r, 64, 128, 64, 10), adam, 2),
    "mlp_wide": (mlp(1.0), lambda r: dense_parameters(r, 784, 1024, 1024, 10), momentum, 1),
    "cnn_mnist": (cnn, cnn_parameters, adam, 2),
    "lstm": (lstm, recurrent_parameters(32, 128, 4, 1), adam, 2),
    "gru": (gru, recurrent_parameters(8, 32, 3, 2), adam, 2),
    "transformer": (transformer, transformer_parameters, adam, 2),
}


def make_step(name):
    """step(state, x, y) -> (state, loss), and its first arguments."""
    predict, initial, update, slot_count = NETWORKS[name]

    def loss(parameters, x, y, key):
        log_probabilities = jax.nn.log_softmax(predict(parameters, x, key))
        return -jnp.mean(jnp.take_along_axis(log_probabilities, y[:, None], 1))

    def step(state, x, y):
        parameters, slots, iteration = state
        key = jax.random.fold_in(jax.random.PRNGKey(0), iteration.astype(jnp.int32))
        value, gradients = jax.value_and_grad(loss)(parameters, x, y, key)
        parameters, slots = update(parameters, gradients, slots, iteration + 1)
        return (parameters, slots, iteration + 1), value

    parameters = jax.tree.map(jnp.asarray, initial(np.random.default_rng(0)))
    slots = tuple(jax.tree.map(jnp.zeros_like, parameters) for _ in range(slot_count))
    state = parameters, slots, jnp.float32(0)
    return step, (state, *map(jnp.asarray, protocol.WORKLOADS[name].random_batch()))


def main():
    step, (state, x, y) = make_step(sys.argv[1])
    compiled = jax.jit(step, donate_argnums=0)

    def once():
        nonlocal state
        state, value = compiled(state, x, y)
        value.block_until_ready()

    protocol.serve(once)


if __name__ == "__main__":
    main()
