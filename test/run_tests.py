#!/usr/bin/env python3
"""Runs the unit tests, lit and the conformance tests, and prints as its last line
`N passed, N failed` over all of them. `./dev test` calls it; exit status 1 when anything failed.

Usage: run_tests.py --build FOLDER [--only unit,lit,conformance] [-- PYTEST OPTIONS]
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[1]
UNIT_TIME_LIMIT = 900  # seconds for one executable


def run_unit(build, _):
    """Every executable in as many shards as there are CPUs, so that long ones do not run alone."""
    listing = subprocess.run(["ctest", "--show-only=json-v1"], cwd=build, check=True,
                             capture_output=True, text=True).stdout
    shards = len(os.sched_getaffinity(0))
    with concurrent.futures.ThreadPoolExecutor(shards) as pool:
        runs = [pool.submit(run_shard, build, test["name"], test["command"], shard, shards)
                for test in json.loads(listing)["tests"]
                for shard in range(shards if is_google_test(test) else 1)]
        counts = [run.result() for run in runs]
    return tuple(map(sum, zip(*counts)))


def is_google_test(test):
    properties = {p["name"]: p["value"] for p in test["properties"]}
    return "googletest" in properties.get("LABELS", [])


def run_shard(build, name, command, shard, shards):
    """Counts single tests where the executable is a GoogleTest, otherwise the whole as one."""
    report = build / "test-results" / f"{name}-{shard}.json"
    report.unlink(missing_ok=True)
    environment = {**os.environ, "GTEST_TOTAL_SHARDS": str(shards), "GTEST_SHARD_INDEX": str(shard)}
    try:
        run = subprocess.run([*command, "--gtest_brief=1", f"--gtest_output=json:{report}"],
                             cwd=build, env=environment, timeout=UNIT_TIME_LIMIT, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except (subprocess.TimeoutExpired, OSError) as problem:
        print(f"{name}: {problem}", flush=True)
        return 0, 1
    if run.returncode:
        print(f"{run.stdout}{name}: exit status {run.returncode}", flush=True)
    if not report.exists():
        return (0, 1) if run.returncode else (1, 0)
    result = json.loads(report.read_text())
    failed = result["failures"] + result["errors"]
    ran = result["tests"] - result["disabled"]
    # A leak or a crash after the last test fails the run without failing a test.
    return ran - failed, failed + (1 if run.returncode and not failed else 0)


def run_lit(build, _):
    report = build / "test-results" / "lit.json"
    report.unlink(missing_ok=True)
    subprocess.run([pathlib.Path(sys.executable).with_name("lit"), "--quiet", "--no-progress-bar",
                    "-v", "-o", report, build / "test"])
    if not report.exists():
        return 0, 1
    codes = [test["code"] for test in json.loads(report.read_text())["tests"]]
    passed = sum(code in ("PASS", "XFAIL") for code in codes)
    return passed, sum(code not in ("PASS", "XFAIL", "UNSUPPORTED", "EXCLUDED") for code in codes)


def run_conformance(build, options):
    report = build / "test-results" / "conformance.xml"
    report.unlink(missing_ok=True)
    subprocess.run([sys.executable, "-m", "pytest", ROOT / "test/conformance", "-q",
                    "-n", str(len(os.sched_getaffinity(0))),
                    f"--junit-xml={report}", "--lamina", build / "bin/lamina", "--work",
                    build / "conformance", "--table", build / "conformance.json", *options])
    if not report.exists():
        return 0, 1
    suite = xml.etree.ElementTree.parse(report).getroot().find("testsuite")
    count = {k: int(suite.get(k)) for k in ("tests", "failures", "errors", "skipped")}
    failed = count["failures"] + count["errors"]
    return count["tests"] - failed - count["skipped"], failed


RUNNERS = {"unit": run_unit, "lit": run_lit, "conformance": run_conformance}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--only", default=",".join(RUNNERS))
    parser.add_argument("pytest_options", nargs="*")
    options = parser.parse_args()
    build = options.build.resolve()
    (build / "test-results").mkdir(exist_ok=True)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    passed = failed = 0
    for name in options.only.split(","):
        started = time.monotonic()
        print(f"== {name}", flush=True)
        good, bad = RUNNERS[name](build, options.pytest_options)
        print(f"== {name}: {good} passed, {bad} failed, {time.monotonic() - started:.0f} s",
              flush=True)
        passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
