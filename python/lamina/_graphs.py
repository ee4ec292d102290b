"""Graphs of symbolic calls: the calls in their order, and what tells two graphs apart."""
import json

import keras

from lamina import _program
from lamina._tracing import is_tensor


def is_program(layer):
    return type(layer).__module__ == _program.__name__


def nodes_between(inputs, outputs):
    """The calls that lead from the inputs to the outputs, in the order in which they can run."""
    ends = {id(t) for t in keras.tree.flatten(inputs)}
    done, order = set(), []
    open_tensors = [(t, False) for t in reversed(keras.tree.flatten(outputs))]
    while open_tensors:
        tensor, is_ready = open_tensors.pop()
        node = tensor._keras_history.operation._inbound_nodes[tensor._keras_history.node_index]
        if id(tensor) in ends or id(node) in done or node.is_input:
            continue
        if is_ready:
            done.add(id(node))
            order.append(node)
        else:
            open_tensors.append((tensor, True))
            open_tensors += [(t, False) for t in reversed(node.input_tensors)]
    return order


def outline(inputs, outputs):
    """All that the graph computes but for the names of its operations."""
    places = {id(t): ("input", i) for i, t in enumerate(keras.tree.flatten(inputs))}
    calls = []
    for node in nodes_between(inputs, outputs):
        operation = node.operation
        # Layers of programs are made anew by each run, but for the weights.
        is_anew = is_program(operation) and not isinstance(operation, _program.Parameter)
        if isinstance(operation, keras.layers.Layer) and not is_anew:
            what = id(operation)
        else:
            config = {k: v for k, v in operation.get_config().items() if k != "name"}
            what = type(operation).__name__, _text(config)
        arguments = keras.tree.map_structure(
            lambda x: places.get(id(x), "?") if is_tensor(x) else _text(x),
            (list(node.arguments.args), dict(node.arguments.kwargs)))
        places.update({id(t): (len(calls), i) for i, t in enumerate(node.outputs)})
        calls.append((what, repr(arguments)))
    return calls, [places.get(id(t)) for t in keras.tree.flatten(outputs)]


def _text(value):
    return json.dumps(keras.saving.serialize_keras_object(value), sort_keys=True, default=repr)
