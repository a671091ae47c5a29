"""Statistics read from text: what is read, where, and what follows from it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from audit_texts.make import TEMPLATES, make
from hypothesis import given, settings
from hypothesis import strategies as st

from metalib import DataError, MetalibError
from metalib.__main__ import main
from metalib.audit.printed import read_printed
from metalib.audit.spelling import spell
from metalib.audit.text import read_results
from metalib.audit.text_ledger import audit_text
from metalib.audit.text_marks import ReadText

FOLDER = Path(__file__).parent / "audit_texts"
TEXTS = json.loads((FOLDER / "texts.json").read_text(encoding="utf-8"))
#: Of the 100 texts these are read otherwise than meant; every other one in full and nothing beside.
KNOWN = {
    "semicolons part its cells and its limits": ("Endpunkt;", 4),
    "the name of the effect stands behind it": ("was the risk ratio", 1),
}
ALSO_READ = ("I2 low", "I2 high")


def read(text: str) -> list[tuple[str, str]]:
    """Return what is read of a text, in order of the results."""
    return [(r.statistic, r.number.text.removesuffix("%")) for g in read_results(text).results for r in g.readings]


def missing(text: str, expected: list[list[str]]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return what was not read of what is printed, and what was read beside it."""
    left, lost = read(text), []
    for statistic, number in expected:
        if (statistic, number) in left:
            left.remove((statistic, number))
        else:
            lost.append((statistic, number))
    return lost, [x for x in left if x[0] not in ALSO_READ]


def test_the_stored_texts_are_those_of_the_templates() -> None:
    assert len(TEMPLATES) == len(TEXTS) == 100
    assert make() == TEXTS


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_every_statistic_of_a_text_is_read(text: dict) -> None:
    known = next((lost for part, lost in KNOWN.values() if part in text["text"]), 0)
    lost, beside = missing(text["text"], text["expected"])
    assert len(lost) == known, lost
    assert known or not beside


def test_at_least_95_percent_are_read() -> None:
    printed = sum(len(t["expected"]) for t in TEXTS)
    lost = sum(len(missing(t["text"], t["expected"])[0]) for t in TEXTS)
    assert printed > 400
    assert (printed - lost) / printed >= 0.95


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_consistent_texts_are_never_contradicted(seed: int) -> None:
    checks = 0
    for text in make(seed):
        found = audit_text(text["text"])
        assert [c.sentence for c in found.contradictions] == [], text["text"]
        checks += sum(map(len, found.checks))
    assert checks > 150


def everything(found: ReadText) -> list[tuple[int, int, int, str]]:
    """Return every number of a text, read or not, with its place."""
    readings = [r for result in found.results for r in result.readings]
    return sorted((x.line, x.column, x.end, x.text) for x in [*readings, *found.unread])


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_every_number_stands_where_it_is_said_to_stand(text: dict) -> None:
    lines = text["text"].split("\n")
    for line, column, end, shown in everything(read_results(text["text"])):
        assert lines[line - 1][column - 1 : end - 1] == shown


def test_what_is_not_understood_is_listed() -> None:
    """Years, counts, ages, percentages, footnotes: read as nothing, dropped nowhere."""
    text = (
        "Between 1998 and 2014, 55/171 and 82/171 patients aged 18–75 years (mean 54.2, SD 8.1) had it (32% v 48%);\n"
        "OR 0.45 (95% CI 0.27 to 0.76). Median follow-up was 14.2 [3.1, 28.7] months (IQR)."
    )
    found = read_results(text)
    assert read(text) == [("OR", "0.45"), ("CI low", "0.27"), ("CI high", "0.76")]
    assert [u.text for u in found.unread] == [
        "1998", "2014", "55", "171", "82", "171", "18", "75", "54.2", "8.1", "32%", "48%", "14.2", "3.1", "28.7",
    ]  # fmt: skip


def test_lists_are_not_paired_by_place() -> None:
    """The second estimate is not the one of the first interval."""
    text = "ORs were 0.45 and 2.14 (95% CI 0.27–0.76 and 1.32–3.48), respectively. RR 1.20 (95% CI 1.00 to 1.44)."
    assert read(text) == [("RR", "1.20"), ("CI low", "1.00"), ("CI high", "1.44")]
    assert len(read_results(text).unread) == 6


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("OR 0.45, 95% CI 0.27-0.76, P=0.03", "leaves a P between"),
        ("OR 0.54, 95% CI 0.27-0.76", "middle of [0.27, 0.76] on the log scale"),
        ("MD -3.1 (95% CI -5.0 to -0.6)", "middle of [-5.0, -0.6] lies"),
        ("OR 0.45 (95% CI 0.76 to 0.27)", "lower limit 0.76 exceeds"),
        ("OR -0.80 (95% CI -1.31 to -0.27)", "which no ratio is"),
        ("RR 1.20 (99% CI 1.00 to 1.44), P = 0.05", "leaves a P between"),
        ("Z = 2.61 (P = 0.09)", "Z = 2.61 leaves a P"),
        ("χ² = 2.55, df = 3 (P = 0.74); I² = 0%", "Chi² = 2.55 with 3 df leaves a P"),
        ("χ² = 9.50, df = 3 (P = 0.02); I² = 86%", "leaves an I²"),
        ("k = 4, I² = 11%, P = 0.33 for heterogeneity", "I² = 11% with 3 df leaves a P"),
        ("I² = 104%", "no number between 0 and 100"),
        ("RR 1.20 (95% CI 1.00 to 1.44), P = 1.05", "no number between 0 and 1"),
    ],
)
def test_contradictions_are_found(text: str, sentence: str) -> None:
    assert any(sentence in c.sentence for c in audit_text(text).contradictions)


