"""What a peer's process says and hears. It prints one line of JSON when the first training step is
done; then, for every line with a number N that it reads, it takes N steps and prints their
milliseconds and its peak memory. The steps of all peers can so be interleaved in one run."""
import json
import resource
import sys
import time

import numpy as np

BATCH, FEATURES, CLASSES = 64, 64, 10
WIDTHS = (FEATURES, 128, 64, CLASSES)


def data(seed=0):
    """A batch of random pixels and labels."""
    random = np.random.default_rng(seed)
    x = random.uniform(0, 16, (BATCH, FEATURES)).astype("float32")
    return x, random.integers(0, CLASSES, BATCH).astype("int32")


def parameters(seed=0):
    """Kernel and bias of each layer."""
    random = np.random.default_rng(seed)
    return [((random.standard_normal((i, o)) / np.sqrt(i)).astype("float32"),
             np.zeros(o, "float32")) for i, o in zip(WIDTHS, WIDTHS[1:])]


def serve(step):
    """`step()` takes one training step and returns when it has finished."""
    step()
    answer(ready=True)
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            started = time.perf_counter()
            step()
            times.append(1e3 * (time.perf_counter() - started))
        answer(ms=times, peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def answer(**values):
    print(json.dumps(values), flush=True)
