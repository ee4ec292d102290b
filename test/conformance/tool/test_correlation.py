"""`lamina corr` beside pandas and SciPy, on tables with ties, gaps and columns far from zero."""
import itertools
import json
import re
import struct
import xml.etree.ElementTree
import zlib

import numpy as np
import pandas
import pytest
import scipy.stats

METHODS = {"pearson": scipy.stats.pearsonr, "spearman": scipy.stats.spearmanr,
           "kendall": scipy.stats.kendalltau}


def frame(rows, gaps, kind):
    random = np.random.default_rng(rows)
    values = random.normal(size=(rows, 4)) @ random.normal(size=(4, 4))
    values += 1e6 if kind == "far" else 0
    values = np.round(values) if kind == "ties" else values
    values[random.random(values.shape) < gaps] = np.nan
    return pandas.DataFrame(values, columns=list("abcd"))


def numbers(rows):
    return np.array([[np.nan if value is None else value for value in row] for row in rows])


def correlate(lamina, path, *more):
    return json.loads(lamina("corr", path, "--json", *more))


@pytest.mark.parametrize("kind", ["plain", "far", "ties"])
@pytest.mark.parametrize("rows, gaps", [(6, 0), (30, 0.2), (5000, 0), (5000, 0.05)])
def test_as_pandas_and_scipy(lamina, tmp_path, rows, gaps, kind):
    data = frame(rows, gaps, kind)
    data.to_csv(tmp_path / "d.csv", index=False)
    for method, of_pair in METHODS.items():
        answer = correlate(lamina, tmp_path / "d.csv", "--method", method)
        assert answer["method"] == method and answer["columns"] == list(data)
        np.testing.assert_allclose(numbers(answer["matrix"]), data.corr(method), rtol=0, atol=1e-9)
        chances = numbers(answer["p_values"])
        for i, j in itertools.combinations(range(4), 2):
            both = data.iloc[:, [i, j]].dropna().to_numpy()
            assert answer["rows"][i][j] == len(both)
            np.testing.assert_allclose(chances[i, j], of_pair(*both.T)[1], rtol=1e-9, atol=1e-12)


def test_variance_inflation(lamina, tmp_path):
    data = frame(200, 0.02, "plain")
    data["d"] = data.a + data.b - data.c + 0.1 * data.d
    data.to_csv(tmp_path / "d.csv", index=False)
    factors = correlate(lamina, tmp_path / "d.csv")["vif"]
    whole = data.dropna()
    wanted = dict(zip(whole, np.diag(np.linalg.inv(whole.corr()))))
    assert factors == pytest.approx(wanted, rel=1e-9)


def test_relevance_for_classes(lamina, tmp_path):
    data = frame(90, 0, "plain")
    data["kind"] = ["one", "two", "three"] * 30
    data.loc[data.kind == "two", "b"] += 3
    data.to_csv(tmp_path / "d.csv", index=False)
    answer = correlate(lamina, tmp_path / "d.csv", "--target", "kind")
    assert answer["columns"] == ["a", "b", "c", "d"] and answer["relevance_measure"] == "correlation ratio"
    assert answer["relevance"][0]["column"] == "b" and answer["classes"] == ["one", "three", "two"]
    for each in answer["relevance"]:
        groups = [group for _, group in data.groupby("kind")[each["column"]]]
        assert each["p_value"] == pytest.approx(scipy.stats.f_oneway(*groups).pvalue, rel=1e-9)
        between = sum(len(g) * (g.mean() - data[each["column"]].mean()) ** 2 for g in groups)
        share = between / data[each["column"]].var(ddof=0) / len(data)
        assert each["coefficient"] == pytest.approx(share ** 0.5, rel=1e-9)


def test_two_classes_are_0_and_1(lamina, tmp_path):
    data = frame(60, 0, "plain")
    data["kind"] = np.where(data.a > 0, "yes", "no")
    data.to_csv(tmp_path / "d.csv", index=False)
    text = lamina("corr", tmp_path / "d.csv", "--target", "kind")
    assert "'kind' counts as 0 for 'no' and 1 for 'yes'" in text
    data["kind"] = (data.a > 0).astype(float)
    answer = correlate(lamina, tmp_path / "d.csv", "--target", "kind")
    wanted = data.corr().kind.drop("kind")
    assert {r["column"]: r["coefficient"] for r in answer["relevance"]} == pytest.approx(
        dict(wanted), abs=1e-9)
    assert list(answer["vif"]) == ["a", "b", "c", "d"], "a target is no feature"


