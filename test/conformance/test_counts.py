"""`N passed, N failed, N skipped`: how run_tests.py counts what the three runners report."""
import importlib.util
import io
import pathlib
import xml.etree.ElementTree

PROGRAM = pathlib.Path(__file__).resolve().parents[1] / "run_tests.py"
specification = importlib.util.spec_from_file_location("run_tests", PROGRAM)
run_tests = importlib.util.module_from_spec(specification)
specification.loader.exec_module(run_tests)


def test_sentence():
    assert run_tests.sentence({"passed": 3, "failed": 0, "skipped": 2}) == (
        "3 passed, 0 failed, 2 skipped")
    assert run_tests.sentence(run_tests.ONE_PASSED + run_tests.ONE_FAILED) == (
        "1 passed, 1 failed, 0 skipped")


def test_google_tests():
    tests = [{"status": "RUN", "result": "COMPLETED"},
             {"status": "RUN", "result": "SKIPPED"},
             {"status": "RUN", "result": "COMPLETED", "failures": [{"failure": "no"}]},
             {"status": "RUN", "result": "SKIPPED", "failures": [{"failure": "then skipped"}]},
             {"status": "NOTRUN", "result": "SUPPRESSED"}]
    report = {"testsuites": [{"name": "Suite", "testsuite": tests}]}
    assert run_tests.google_tests(report) == [
        ("Suite", "passed"), ("Suite", "skipped"), ("Suite", "failed"), ("Suite", "failed")]


def test_lit():
    codes = ["PASS", "XFAIL", "UNSUPPORTED", "FAIL", "XPASS", "UNRESOLVED", "EXCLUDED"]
    assert run_tests.count_lit({"tests": [{"code": code} for code in codes]}) == {
        "passed": 2, "skipped": 1, "failed": 3}


def test_pytest():
    report = io.StringIO('<testsuites><testsuite tests="9" failures="1" errors="2" skipped="3"/>'
                         '</testsuites>')
    assert run_tests.count_pytest(xml.etree.ElementTree.parse(report)) == {
        "passed": 3, "failed": 3, "skipped": 3}
