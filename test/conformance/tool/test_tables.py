"""The example of tables: no network of `lamina new` is far behind a linear model of scikit-learn."""


def test_example(lamina, tmp_path):
    printed = lamina.run_example("tables/run.sh", out=tmp_path)
    rows = [line.split() for line in printed.splitlines()[1:]]
    assert [row[0] for row in rows] == ["iris", "wine", "breast_cancer", "diabetes", "titanic", "penguins",
                                        "cars"]
    for name, _, _, ours, linear, _ in rows:
        assert float(ours) > float(linear) - 0.06, (name, printed)