def test_the_level_of_an_interval_counts() -> None:
    assert not audit_text("RR 1.20 (95% CI 1.00 to 1.44), P = 0.05").contradictions
    assert not audit_text("RR 1.20 (99% CI 0.94 to 1.53), P = 0.05").contradictions


def test_an_effect_without_a_name_may_be_a_ratio_or_a_difference() -> None:
    for text in ("0.45 (95% CI 0.27 to 0.76)", "3.10 (95% CI 1.20 to 5.00)"):
        assert not audit_text(text).contradictions
    assert audit_text("0.45 (95% CI 0.27 to 0.96)").contradictions


def test_a_limit_printed_as_zero_is_no_zero() -> None:
    assert not audit_text("OR 0.05 (95% CI 0.00 to 0.85), P = 0.04").contradictions
    assert audit_text("OR 0.05 (95% CI 0.00 to 0.85), P = 0.40").contradictions


def test_the_number_of_studies_can_be_given() -> None:
    text = "no heterogeneity (I² = 11%, P = 0.33)"
    assert not audit_text(text).contradictions
    assert audit_text(text, studies=4).contradictions
    assert not audit_text(text, studies=5).contradictions or audit_text(text, studies=5).checks
    for bad in (1, True, 2.0):
        with pytest.raises(MetalibError, match="studies"):
            audit_text(text, studies=bad)  # type: ignore[arg-type]


def test_padded_p_values_are_read_as_their_program_printed_them() -> None:
    """Three P values of three decimals that all end in 0 have two; one that does not leaves all as they are."""
    one = "OR=1.31, 95% CI: 0.24–7.01, P=0.760. "
    others = "OR=0.88, 95% CI: 0.50–1.55, P=0.670. OR=1.62, 95% CI: 0.85–3.09, P=0.140. "
    assert audit_text(one).contradictions
    assert not audit_text(one + others).contradictions
    assert audit_text(one + others + "P=0.031").contradictions


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"$I^2 = 67\%$", " I2= 67% "),
        ("χ²₃ = 2·55", "χ2 3 = 2·55"),
        ("95\u00a0% CI\u20090.27—0.76", "95 % CI 0.27–0.76"),
        ("Chi<sup>2</sup>&nbsp;p&lt;.001", "Chi2 p<.001"),
        ("P＜0.05～", "P<0.05–"),
        ("a\u00adb\u200b", "ab"),
    ],
)
def test_spelling(text: str, plain: str) -> None:
    spelled = spell(text)
    assert spelled.text == plain
    assert len(spelled.at) == len(plain) + 1
    assert list(spelled.at) == sorted(spelled.at)


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_text_is_refused(text: str) -> None:
    found = audit_text(text)
    frame = found.to_frame()
    assert len(frame) == sum(len(r.readings) for r in found.read.results)
    json.dumps(found.to_dict(), allow_nan=False)


_PIECES = st.sampled_from(
    [
        "OR ",
        "RR",
        " 0.45",
        "0,45",
        "(",
        ")",
        "[",
        "95% CI ",
        "–",
        "-",
        " to ",
        ", ",
        "; ",
        "P ",
        "= ",
        "< ",
        "I² ",
        "%",
        "χ²",
        "df ",
        "3",
        "\n",
        "\n\n",
        "\t",
        "|",
        "Z ",
        ".05",
        "1,234",
        "respectively",
        ". ",
        "k=",
        "99999999999999999999",
    ]
)


@given(st.lists(_PIECES, max_size=30).map("".join))
@settings(max_examples=400, deadline=None)
def test_no_number_is_lost_and_none_is_given_twice(text: str) -> None:
    places = [(line, column) for line, column, _, _ in everything(read_results(text))]
    assert len(places) == len(set(places))
    audit_text(text)


def test_numbers_are_read_by_the_reader_of_printed_numbers() -> None:
    found = read_results("RR 0·45 (95% CI ·27 to 0·76; p<·001)").results[0].numbers()
    assert found["CI low"] == read_printed("0.27")
    assert found["P"] == read_printed("<0.001")
    with pytest.raises(DataError, match="from text"):
        read_results(b"OR 1.0")  # type: ignore[arg-type]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "results.txt"

    def command(text: str | bytes, *arguments: str) -> tuple[int, str, str]:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        code = main(["audit", str(path), *arguments])
        return code, *capsys.readouterr()

    code, out, _ = command("OR 0.45, 95% CI 0.27-0.76, P=0.003, I²=0% (5 trials)")
    assert code == 0
    assert "line 1: 5" in out
    wrong = "OR 0.45, 95% CI 0.27-0.76, P=0.03"
    code, out, _ = command(wrong, "--json")
    assert code == 1
    verdicts = [s["verdict"] for s in json.loads(out)["statistics"]]
    assert verdicts == ["consistent", "inconsistent", "inconsistent", "inconsistent"]
    lines = command(wrong, "--csv")[1].splitlines()
    assert lines[0] == "result,statistic,text,read_as,low,high,line,column,end,verdict,reason"
    assert len(lines) == 5
    assert command("nothing here, in 2014")[0] == 3
    for text, arguments in ((wrong, ["--studies", "1"]), (b"\xff\xfe\x00", [])):
        code, out, err = command(text, *arguments)
        assert (code, out) == (2, "")
        assert err.startswith("error: ")
    assert main(["audit", str(tmp_path / "no.txt")]) == 2


def test_the_command_reads_standard_input() -> None:
    done = subprocess.run([sys.executable, "-m", "metalib", "audit", "-"], input=b"P = 0.03", capture_output=True)
    assert done.returncode == 0
    assert b"P 0.03: not checkable" in done.stdout
