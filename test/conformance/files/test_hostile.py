"""Hostile files end in one line and exit status 1, soon and in little memory, and never in a signal."""
import os
import subprocess

import pytest

from hostile_files import FILES

SECONDS = 2  # of processor time: the machine may be busy with other things
MEBIBYTES = 512


@pytest.mark.parametrize("name", FILES)
def test_hostile(name, lamina, tmp_path):
    build, message = FILES[name]
    path = tmp_path / name
    build(path)
    errors = tmp_path / "errors"
    with errors.open("w") as stream:
        process = subprocess.Popen([lamina.binary, "inspect", path], stdout=subprocess.DEVNULL,
                                   stderr=stream)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    text = errors.read_text()
    assert process.returncode == 1, text
    assert text.startswith("error: ") and text.count("\n") == 1, text
    assert message in text
    assert len(text) < 1000
    assert usage.ru_utime + usage.ru_stime < SECONDS
    assert usage.ru_maxrss < MEBIBYTES * 1024
