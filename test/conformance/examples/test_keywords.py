"""The example that waits for a word, from its script to sounds that it has not heard."""


def test_example(lamina, tmp_path):
    printed = lamina.run_example("keywords/run.sh", out=tmp_path)
    logs = dict(line.split(": ") for line in printed.splitlines())
    assert float(logs["accuracy"]) > 0.9 and float(logs["recall"]) > 0.9, printed
