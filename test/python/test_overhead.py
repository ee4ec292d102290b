"""What Python adds to compiled code: the best of many rounds, which is free of what else runs."""
import time

import numpy as np
from conftest import DIGITS

import lamina

CALLS = 20
MICROSECONDS = 5


def per_call(run, calls):
    began = time.perf_counter()
    run()
    return (time.perf_counter() - began) / calls * 1e6


def test_train_on_batch_costs_little_more_than_the_step(digits):
    _, x, y = digits
    step = lamina.compile(DIGITS, batch_size=64)
    many = (np.tile(x, (CALLS, 1)),), (np.tile(y, CALLS),)
    running = step._core.begin(True)
    bare = one = np.inf
    for _ in range(300):
        bare = min(bare, per_call(lambda: step._core.train(running, *many, (), 64), CALLS))
        one = min(one, per_call(lambda: [step.train_on_batch(x, y) for _ in range(CALLS)], CALLS))
    assert one < bare + MICROSECONDS
