"""Checks the profile of the digits' training step: check_profile.py BENCH.json TRACE.json"""
import json
import sys

with open(sys.argv[1]) as file:
    lines = file.read().splitlines()
assert len(lines) == 1, "bench --json prints one line"
profile = json.loads(lines[0])["profile"]
kernels = profile["kernels"]
assert 0 < profile["kernels_ms"] <= profile["step_ms"], profile
times = [kernel["median_ms"] for kernel in kernels]
assert times == sorted(times, reverse=True) and times[0] > 0
# Medians of parts and the median of the whole differ, but not by much.
assert sum(times) <= 1.5 * profile["step_ms"], (sum(times), profile["step_ms"])
# Forward, by data (not for the first layer) and by weights: 2 * 64 rows * inputs * outputs each.
flops = 2 * 64 * (2 * 64 * 128 + 3 * 128 * 64 + 3 * 64 * 10)
assert sum(kernel["flops"] for kernel in kernels) == flops, flops
for kernel in kernels:
    assert kernel["tasks"] >= 1 and kernel["bytes"] > 0, kernel
    assert (kernel["anchor"] == "dot_general") == (kernel["flops"] > 0), kernel
    assert kernel["median_ms"] == 0 or kernel["roofline_share"] > 0, kernel

with open(sys.argv[2]) as file:
    events = json.load(file)["traceEvents"]
assert len(events) == sum(kernel["tasks"] for kernel in kernels)
assert {event["name"] for event in events} == {kernel["layer"] for kernel in kernels}
assert all(event["ph"] == "X" and event["ts"] >= 0 and event["dur"] >= 0 for event in events)
