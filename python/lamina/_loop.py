"""Training and evaluation over many batches."""
import time
import warnings

from lamina._callbacks import Callbacks, new_history
from lamina._progress import Progress
from lamina._sources import Converter, shuffled_order, unpack

# Compiled code runs for so many seconds at once, between two looks at signals and the bar.
SECONDS_AT_ONCE = 0.02


class Pace:
    """How many batches run at once."""

    def __init__(self, one_by_one):
        self.count, self.most = 1, 1 if one_by_one else 1 << 20

    def learn(self, count, seconds):
        per_batch = seconds / count
        self.count = int(max(1, min(self.most, SECONDS_AT_ONCE / max(per_batch, 1e-7),
                                    2 * self.count)))


def split_last(x, y, sample_weight, fraction):
    """Keras' validation_split: the last rows, before any shuffling."""
    def cut(value, begin, end):
        if value is None:
            return None
        if isinstance(value, dict):
            return {name: cut(v, begin, end) for name, v in value.items()}
        if isinstance(value, (list, tuple)) and value and hasattr(value[0], "shape"):
            return [cut(v, begin, end) for v in value]
        return value.iloc[begin:end] if hasattr(value, "iloc") else value[begin:end]

    def rows(value):
        if isinstance(value, dict):
            return rows(next(iter(value.values())))
        if isinstance(value, (list, tuple)) and value and hasattr(value[0], "shape"):
            return rows(value[0])
        return len(value)

    count = rows(x)
    split = int(count * (1.0 - fraction))
    if not 0 < fraction < 1 or split in (0, count):
        raise ValueError(f"validation_split={fraction} of {count} rows leaves a part without rows")
    return ([cut(value, 0, split) for value in (x, y, sample_weight)],
            [cut(value, split, count) for value in (x, y, sample_weight)])


class Pass:
    """Runs batches of a source through one function of the step, training or evaluation."""

    def __init__(self, step, source, training, steps=None):
        self.step, self.source, self.training = step, source, training
        self.steps = steps if steps is not None else source.batches
        self.cursor = None
        if self.steps is not None and self.steps < 1:
            raise ValueError(f"an epoch of {self.steps} steps; it has at least 1")

    def run(self, epoch, callbacks, progress):
        """One epoch; its logs."""
        kind = "train" if self.training else "test"
        pace = Pace(callbacks.wants_batches(kind))
        core = self.step._core
        call, running = core.train if self.training else core.test, None
        done = 0
        if self.source.shapes is not None:
            self.step._use_shapes(self.source.shapes)
        if self.cursor is None:
            self.cursor = self.source.open(epoch)
        while self.steps is None or done < self.steps:
            most = pace.count if self.steps is None else min(pace.count, self.steps - done)
            batches = self.cursor.take(most)
            if batches is None:
                self._run_out(done)
                break
            if running is None:  # the first batch may have been the first with weights
                running = core.begin(self.training)
            if pace.most == 1:
                callbacks.call(f"on_{kind}_batch_begin", done)
            began = time.perf_counter()
            self.step._run(call, running, batches)
            pace.learn(batches.count, time.perf_counter() - began)
            done += batches.count
            if pace.most == 1:
                callbacks.call(f"on_{kind}_batch_end", done - 1, logs=running.values())
            progress.update(done, running.values)
            if self.step.stop_training and self.training and pace.most == 1:
                break
        self._end_epoch()
        logs = running.values()
        progress.end(done, logs)
        return logs

    def _run_out(self, done):
        if self.steps is None:
            self.steps = done if not self.source.is_stream or not self.source.is_once else None
        else:
            warnings.warn(f"the data ran out after {done} of {self.steps} steps; the epoch ends here",
                          stacklevel=5)
        self.close()
        if done == 0:
            raise ValueError("the data has no batches (left)")

    def _end_epoch(self):
        """A pass that is not over goes on in the next epoch, where steps were asked for."""
        if self.cursor is not None and self.steps == self.source.batches:
            self.close()
        if self.source.is_stream:
            self.source.end_epoch()

    def close(self):
        if self.cursor is not None:
            self.cursor.close()
        self.cursor = None


class Fit:
    """One call of `fit`."""

    def __init__(self, step, x, y, batch_size, validation_split, validation_data, shuffle,
                 class_weight, sample_weight, steps_per_epoch, validation_steps,
                 validation_batch_size, validation_freq):
        step._core.require_training()
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split_last(x, y, sample_weight,
                                                                validation_split)
        converter = Converter(step)
        order = shuffled_order(step.seed) if shuffle else None
        source = converter.source(x, y, sample_weight, class_weight, batch_size, order)
        validation = None
        if validation_data is not None:
            is_tuple = isinstance(validation_data, (tuple, list))
            val = unpack(tuple(validation_data)) if is_tuple else (validation_data, None, None)
            validation = converter.source(*val, None, validation_batch_size or batch_size)
            # Compiling for weights of samples, where only one part has some, changes both.
            if not source.is_stream:
                source = converter.source(x, y, sample_weight, class_weight, batch_size, order)
        self.step = step
        self.training = Pass(step, source, True, steps_per_epoch)
        self.validation = validation and Pass(step, validation, False, validation_steps)
        self.validation_freq = validation_freq

    def run(self, epochs, verbose, callbacks, initial_epoch):
        step = self.step
        history = new_history()
        params = {"verbose": verbose, "epochs": epochs, "steps": self.training.steps}
        history.set_params(params)
        history.set_model(step)
        called = Callbacks(callbacks, step, params)
        step.history, step.stop_training, step._initial_epoch = history, False, 0
        called.call("on_train_begin")
        logs = None
        try:
            for epoch in range(step._initial_epoch or initial_epoch, epochs):
                logs = self._run_epoch(epoch, epochs, verbose, called)
                history.epoch.append(epoch)
                for name, value in logs.items():
                    history.history.setdefault(name, []).append(value)
                if step.stop_training:
                    break
        finally:
            self.training.close()
            if self.validation:
                self.validation.close()
        if epochs > initial_epoch:
            step._core.finalize_averages()
        called.call("on_train_end", logs=logs)
        return history

    def _run_epoch(self, epoch, epochs, verbose, called):
        step = self.step
        called.call("on_epoch_begin", epoch)
        progress = Progress(verbose, self.training.steps)
        progress.head(f"Epoch {epoch + 1}/{epochs}")
        # An order is never used twice by one step.
        number = max(epoch, step._epochs_done)
        step._epochs_done = number + 1
        validates = self.validation and self._is_due(epoch)
        shown = _Held(progress) if validates else progress
        logs = self.training.run(number, called, shown)
        if validates:
            called.call("on_test_begin")
            val = self.validation.run(0, called, Progress(0, None))
            self.validation.close()  # begins anew each time
            called.call("on_test_end", logs=val)
            logs.update({f"val_{name}": value for name, value in val.items()})
            progress.end(shown.step, logs)
        called.call("on_epoch_end", epoch, logs=logs)
        return logs

    def _is_due(self, epoch):
        if isinstance(self.validation_freq, int):
            return (epoch + 1) % self.validation_freq == 0
        return epoch + 1 in self.validation_freq


class _Held:
    """Progress whose last line is written later, with the logs of the validation."""

    def __init__(self, progress):
        self.update, self.step = progress.update, 0

    def end(self, step, logs):
        self.step = step
