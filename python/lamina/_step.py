"""A compiled model with its state."""
import contextlib
import os
import tempfile

import numpy as np

from lamina import _core
from lamina._arrays import TensorSpec, arrange, convert_all, convert_data, filled_shape
from lamina._callbacks import Callbacks, OptimizerView
from lamina._loop import Fit, Pace, Pass
from lamina._progress import Progress
from lamina._sources import Converter, StreamSource, is_stream, unpack


@contextlib.contextmanager
def temporary_file(suffix):
    with tempfile.TemporaryDirectory(prefix="lamina-") as folder:
        yield os.path.join(folder, "model" + suffix)


class Step:
    """A model compiled for batches of up to `batch_size` rows, with its weights and the state of its
    optimizer. Made by `lamina.compile`.

    Arrays are NumPy's or anything that gives one: pandas frames, DLPack, `__array_interface__`. Those
    that are dense, row-major and of the model's types are not copied. Several inputs or targets are
    lists in the model's order or dicts by name. Inputs of dtype "string" take texts: lists of them,
    NumPy's arrays, pandas columns, TensorFlow's tensors. Wrong arrays are a TypeError or a ValueError that
    names the input or target, and the state stays as it was.

    Other Python threads run while compiled code does. Calls of one step from several threads follow
    each other; several steps run side by side. Ctrl-C takes effect between two steps. A step can be
    pickled and copied; in a forked child it goes on as in its parent.
    """

    def __init__(self, core, seed, weight_order=None):
        self._core = core
        self._train, self._test = core.train_on_batch, core.test_on_batch
        self.seed = seed
        self._weight_order = weight_order
        self._epochs_done = self._initial_epoch = 0
        self.stop_training = False
        self.history = None
        self.optimizer = OptimizerView(core)
        self._open = core.open_shapes
        self._read_specs()

    def _read_specs(self):
        core = self._core
        self.input_specs = [TensorSpec(*spec) for spec in core.inputs]
        # What data give where lookups stand before the step; else nothing.
        self.data_specs = [TensorSpec(*spec) for spec in core.data_inputs]
        self.target_specs = [TensorSpec(*spec) for spec in core.targets]
        self.output_specs = [TensorSpec(*spec) for spec in core.outputs]

    # ---- lengths that the model leaves open ----------------------------------------------------

    def _use_shapes(self, shapes):
        """Goes on with what is compiled for these shapes of rows, the state included."""
        if shapes != self._core.shapes:
            self._core.use_shapes(*shapes)
            self._read_specs()

    def _follow(self, x, y=None):
        """Takes the lengths of arrays where the model leaves some open; returns all shapes."""
        shapes = tuple(dict(part) for part in self._core.shapes)
        outputs = [spec.name for spec in self.output_specs]
        for values, specs, kind, further, opened, found in (
                (x, self.input_specs, "input", (), self._open[0], shapes[0]),
                (y, self.target_specs, "target", outputs, self._open[1], shapes[1])):
            if values is None or not opened or (kind == "input" and self.data_specs):
                continue
            for value, spec in zip(arrange(values, specs, kind, further), specs):
                row = spec.name in opened and filled_shape(value, opened[spec.name])
                if row:
                    found[spec.name] = row
        self._use_shapes(shapes)
        return shapes

    def _inputs(self, x):
        if self._open[0] and not self.data_specs:
            self._follow(x)
        if not self.data_specs:
            return convert_all(x, self.input_specs, "input")
        columns, rows = convert_data(x, self.data_specs)
        if self._open[0] and rows:
            inputs, targets = (dict(part) for part in self._core.shapes)
            self._use_shapes((inputs | self._core.found_shapes(columns, rows), targets))
        arrays = tuple(np.empty((rows, *spec.shape), spec.dtype) for spec in self.input_specs)
        if rows:
            self._core.look_up(columns, arrays)
        return arrays

    # ---- what it is ----------------------------------------------------------------------------

    built = True

    @property
    def name(self):
        """The model file's path, or "model 'NAME'"."""
        return self._core.name

    @property
    def batch_size(self):
        """The most rows of one batch."""
        return self._core.batch_size

    @property
    def threads(self):
        """Threads that compiled code uses, the caller's included."""
        return self._core.threads

    @property
    def weight_specs(self):
        """Weights of samples that the compiled functions take; none until somebody gives some."""
        return [TensorSpec(*spec) for spec in self._core.weights]

    @property
    def metrics_names(self):
        """The names of the logs of an evaluation."""
        return list(self._core.evaluate_logs)

    def __repr__(self):
        inputs = ", ".join(f"{spec.name}: {spec}" for spec in self.input_specs)
        outputs = ", ".join(f"{spec.name}: {spec}" for spec in self.output_specs)
        return (f"<lamina.Step of {self.name}: {inputs} -> {outputs}; batches of up to "
                f"{self.batch_size} rows, {self.threads} threads>")

    def _repr_html_(self):
        from lamina._notebook import step_html
        return step_html(self)

    # ---- single batches ------------------------------------------------------------------------

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=True):
        """One training step on the rows of `x` and `y`, at most `batch_size` of them.

        Returns the batch's logs before the update: a dict by name, or with return_dict=False a list
        in the order of `metrics_names`, a single number where there is only the loss.
        """
        if sample_weight is None and class_weight is None and not self.data_specs:
            logs = self._train(x, y)
            if logs is not None:
                return logs if return_dict else self._in_order(logs)
        arrays = Converter(self).all(x, y, sample_weight, class_weight)
        self._require_batch(arrays)
        logs = self._train(*arrays)
        return logs if return_dict else self._in_order(logs)

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=True):
        """The logs of an evaluation of one batch, as `train_on_batch` returns them."""
        is_direct = sample_weight is None and not self.data_specs
        logs = self._test(x, y) if is_direct else None
        if logs is None:
            arrays = Converter(self).all(x, y, sample_weight)
            self._require_batch(arrays)
            logs = self._test(*arrays)
        return logs if return_dict else self._in_order(logs)

    def predict_on_batch(self, x):
        """The model's outputs for the rows of `x`, any number of them: an array, or a list of arrays
        where the model has several outputs."""
        return self._outputs(self._predict_arrays(self._inputs(x)))

    def _require_batch(self, arrays):
        rows = len(arrays[0][0])
        if not 1 <= rows <= self.batch_size:
            raise ValueError(f"{self.name}: a batch of {rows} rows; the model is compiled for 1 to "
                             f"{self.batch_size}, which lamina.compile(…, batch_size=…) changes")

    def _in_order(self, logs):
        values = [logs[name] for name in self.metrics_names if name in logs]
        return values[0] if len(values) == 1 else values

    def _run(self, call, running, batches):
        """Trains on, or evaluates, batches of a source."""
        if not 1 <= batches.batch_size <= self.batch_size:
            self._require_batch((batches.x,))
            raise ValueError(f"{self.name}: batch_size={batches.batch_size}; the model is compiled "
                             f"for 1 to {self.batch_size}")
        if not call(running, batches.x, batches.y, batches.weights, batches.batch_size):
            raise ValueError(f"{self.name}: weights of samples are given for some batches only")

    # ---- many batches --------------------------------------------------------------------------

    def fit(self, x=None, y=None, batch_size=None, epochs=1, verbose="auto", callbacks=None,
            validation_split=0.0, validation_data=None, shuffle=True, class_weight=None,
            sample_weight=None, initial_epoch=0, steps_per_epoch=None, validation_steps=None,
            validation_batch_size=None, validation_freq=1):
        """Trains as keras.Model.fit does and returns its History.

        `x` is arrays, or yields batches `x`, `(x, y)` or `(x, y, sample_weight)`: a generator, a
        keras.utils.PyDataset, a tf.data.Dataset, a PyTorch DataLoader; these are read in a thread of
        their own. `callbacks` are Keras' own objects: their `model` is this step, which has
        `stop_training`, `optimizer.learning_rate`, `get_weights`, `set_weights`, `save`, …

        With shuffle=False losses and weights are Keras' but for rounding. Shuffled rows come in the
        order of `lamina train --seed`: a function of the seed and the epoch, of which no two of one
        step are the same.
        """
        batch_size = self._choose_batch_size(batch_size)
        work = Fit(self, x, y, batch_size, validation_split, validation_data, shuffle, class_weight,
                   sample_weight, steps_per_epoch, validation_steps, validation_batch_size,
                   validation_freq)
        return work.run(epochs, verbose, callbacks, initial_epoch)

    def evaluate(self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None,
                 steps=None, callbacks=None, return_dict=False):
        """Loss and metrics over all rows: a list in the order of `metrics_names`, a number where
        there is only the loss, or with return_dict a dict."""
        self._core.require_loss()
        source = Converter(self).source(x, y, sample_weight, None,
                                        self._choose_batch_size(batch_size))
        work = Pass(self, source, False, steps)
        called = Callbacks(callbacks, self, {"verbose": verbose, "epochs": 1, "steps": work.steps})
        called.call("on_test_begin")
        try:
            logs = work.run(0, called, Progress(verbose, work.steps))
        finally:
            work.close()
        called.call("on_test_end", logs=logs)
        return logs if return_dict else self._in_order(logs)

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """The model's outputs for all rows, as `predict_on_batch` returns them. `x` may yield
        batches."""
        self._choose_batch_size(batch_size)
        called = Callbacks(callbacks, self, {"verbose": verbose, "epochs": 1, "steps": steps})
        called.call("on_predict_begin")
        if is_stream(x):
            outputs = self._predict_stream(x, steps, called)
        else:
            outputs = self._predict_arrays(self._inputs(x))
        called.call("on_predict_end")
        return self._outputs(outputs)

    def _predict_stream(self, x, steps, called):
        def inputs(batch, y, weights):
            return self._inputs(batch), (), ()
        cursor = StreamSource(x, inputs).open(0)
        parts = []
        try:
            while (steps is None or len(parts) < steps) and (batch := cursor.take(1)) is not None:
                called.call("on_predict_batch_begin", len(parts))
                parts.append(self._predict_arrays(batch.x))
                called.call("on_predict_batch_end", len(parts) - 1, logs={"outputs": parts[-1]})
        finally:
            cursor.close()
        if not parts:
            raise ValueError("the data has no batches")
        return [np.concatenate(output) for output in zip(*parts)]

    def _predict_arrays(self, arrays):
        rows = len(arrays[0])
        outputs = tuple(np.empty((rows, *spec.shape), spec.dtype) for spec in self.output_specs)
        size, begin, pace = self.batch_size, 0, Pace(False)
        while begin < rows:
            part = slice(begin, begin + pace.count * size)
            self._core.predict(tuple(a[part] for a in arrays), tuple(o[part] for o in outputs), size)
            begin, pace.count = part.stop, min(2 * pace.count, 64)
        return list(outputs)

    @staticmethod
    def _outputs(outputs):
        return outputs[0] if len(outputs) == 1 else outputs

    def _choose_batch_size(self, batch_size):
        if batch_size is None:
            return self.batch_size
        if not 1 <= batch_size <= self.batch_size:
            raise ValueError(f"{self.name}: batch_size={batch_size}; the model is compiled for 1 to "
                             f"{self.batch_size}, which lamina.compile(…, batch_size=…) changes")
        return int(batch_size)

    # ---- the state -----------------------------------------------------------------------------

    def _weight_indices(self):
        """The model's weights among the variables, in Keras' order."""
        variables = self._core.variables
        if self._weight_order is not None:
            places = {variable[1]: i for i, variable in enumerate(variables) if variable[1]}
            return [next(places[path] for path in paths if path in places)
                    for paths in self._weight_order]
        return [i for i, (name, path, dtype, shape, trainable, is_optimizer)
                in enumerate(variables)
                if path and not is_optimizer and "seed_generator" not in path]

    def _read(self, indices):
        variables = self._core.variables
        arrays = [None] * len(variables)
        for i in indices:
            arrays[i] = np.empty(variables[i][3], variables[i][2])
        self._core.read_state(arrays)
        return [arrays[i] for i in indices]

    def _write(self, indices, values):
        variables = self._core.variables
        if len(values) != len(indices):
            raise ValueError(f"{self.name}: {len(values)} arrays are given for {len(indices)} weights")
        arrays = [None] * len(variables)
        for i, value in zip(indices, values):
            name, _, dtype, shape, _, _ = variables[i]
            array = np.asarray(value)
            if array.shape != tuple(shape):
                raise ValueError(f"{self.name}: weight '{name}' has shape {tuple(shape)}, but "
                                 f"{array.shape} is given")
            # ascontiguousarray would make a scalar an array of one element.
            arrays[i] = np.require(array.astype(dtype), requirements="C")
        self._core.write_state(arrays)

    def get_weights(self):
        """The model's weights as a list of arrays, in the order of keras.Model.get_weights."""
        return self._read(self._weight_indices())

    def set_weights(self, weights):
        """Takes arrays as `get_weights` gives them. The optimizer's state stays."""
        self._write(self._weight_indices(), list(weights))

    def save(self, filepath, overwrite=True):
        """Writes the model with its weights and the state of its optimizer, in the format of the
        name's end: .keras, .h5, .weights.h5, which Keras loads, or .lamina, which may hold traced code,
        as data alone, and which `lamina.compile` and the command line read."""
        path = os.fspath(filepath)
        if not overwrite and os.path.exists(path):
            raise ValueError(f"{path} exists; give overwrite=True to replace it")
        self._core.save(path)

    def save_weights(self, filepath, overwrite=True):
        """Writes a .weights.h5 file, for keras.Model.load_weights."""
        if not os.fspath(filepath).endswith(".weights.h5"):
            raise ValueError(f"{filepath}: the name of a file of weights ends in .weights.h5")
        self.save(filepath, overwrite)

    def update(self, keras_model):
        """Gives a live Keras model this step's weights and, where it is compiled with the same
        optimizer, the optimizer's state."""
        from lamina._keras import load_weights
        optimizer = getattr(keras_model, "optimizer", None)
        if optimizer is not None and not optimizer.built:
            optimizer.build(keras_model.trainable_variables)
        with temporary_file(".weights.h5") as path:
            self._core.save(path)
            load_weights(keras_model, path)

    def __reduce__(self):
        with temporary_file(".lamina") as path:
            self._core.save(path)
            with open(path, "rb") as file:
                model = file.read()
        core = self._core
        variables = [variable[0] for variable in core.variables]
        settings = {"name": core.name, "batch_size": core.batch_size,
                    "accumulate": core.accumulate, "memory_limit": core.memory_limit, "seed": self.seed,
                    "threads": core.requested_threads, "sample_weights": core.has_sample_weights,
                    "input_shapes": {spec.name: list(spec.shape) for spec in self.input_specs},
                    "target_shapes": core.shapes[1]}
        more = {"_weight_order": self._weight_order, "_epochs_done": self._epochs_done,
                "stop_training": self.stop_training}
        state = dict(zip(variables, self._read(range(len(variables)))))
        return _restore, (model, settings, state, more)

    # ---- looking inside ------------------------------------------------------------------------

    def ir(self, stage="fuse"):
        """The text of a stage of compilation: "import", "gradient", "step", "simplify", "layout",
        "fuse", "schedule", "memory" or "llvm"."""
        return self._core.stage_text(stage)

    def kernels(self):
        """The kernels of all functions as a DataFrame: function, layer, family, wave (kernels of one
        wave run side by side), operations, flops and bytes of a full batch."""
        import pandas
        return pandas.DataFrame(self._core.kernels())

    def memory_plan(self):
        """The buffers of all functions as a DataFrame: function, layer, offset and bytes in the
        arena, and the waves that write it first and read it last."""
        import pandas
        return pandas.DataFrame(self._core.memory_plan())


def _restore(model, settings, state, more):
    """A step as it was when it was pickled."""
    with temporary_file(".lamina") as path:
        with open(path, "wb") as file:
            file.write(model)
        step = Step(_core.Step(path=path, compile_config="", **settings), settings["seed"])
    step.__dict__.update(more)
    names = [variable[0] for variable in step._core.variables]
    step._write([names.index(name) for name in state], list(state.values()))
    return step
