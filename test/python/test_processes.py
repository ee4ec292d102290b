"""Threads, forks, copies and pickles of steps, and Ctrl-C."""
import copy
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import joblib
import numpy as np
import pytest
from conftest import DIGITS

import lamina


@pytest.fixture
def step(digits):
    """A step that has been trained for a while; rows to train on."""
    _, x, y = digits
    step = lamina.compile(DIGITS, batch_size=64, seed=4)
    for _ in range(3):
        step.train_on_batch(x, y)
    return step, x, y


def losses(step, x, y):
    return [step.train_on_batch(x, y)["loss"] for _ in range(3)]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy,
                                       lambda step: pickle.loads(pickle.dumps(step))])
def test_copies_go_on_by_themselves(step, duplicate):
    step, x, y = step
    other = duplicate(step)
    assert (other.seed, other.batch_size, other.name) == (4, 64, step.name)
    before = step.get_weights()
    expected = losses(other, x, y)
    for ours, theirs in zip(step.get_weights(), before):
        np.testing.assert_array_equal(ours, theirs)
    assert losses(step, x, y) == expected


def test_copies_take_weights_of_samples_along(step):
    step, x, y = step
    step.train_on_batch(x, y, sample_weight=np.linspace(0, 1, 64))
    other = copy.deepcopy(step)
    assert losses(step, x, y) == losses(other, x, y)


def _losses_in_child(connection, step, x, y):
    connection.send(losses(step, x, y))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_children_go_on_as_their_parent(step, method):
    step, x, y = step
    context = multiprocessing.get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_losses_in_child, args=(sender, step, x, y))
    child.start()
    assert receiver.poll(100), "the child says nothing"
    expected = receiver.recv()
    child.join(60)
    assert child.exitcode == 0
    assert losses(step, x, y) == expected


def _predict(step, x):
    return step.predict(x, verbose=0)


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_joblib(step, backend):
    step, x, y = step
    results = joblib.Parallel(2, backend=backend)(joblib.delayed(_predict)(step, x)
                                                  for _ in range(4))
    for result in results:
        np.testing.assert_array_equal(result, _predict(step, x))


def in_threads(work, count):
    failures = []

    def run(i):
        try:
            work(i)
        except BaseException as problem:
            failures.append(problem)
    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_several_steps_in_threads(digits):
    _, x, y = digits
    expected = losses(lamina.compile(DIGITS, batch_size=64), x, y)
    results = {}

    def work(i):
        results[i] = losses(lamina.compile(DIGITS, batch_size=64), x, y)
    in_threads(work, 4)
    assert list(results.values()) == [expected] * 4


def test_one_step_in_threads_does_one_thing_after_the_other(step):
    step, x, y = step
    count = 50
    in_threads(lambda i: [step.train_on_batch(x, y) for _ in range(count)], 4)
    other = lamina.compile(DIGITS, batch_size=64, seed=4)
    for _ in range(4 * count + 3):
        other.train_on_batch(x, y)
    for ours, theirs in zip(step.get_weights(), other.get_weights()):
        np.testing.assert_array_equal(ours, theirs)


def test_other_threads_run_during_steps(step):
    step, x, y = step
    x, y = np.tile(x, (400, 1)), np.tile(y, 400)
    counter = [0]
    stop = threading.Event()

    def count():
        while not stop.is_set():
            counter[0] += 1
            time.sleep(0)
    thread = threading.Thread(target=count)
    thread.start()
    running = step._core.begin(True)
    counted = counter[0]
    step._core.train(running, (x,), (y,), (), 64)
    stop.set()
    thread.join()
    assert counter[0] > counted + 1


def test_ctrl_c_between_steps(step):
    step, x, y = step
    x, y = np.tile(x, (100, 1)), np.tile(y, 100)
    # A shell starts what runs in its background with Ctrl-C ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            step.fit(x, y, epochs=1 << 30, verbose=0)
    finally:
        signal.signal(signal.SIGINT, before)
    assert np.isfinite(losses(step, x[:64], y[:64])).all()


def test_the_thread_count_is_one_for_all(digits):
    threads = digits[0].threads
    with pytest.raises(ValueError, match=f"the sessions of this process share {threads} threads, "
                                         f"but {threads + 1} are asked for"):
        lamina.compile(DIGITS, threads=threads + 1)


def test_steps_take_no_memory_that_they_keep(step, request):
    step, x, y = step

    def resident():
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def run(count):
        for _ in range(count):
            step.train_on_batch(x, y)
            step.predict(x, verbose=0)
    run(500)
    before = resident()
    run(request.config.getoption("--calls"))
    assert resident() - before < 2 << 20


def test_keras_is_not_needed():
    code = ("import sys, numpy, lamina\n"
            f"step = lamina.compile({DIGITS!r}, batch_size=8)\n"
            "history = step.fit(numpy.zeros((20, 64)), [1] * 20, epochs=2, verbose=0)\n"
            "assert type(history) is lamina._callbacks.History and history.epoch == [0, 1]\n"
            "assert sorted(history.history) == ['accuracy', 'loss'] and history.model is step\n"
            "assert not {'keras', 'pandas', 'sklearn', 'matplotlib'} & set(sys.modules)\n")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_command_line():
    def run(*arguments):
        return subprocess.run([sys.executable, "-m", "lamina", *arguments], capture_output=True,
                              text=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    shown = run("inspect", DIGITS)
    assert shown.returncode == 0 and "Total params" in shown.stdout
    missing = run("inspect", "missing.keras")
    assert missing.returncode == 1 and missing.stderr.startswith("error: missing.keras: ")
    assert run("nonsense").returncode == 2
    assert run("--version").stdout.startswith(f"lamina {lamina.__version__}\n")
