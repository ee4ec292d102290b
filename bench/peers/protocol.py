"""What a peer's process says and hears. It prints one line of JSON when the first training step is
done; then, for every line with a number N that it reads, it takes N steps and prints their
milliseconds and its peak memory. The steps of all peers can so be interleaved in one run."""
import json
import pathlib
import resource
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from workloads import WORKLOADS  # noqa: E402,F401


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
