#!/usr/bin/env python3
"""Runs the unit tests, lit, the tests of the Python package and the conformance tests, and prints as its last line
`N passed, N failed, N skipped` over all of them. `./dev test` calls it; exit status 1 when anything
failed, or nothing passed.

Usage: run_tests.py --build FOLDER [--only unit,lit,python,conformance] [-- PYTEST OPTIONS]
"""
import argparse
import collections
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
NONE, ONE_PASSED, ONE_FAILED = (collections.Counter(c) for c in ([], ["passed"], ["failed"]))


def sentence(counts):
    return ", ".join(f"{counts[kind]} {kind}" for kind in ("passed", "failed", "skipped"))


def run_unit(build, _):
    """Every executable in as many shards as there are CPUs, so that long ones do not run alone."""
    listing = subprocess.run(["ctest", "--show-only=json-v1"], cwd=build, check=True,
                             capture_output=True, text=True).stdout
    shards = len(os.sched_getaffinity(0))
    with concurrent.futures.ThreadPoolExecutor(shards) as pool:
        runs = [pool.submit(run_shard, build, test["name"], test["command"], shard, shards)
                for test in json.loads(listing)["tests"]
                for shard in range(shards if is_google_test(test) else 1)]
        return sum((run.result() for run in runs), NONE)


def is_google_test(test):
    properties = {p["name"]: p["value"] for p in test["properties"]}
    return "googletest" in properties.get("LABELS", [])


def run_shard(build, name, command, shard, shards):
    """Counts single tests where the executable is a GoogleTest, otherwise the whole as one."""
    report = build / "test-results" / f"{name}-{shard}.json"
    report.unlink(missing_ok=True)
    # Most kernels of random graphs are met once.
    environment = {**os.environ, "LAMINA_CACHE": "off", "GTEST_TOTAL_SHARDS": str(shards), "GTEST_SHARD_INDEX": str(shard)}
    try:
        run = subprocess.run([*command, "--gtest_brief=1", f"--gtest_output=json:{report}"],
                             cwd=build, env=environment, timeout=UNIT_TIME_LIMIT, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except (subprocess.TimeoutExpired, OSError) as problem:
        print(f"{name}: {problem}", flush=True)
        return ONE_FAILED
    if run.returncode:
        print(f"{run.stdout}{name}: exit status {run.returncode}", flush=True)
    if not report.exists():
        return ONE_FAILED if run.returncode else ONE_PASSED
    tests = google_tests(json.loads(report.read_text()))
    skipped = collections.Counter(suite for suite, outcome in tests if outcome == "skipped")
    for suite, count in sorted(skipped.items()):
        print(f"{name}: {count} of {suite} skipped", flush=True)
    counts = collections.Counter(outcome for _, outcome in tests)
    # A leak or a crash after the last test fails the run without failing a test.
    return counts + ONE_FAILED if run.returncode and not counts["failed"] else counts


def google_tests(report):
    """Suite and outcome of every test that was run; disabled ones are listed beside them."""
    return [(suite["name"], "failed" if "failures" in test
             else "skipped" if test["result"] == "SKIPPED" else "passed")
            for suite in report["testsuites"] for test in suite["testsuite"]
            if test["status"] == "RUN"]


def run_lit(build, _):
    report = build / "test-results" / "lit.json"
    report.unlink(missing_ok=True)
    subprocess.run([pathlib.Path(sys.executable).with_name("lit"), "--quiet", "--no-progress-bar",
                    "-v", "-o", report, build / "test"])
    return count_lit(json.loads(report.read_text())) if report.exists() else ONE_FAILED


def count_lit(report):
    kinds = {"PASS": "passed", "XFAIL": "passed", "UNSUPPORTED": "skipped"}
    return collections.Counter(kinds.get(test["code"], "failed") for test in report["tests"]
                               if test["code"] != "EXCLUDED")


def run_python(build, options):
    """The package as the build has it; `./dev wheel` makes what pip installs."""
    return run_pytest(build, "python", options,
                      {**os.environ, "PYTHONPATH": str(build / "python")})


def run_conformance(build, options):
    return run_pytest(build, "conformance", [
        "--lamina", build / "bin/lamina", "--work", build / "conformance", "--table",
        build / "conformance.json", *options], os.environ)


def run_pytest(build, folder, options, environment):
    report = build / "test-results" / f"{folder}.xml"
    report.unlink(missing_ok=True)
    subprocess.run([sys.executable, "-m", "pytest", ROOT / "test" / folder, "-q", "-rs",
                    "-n", str(len(os.sched_getaffinity(0))), f"--junit-xml={report}", *options],
                   env=environment)
    return count_pytest(xml.etree.ElementTree.parse(report)) if report.exists() else ONE_FAILED


def count_pytest(report):
    suite = report.getroot().find("testsuite")
    count = {k: int(suite.get(k)) for k in ("tests", "failures", "errors", "skipped")}
    failed = count["failures"] + count["errors"]
    return collections.Counter(passed=count["tests"] - failed - count["skipped"], failed=failed,
                               skipped=count["skipped"])


RUNNERS = {"unit": run_unit, "lit": run_lit, "python": run_python,
           "conformance": run_conformance}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--only", default=",".join(RUNNERS))
    parser.add_argument("pytest_options", nargs="*")
    options = parser.parse_args()
    build = options.build.resolve()
    (build / "test-results").mkdir(exist_ok=True)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    os.environ.setdefault("LAMINA_CACHE", str(build / "kernel-cache"))
    total = NONE
    for name in options.only.split(","):
        started = time.monotonic()
        print(f"== {name}", flush=True)
        counts = RUNNERS[name](build, options.pytest_options)
        print(f"== {name}: {sentence(counts)}, {time.monotonic() - started:.0f} s", flush=True)
        total = total + counts
    print(sentence(total))
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