def test_in_words(lamina, tmp_path):
    x = np.arange(40)
    pandas.DataFrame({"x": x, "falling": 3 - 2 * x + 4 * (x % 3), "odd": x % 2, "same": 7, "name": "n"}
                     ).to_csv(tmp_path / "d.csv", index=False)
    text = lamina("corr", tmp_path / "d.csv", "--method", "spearman")
    assert re.search(r"spearman correlation of 4 columns, 40 rows", text)
    assert "left out, as they hold text: name" in text
    assert re.search(r"x +falling +-0\.9\d\d +p < 0\.0001 +negative, very strong", text)
    odd, chance = scipy.stats.spearmanr(x, x % 2)
    assert re.search(rf"x +odd +{odd:.3f} +p {chance:.4f} +neutral", text)
    assert re.search(r"x +same +- +p - +undefined", text)
    assert re.search(r"same +- +constant, or too few rows", text)
    assert re.search(r"x and falling \(-0\.9\d\d\): drop (x|falling)", text)


def png_size(content):
    """The size of a PNG picture whose parts have the right checks and whose points are all there."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    place, parts = 8, {}
    while place < len(content):
        length, name = struct.unpack_from(">I4s", content, place)
        data = content[place + 8:place + 8 + length]
        assert struct.unpack_from(">I", content, place + 8 + length)[0] == zlib.crc32(name + data)
        parts[name] = data
        place += 12 + length
    width, height = struct.unpack_from(">II", parts[b"IHDR"])
    assert len(zlib.decompress(parts[b"IDAT"])) == height * (3 * width + 1)
    return width, height


def test_heatmaps(lamina, tmp_path):
    data = frame(30, 0, "plain").rename(columns={"a": "<a & 'b'>"})
    data.to_csv(tmp_path / "d.csv", index=False)
    for ending in ("svg", "png", "html"):
        lamina("corr", tmp_path / "d.csv", "--heatmap", tmp_path / f"map.{ending}")
    picture = xml.etree.ElementTree.parse(tmp_path / "map.svg").getroot()
    titles = [each.text for each in picture.iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == 17 and f"<a & 'b'> and b: {data.corr().iloc[0, 1]:.2f}" in titles
    assert min(png_size((tmp_path / "map.png").read_bytes())) > 4 * 48
    page = (tmp_path / "map.html").read_text()
    assert page.startswith("<!DOCTYPE html>") and page.count("<td>") == 17
    assert not re.search(r"(src|href)=|url\(|@import|<script", page), "nothing from elsewhere"


ERRORS = {
    "text alone": ("a,b\nx,y\nz,w\n", [], "{data}: 0 of 2 columns hold numbers; correlation takes two at least"),
    "one column": ("a,b\n1,y\n2,w\n", [], "{data}: 1 of 2 columns hold numbers; correlation takes two at least"),
    "one class": ("a,b,c\n1,2,w\n2,1,w\n", ["--target", "c"],
                  "{data}: column 'c' has only the value 'w': no column can be relevant for it"),
    "no target": ("a,b\n1,2\n2,1\n", ["--target", "q"],
                  "{data}: there is no column 'q'; the file has a, b"),
    "ending": ("a,b\n1,2\n2,1\n", ["--heatmap", "map.gif"],
               "cannot write map.gif: the name must end in .svg, .png or .html"),
    "data itself": ("a,b\n1,2\n2,1\n", ["--heatmap", "{folder}/link.svg"],
                    "cannot write {folder}/link.svg: the file of --heatmap would overwrite that of "
                    "DATA; choose another name"),
}


@pytest.mark.parametrize("text, options, reason", ERRORS.values(), ids=ERRORS)
def test_errors(lamina, tmp_path, text, options, reason):
    data = tmp_path / "d.csv"
    data.write_text(text)
    (tmp_path / "link.svg").symlink_to(data)
    fill = {"data": data, "folder": tmp_path}
    done = lamina.run("corr", data, *(option.format(**fill) for option in options))
    assert (done.returncode, done.stderr) == (1, f"error: {reason.format(**fill)}\n")
    assert data.read_text() == text


def test_arrays_are_no_table(lamina, tmp_path):
    np.save(tmp_path / "d.npy", np.zeros((3, 3)))
    done = lamina.run("corr", tmp_path / "d.npy")
    assert done.stderr == (f"error: {tmp_path}/d.npy: correlation is of a table's columns, and this "
                           "file holds arrays; give CSV, TSV, .data or ARFF\n")
