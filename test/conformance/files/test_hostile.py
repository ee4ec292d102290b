"""Hostile files end in one line and exit status 1, soon and in little memory, and never in a signal."""
import subprocess
import sys

import pytest

from hostile_files import FILES

SECONDS = 2  # of processor time: the machine may be busy with other things
MEBIBYTES = 512
# Of a child's memory the kernel counts what the parent had, so the parent is as small as this.
MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.parametrize("name", FILES)
def test_hostile(name, lamina, tmp_path):
    build, message = FILES[name]
    path = tmp_path / name
    build(path)
    done = subprocess.run([sys.executable, "-S", "-c", MEASURE, lamina.binary, "inspect", path],
                          capture_output=True, text=True)
    text = done.stderr
    assert done.returncode == 1, text
    assert text.startswith("error: ") and text.count("\n") == 1, text
    assert message in text
    assert len(text) < 1000
    seconds, kibibytes = map(float, done.stdout.split())
    assert seconds < SECONDS
    assert kibibytes < MEBIBYTES * 1024
