"""Cells of the user's own in keras.layers.RNN, as traced programs."""
import keras

from lamina import _program
from lamina._graphs import outline
from lamina._tracing import Scope, first_line, is_tensor, line_of, variable_tensor


def has_own_cell(layer, is_own):
    """Whether the layer's cell, or one that is stacked in it, is the user's own."""
    return type(layer) is keras.layers.RNN and isinstance(layer.cell, keras.layers.Layer) and any(
        not is_own(cell) for cell in layer.cell._flatten_layers())


def _has_own_first_state(cell):
    """Whether states may begin at something else than 0, as those of Keras' cells do."""
    own = getattr(type(cell), "get_initial_state", None)
    return own is not None and not own.__module__.startswith("keras.src.layers.rnn.") or (
        own is not None and own.__module__.endswith("_test"))


class OwnCell:
    """The way of an RNN layer with such a cell to one with a traced cell."""

    def __init__(self, layer, run_code):
        """`run_code(cell, args, kwargs, training)` runs the cell's `call`."""
        self.layer, self.cell, self.run_code = layer, layer.cell, run_code
        self.what = (f"layer '{layer.name}': its cell '{self.cell.name}' of class "
                     f"{type(self.cell).__name__}")

    def trace(self, sequences):
        """An RNN layer of the same weights for sequences of this shape."""
        layer, cell = self.layer, self.cell
        self._require_plain()
        step = (sequences[0], *sequences[2:])
        if not cell.built:
            cell.build(step)
            cell.built = True
        variables = self._variables()
        self._require_plain_weights(variables)
        sizes = keras.tree.flatten(cell.state_size)
        program, output = self._program(step, sizes, variables)
        traced = _program.Cell(variables, list(sizes), output.shape[-1], program, cell.name,
                               layer.compute_dtype)
        return keras.layers.RNN(
            traced, return_sequences=layer.return_sequences, return_state=layer.return_state,
            go_backwards=layer.go_backwards, unroll=layer.unroll,
            zero_output_for_mask=layer.zero_output_for_mask, name=layer.name,
            trainable=layer.trainable, dtype=layer.dtype_policy,
            activity_regularizer=layer.activity_regularizer)

    def _variables(self):
        """The weights of the cell and of the layers in it, trained ones first."""
        return [v for part in ("_trainable_variables", "_non_trainable_variables")
                for inner in self.cell._flatten_layers() for v in getattr(inner, part)]

    def _require_plain(self):
        if self.layer.stateful:
            raise NotImplementedError(f"{self.what} cannot be traced: the layer is stateful")
        if self.layer.return_state and any(map(keras.tree.is_nested, self._state_sizes())):
            raise NotImplementedError(f"{self.what} cannot be traced: the layer returns states of "
                                      f"stacked cells")
        if any(_has_own_first_state(cell) for cell in self.cell._flatten_layers()):
            raise NotImplementedError(f"{self.what} cannot be traced: it has a get_initial_state of its "
                                      f"own; states begin at 0")

    def _state_sizes(self):
        size = self.cell.state_size
        return size if isinstance(size, (list, tuple)) else [size]

    def _require_plain_weights(self, variables):
        for variable in variables:
            own = variable.constraint and not type(variable.constraint).__module__.startswith("keras.")
            if variable.regularizer is not None or own:
                raise NotImplementedError(f"{self.what} cannot be traced: its weight '{variable.name}' "
                                          f"has a regularizer, or a constraint that is not Keras'")

    def _program(self, step, sizes, variables):
        """The program as a file has it, and its output."""
        x = keras.Input(batch_shape=(None, *step[1:]), dtype=self.layer.compute_dtype, name="x")
        states = [keras.Input(batch_shape=(None, size), dtype=self.layer.compute_dtype,
                              name=f"state_{i}") for i, size in enumerate(sizes)]
        weights = [keras.Input(batch_shape=tuple(v.shape), dtype=v.dtype, name=f"weight_{i}")
                   for i, v in enumerate(variables)]
        inputs = [x, *states, *weights]
        both = [self._run(x, states, dict(zip(map(id, variables), weights)), training)
                for training in (True, False)]
        if outline(inputs, both[0]) != outline(inputs, both[1]):
            raise NotImplementedError(f"{self.what} cannot be traced: it computes something else in "
                                      f"training than in prediction, or draws random numbers")
        program = keras.saving.serialize_keras_object(keras.Model(inputs, both[1]))
        return program, both[1][0]

    def _run(self, x, states, tensors, training):
        def find(variable):
            if variable.name == "seed_generator_state":
                raise NotImplementedError("it draws random numbers")
            if id(variable) not in tensors:
                raise NotImplementedError(f"it reads the weight '{variable.name}' of another layer")
            return tensors[id(variable)]
        cell = self.cell
        try:
            with Scope(find) as scope:
                given = keras.tree.pack_sequence_as(list(self._state_sizes()), states)
                output, new = self.run_code(cell, (x, given), {}, training)
                new = keras.tree.flatten(new)
                if scope.updates() or scope.added:
                    raise NotImplementedError("it changes weights or adds losses")
        except Exception as problem:
            raise NotImplementedError(f"{self.what} cannot be traced: "
                                      f"{line_of(problem, type(cell).call)}"
                                      f"{first_line(problem)}") from problem
        outputs = [variable_tensor(t) for t in (output, *new)]
        if len(new) != len(states) or not all(map(is_tensor, outputs)):
            raise NotImplementedError(f"{self.what} cannot be traced: its call gives {len(new)} "
                                      f"states, but its state_size {len(states)}")
        return outputs
