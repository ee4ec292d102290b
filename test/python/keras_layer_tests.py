"""The layer configurations of Keras' own tests: what the tests in the installed wheel hand to
`run_layer_test`, collected by running them with that function replaced."""
import dataclasses
import importlib
import inspect
import pathlib
import sys
import types
import warnings
from unittest import mock

import keras
import numpy as np

ROOT = pathlib.Path(keras.src.layers.__file__).parent


@dataclasses.dataclass
class Case:
    """One call of `run_layer_test`."""

    name: str  # file, test, number of the call
    layer_cls: type
    init_kwargs: dict
    arguments: dict

    @property
    def class_name(self):
        return self.layer_cls.__name__


def files():
    return sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*_test.py")
                  if "self.run_layer_test(" in path.read_text())


def load(file):
    """The module of tests. Packages that other tests of it need stand in by name."""
    stubs = {"conftest": types.ModuleType("conftest"), "grain": mock.MagicMock()}
    stubs["conftest"].skip_if_backend = lambda *arguments: lambda test: test
    with mock.patch.dict(sys.modules, stubs):
        return importlib.import_module("keras.src.layers." + file.removesuffix(".py").replace("/", "."))


def collect(file):
    """The cases of one file of tests."""
    from keras.src.testing import test_case
    cases = []
    module = load(file)
    inner = test_case.TestCase.run_layer_test
    for test_class in vars(module).values():
        if not (isinstance(test_class, type) and issubclass(test_class, test_case.TestCase)):
            continue
        own = {name: inspect.getsource(f) for name, f in vars(test_class).items() if callable(f)}
        callers = {name for name, source in own.items() if "self.run_layer_test(" in source}
        calls = ["self.run_layer_test(", *(f"self.{name}(" for name in callers)]
        for method in sorted(name for name in own if name.startswith("test")):
            if not any(call in own[method] for call in calls):
                continue
            found = []

            def record(self, layer_cls, init_kwargs, *args, **kwargs):
                names = list(inspect.signature(inner).parameters)[3:]
                found.append((layer_cls, init_kwargs, {**dict(zip(names, args)), **kwargs}))
            test_case.TestCase.run_layer_test = record
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    test = test_class(method)
                    test.setUp()
                    getattr(test, method)()
            except BaseException as problem:  # of the rest of the test; unittest skips by them
                if isinstance(problem, KeyboardInterrupt):
                    raise
            finally:
                test_case.TestCase.run_layer_test = inner
            cases += [Case(f"{pathlib.Path(file).stem}.{method}.{i}", *one)
                      for i, one in enumerate(found)]
    return cases


def arrays_of(case):
    """Data for the inputs, in their structure; None where the test gives no inputs."""
    arguments = case.arguments
    data = arguments.get("input_data")
    if data is not None:
        return keras.tree.map_structure(keras.ops.convert_to_numpy, data)
    shape = arguments.get("input_shape")
    if shape is None:
        return None
    rng = np.random.default_rng(0)
    dtypes = arguments.get("input_dtype")

    def make(one, dtype):
        dtype = dtype or "float32"
        if "float" in dtype:
            return (4 * rng.standard_normal(one)).astype(dtype)
        return rng.integers(0, 4, one).astype(dtype)
    if isinstance(shape, dict):
        dtypes = dtypes if isinstance(dtypes, dict) else dict.fromkeys(shape, dtypes)
        return {k.removesuffix("_shape"): make(v, dtypes.get(k)) for k, v in shape.items()}
    if isinstance(shape[0], (tuple, list)):
        dtypes = dtypes if isinstance(dtypes, (list, tuple)) else [dtypes] * len(shape)
        return [make(s, t) for s, t in zip(shape, dtypes)]
    return make(shape, dtypes)


def model_of(case, arrays):
    """A Functional model of the layer alone, and its inputs' arrays in order."""
    layer = case.layer_cls(**case.init_kwargs)
    call_kwargs = case.arguments.get("call_kwargs") or {}
    inputs = keras.tree.map_structure(
        lambda a: keras.Input(batch_shape=a.shape, dtype=str(a.dtype)), arrays)
    if isinstance(inputs, dict):
        outputs = layer(**inputs, **call_kwargs)
        inputs, arrays = list(inputs.values()), list(arrays.values())
    else:
        outputs = layer(inputs, **call_kwargs)
    return keras.Model(inputs, outputs), arrays


def draws_random_numbers(model):
    return any(layer._seed_generators for layer in model._flatten_layers()) or any(
        getattr(layer, "seed_generator", None) for layer in model._flatten_layers())
