"""What a peer's process says and hears. It prints one line of JSON when the first training step is
done; then, for every line with a number N that it reads, it takes N steps and prints their
milliseconds and its peak memory. The steps of all peers can so be interleaved in one run."""
import pathlib
import sys

BENCH = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(BENCH), str(BENCH.parent / "tools/lamina/peers")]

import peer  # noqa: E402
from workloads import WORKLOADS  # noqa: E402,F401


def serve(step):
    """`step()` takes one training step and returns when it has finished."""
    step()
    peer.answer(ready=True)
    peer.serve(step)
