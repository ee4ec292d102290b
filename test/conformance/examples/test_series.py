"""The example of a time series, from its script to an error that beats a plain guess."""


def test_example(lamina, tmp_path):
    printed = lamina.run_example("series/run.sh", out=tmp_path)
    guess = float(printed.splitlines()[0].split()[-1])
    error = float(printed.split("mae")[1].strip(" :=\n").split()[0])
    assert error < guess / 4, printed
