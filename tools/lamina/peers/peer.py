"""A model in another framework, timed in turns with the compiled one: `lamina bench --peers` starts this
program for each framework.

Usage: peer.py FRAMEWORK FUNCTION MODEL.keras DATA.npz THREADS
FUNCTION is train_step or predict; DATA.npz has a batch, x or x0, x1, … and y or y0, y1, …

Prints one line of JSON once the first call is done, {"versions": …}, or {"missing": MODULE} where the
framework is not installed, {"error": …} where it cannot run the model. Then, for every line with a number
N on standard input, it makes N calls and prints {"ms": [of each], "peak_rss_bytes": …}.
"""
import json
import os
import sys
import tempfile
import time

BACKENDS = {"tensorflow": "tensorflow", "tensorflow-xla": "tensorflow", "jax": "jax", "torch": "torch",
            "onnxruntime": "tensorflow", "openvino": "tensorflow"}


def use_threads(count):
    """Before anything is imported: libraries have as many threads as there are CPUs for them."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(count)


def arrays(data, name):
    """x, or x0, x1, …: one array, or a list of them."""
    if name in data:
        return data[name]
    return [data[f"{name}{i}"] for i in range(sum(key.startswith(name) for key in data.files))]


def keras_call(framework, function, path, data):
    import keras
    model = keras.models.load_model(path)
    if function == "train_step" or framework == "tensorflow-xla":
        model.jit_compile = framework in ("tensorflow-xla", "jax")
    x = arrays(data, "x")
    if function == "predict":
        return keras, lambda: model.predict_on_batch(x)
    y = arrays(data, "y")
    return keras, lambda: model.train_on_batch(x, y)


def onnxruntime_call(path, data, threads):
    import keras
    import onnxruntime
    model = keras.models.load_model(path)
    x = arrays(data, "x")
    model.predict_on_batch(x)  # what was never called is not exported
    with tempfile.TemporaryDirectory() as folder:
        exported = os.path.join(folder, "model.onnx")
        model.export(exported, format="onnx", verbose=False)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(exported, settings, ["CPUExecutionProvider"])
    names = [item.name for item in session.get_inputs()]
    feed = dict(zip(names, x if isinstance(x, list) else [x], strict=True))
    return onnxruntime, lambda: session.run(None, feed)


def openvino_call(path, data, threads):
    import keras
    import openvino
    with tempfile.TemporaryDirectory() as folder:
        exported = os.path.join(folder, "model")
        keras.models.load_model(path).export(exported, verbose=False)
        model = openvino.convert_model(exported)
    compiled = openvino.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": threads,
                                                     "INFERENCE_PRECISION_HINT": "f32"})
    x = arrays(data, "x")
    inputs = x if isinstance(x, list) else [x]
    return openvino, lambda: compiled(inputs)


def make_call(framework, function, path, data, threads):
    """The module that runs the model, and a function that calls it once and waits for the end."""
    if framework == "onnxruntime":
        return onnxruntime_call(path, data, threads)
    if framework == "openvino":
        return openvino_call(path, data, threads)
    return keras_call(framework, function, path, data)


def versions(module):
    text = f"{module.__name__} {module.__version__}"
    if module.__name__ != "keras":
        return text
    backend = sys.modules[module.backend.backend()]
    return f"{text}, {backend.__name__} {backend.__version__}"


def peak_resident_bytes():
    """Of this program alone: getrusage counts what the process took before it became this program too."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def serve(call):
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            started = time.perf_counter()
            call()
            times.append(1e3 * (time.perf_counter() - started))
        answer(ms=times, peak_rss_bytes=peak_resident_bytes())


def answer(**values):
    sys.__stdout__.write(json.dumps(values) + "\n")
    sys.__stdout__.flush()


def main():
    framework, function, path, data, threads = sys.argv[1:]
    use_threads(int(threads))
    os.environ["KERAS_BACKEND"] = BACKENDS[framework]
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.stdout = sys.stderr  # libraries print; answers are for the one who asks
    try:
        import numpy
        with numpy.load(data) as file:
            module, call = make_call(framework, function, path, file, int(threads))
        call()
    except ModuleNotFoundError as error:
        return answer(missing=error.name or str(error))
    except Exception as error:  # noqa: BLE001  whatever it is, the others go on
        return answer(error=f"{type(error).__name__}: {error}".splitlines()[0][:200])
    answer(versions=versions(module))
    return serve(call)


if __name__ == "__main__":
    main()
