"""The digits network's training step in bare JAX: no library between the step and the compiler."""
import jax
import jax.numpy as jnp

import protocol

RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-7


def loss(parameters, x, y):
    hidden = x / 16
    for kernel, bias in parameters[:-1]:
        hidden = jax.nn.relu(hidden @ kernel + bias)
    kernel, bias = parameters[-1]
    log_probabilities = jax.nn.log_softmax(hidden @ kernel + bias)
    return -jnp.mean(jnp.take_along_axis(log_probabilities, y[:, None], 1))


def step(state, x, y):
    """Adam as Keras writes it: the bias corrections stand in the rate."""
    parameters, first, second, iteration = state
    value, gradients = jax.value_and_grad(loss)(parameters, x, y)
    iteration += 1
    first = jax.tree.map(lambda m, g: m + (g - m) * (1 - BETA_1), first, gradients)
    second = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - BETA_2), second, gradients)
    rate = RATE * jnp.sqrt(1 - BETA_2**iteration) / (1 - BETA_1**iteration)
    parameters = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + EPSILON),
                              parameters, first, second)
    return (parameters, first, second, iteration), value


def initial():
    parameters = jax.tree.map(jnp.asarray, protocol.parameters())
    zeros = lambda: jax.tree.map(jnp.zeros_like, parameters)
    return (parameters, zeros(), zeros(), jnp.float32(0)), *map(jnp.asarray, protocol.data())


def main():
    state, x, y = initial()
    compiled = jax.jit(step, donate_argnums=0)

    def once():
        nonlocal state
        state, value = compiled(state, x, y)
        value.block_until_ready()

    protocol.serve(once)


if __name__ == "__main__":
    main()
