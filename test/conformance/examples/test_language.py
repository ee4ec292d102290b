"""The example of a language model, from its script to a text that it writes."""
from lamina import EXAMPLES

BEGINNING = "the weaver "


def test_example(lamina, tmp_path):
    printed = lamina.run_example("language/run.sh", 20, 12, out=tmp_path)
    guess = float(printed.splitlines()[0].split()[-1])
    error = float(printed.split("loss:")[1].split()[0])
    assert error < guess / 4, printed
    written = printed[printed.index(BEGINNING):].removesuffix("\n")
    assert len(written) == len(BEGINNING) + 12
    assert set(written) <= set((EXAMPLES / "language/text.txt").read_text())
