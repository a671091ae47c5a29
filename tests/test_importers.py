"""Files of other programs: what is read, what is listed as not taken, what is refused; nothing is half-made."""

from __future__ import annotations

import contextlib
import csv
import io
import math
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import tables

import metalib
from metalib import DataError, MetalibError, OptionError
from metalib.importers import collected, revman_web
from metalib.importers.collected import FORMS, Imported
from metalib.importers.importing import import_review, read_any, report

FILES = Path(__file__).parent / "import_files"
COUNTS = ["events_t", "n_t", "events_c", "n_c"]


def rows(read: Imported, form: str = "tables", *columns: str) -> list[tuple[object, ...]]:
    chosen = [*columns] or [*FORMS[form]]
    return list(read.frames[form][chosen].itertuples(index=False, name=None))


def labels(read: Imported) -> list[str]:
    return read.frames["studies"]["label"].tolist()


def written(tmp_path: Path, text: str | bytes, name: str = "data.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# -- Review Manager 5 ----------------------------------------------------------------------------------------------


def test_rm5_data() -> None:
    read = read_any(FILES / "small.rm5")
    assert read.kind == "Review Manager 5"
    outcomes = read.frames["outcomes"].set_index("outcome")
    assert outcomes[["label", "measure", "method", "model_printed"]].to_dict("index") == {
        "death_stroke": {"label": "Death & stroke", "measure": "RR", "method": "MH", "model_printed": "random"},
        "response": {"label": "Response", "measure": "OR", "method": "Peto", "model_printed": "fixed"},
        "pain": {"label": "Pain", "measure": "SMD", "method": "IV", "model_printed": "fixed"},
        "survival": {"label": "Survival", "measure": "HR", "method": "IV", "model_printed": "random"},
        "recurrence": {"label": "Recurrence", "measure": "OR", "method": "IV", "model_printed": "fixed"},
    }
    assert labels(read) == ["One 2001", 'Müller "B" <2003>', "الثالث 2010", "One 2001 (2)"]
    assert read.frames["studies"]["year"].tolist() == ["2001", "2003", "2010", "2001"]
    assert set(read.frames["studies"]["experimental"]) == {"Drug"}
    assert read.frames["studies"]["participants"].tolist()[0] == "Adults, aged 18"
    assert rows(read, "tables", "study", "subgroup", *COUNTS) == [
        ("one_2001", "Short", 1, 20, 2, 20),
        ("الثالث_2010", "Short", 0, 9, 0, 11),
        ("one_2001_2", "Long", 3, 18, 6, 19),
        ("müller_b_2003", "Long", 5, 40, 4, 42),
        ("one_2001", "", 14, 22, 15, 20),  # events and non-events exchanged
    ]
    assert rows(read, "means") == [(4.5, 1.5, 20, 5.25, 1.25, 21), (4.0, 2.0, 10, 5.0, 1.0, 11)]
    effects = rows(read, "effects")
    assert effects[0] == (-0.22314355, 0.2)
    assert effects[1] == pytest.approx((math.log(0.9), 0.2), rel=1e-12)
    assert effects[2] == pytest.approx((-2.5 / 6.25, 1 / math.sqrt(6.25)), rel=1e-15)


def test_rm5_bias_and_texts() -> None:
    read = read_any(FILES / "small.rm5")
    assert rows(read, "risk_of_bias", "study", "domain", "judgement", "support") == [
        ("one_2001", "Random sequence generation (selection bias)", "low", "By computer"),
        ("الثالث_2010", "Random sequence generation (selection bias)", "unclear", "no support given"),
        ("one_2001", "Blinding: Subjective outcomes", "high", "no support given"),
        ("one_2001", "Blinding: Death", "low", "no support given"),
    ]
    assert read.texts["title"] == "A drug for a condition"
    assert read.texts["methods"].split("\n\n") == [
        "## Crit studies", "Randomised trials.", "## Data synthesis", "Random effects One 2001.", "Second paragraph.",
    ]  # fmt: skip


def test_rm5_lists_what_is_not_taken() -> None:
    read = read_any(FILES / "small.rm5")
    listed = "\n".join(read.not_taken)
    for name in (
        "CONTACT (line 5)", "BACKGROUND", "REFERENCE", "EXCLUDED_STUDIES", "SOF_TABLES", "OTHER_OUTCOME",
        "outcome 'Function' (small.rm5, 1.4): it has no data", "الثالث 2010 in 'Death & stroke' (line 131)",
        "results that RevMan stored",
    ):  # fmt: skip
        assert name in listed
    assert any("events are exchanged" in change for change in read.changed)
    assert any("'One 2001 (2)' from line 129" in change for change in read.changed)
    for taken in ("METHODS", "TITLE", "CHAR_METHODS", "DICH_DATA", "GROUP_LABEL_1"):
        assert taken not in listed


def test_an_element_nobody_knows_is_listed() -> None:
    text = (FILES / "small.rm5").read_bytes()
    new = text.replace(b"<KEYWORDS/>", b'<NOVELTY SECRET="x"/>').replace(b"<FIGURES/>", b"<FIGURES>a<B>b</B></FIGURES>")
    read = revman(new)
    assert "NOVELTY (line 11)" in read.not_taken
    assert any(item.startswith("FIGURES") for item in read.not_taken)


def revman(content: bytes) -> Imported:
    from metalib.importers.revman5 import read_rm5

    return read_rm5(content, "x.rm5")


def test_rm5_pools_like_its_numbers() -> None:
    read = read_any(FILES / "small.rm5")
    chosen = read.frames["outcomes"].set_index("outcome")
    for form in ("tables", "means", "effects"):
        for outcome, part in read.frames[form].groupby("outcome", sort=False):
            how = chosen.loc[outcome]
            effect = metalib.pool(part, how["measure"], how["method"], how["model_printed"])
            assert effect.estimable


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('REVMAN_VERSION="5"', 'REVMAN_VERSION="4"', "line 2, value 'COCHRANE_REVIEW, version 4': this is no file of"),
        ('TYPE="INTERVENTION"', 'TYPE="DTA"', "line 2, value 'DTA': only reviews of interventions"),
        ("COCHRANE_REVIEW", "OTHER_REVIEW", "line 2, value 'OTHER_REVIEW"),
        ("</COMPARISON>", "", r"line 1\d\d: the XML is torn \(mismatched tag\)"),
        ("ISO-8859-1", "KLINGON-1", "line 1: the XML"),
        ('EFFECT_MEASURE="RR"', 'EFFECT_MEASURE="XX"', "line 117, value 'XX': the effect measure is not known"),
        ('METHOD="MH"', 'METHOD="BAYES"', "line 117, value 'BAYES': the method is not known"),
        ('EVENTS_1="5"', 'EVENTS_1="50"', "line 130, study 'Müller .*value '50 of 40': more events than patients"),
        ('EVENTS_1="5"', 'EVENTS_1="-5"', "line 130, .* is negative"),
        ('EVENTS_1="5"', 'EVENTS_1="five"', "line 130, .* value 'five': EVENTS_1 is not a number"),
        ('EVENTS_1="5" ', "", "line 130, .*EVENTS_1 is not a number"),
        ('SD_1="1.5"', 'SD_1="0.0"', "line 140, study 'One 2001', experimental arm, value 0: sd_t is 0"),
        ('SD_1="1.5"', 'SD_1="-1.5"', "line 140, .*sd_t is negative"),
        ('MEAN_1="4.5"', 'MEAN_1="NaN"', "line 140, .*mean_t is missing"),
        ('VAR="6.25"', 'VAR="-1"', "line 154, study 'الثالث 2010', value -1.0: a variance must be positive"),
        ('ESTIMATE="-0.22314355" SE="0.2"', 'ESTIMATE="-0.2" SE="-0.2"', "line 149, .*standard error must be positive"),
        ('STUDY_ID="STD-Three" TOTAL_1="9"', 'STUDY_ID="STD-Out" TOTAL_1="9"', "line 125, .*not included"),
        ('NAME="One 2001"', 'NAME=" "', "line 42, .*a study without a name"),
        ('RESULT="NO"', 'RESULT="MAYBE"', "line 100, study 'One 2001', value 'MAYBE': the judgement is not known"),
    ],
)  # fmt: skip
def test_a_broken_rm5_is_refused_with_its_line(old: str, new: str, named: str) -> None:
    text = (FILES / "small.rm5").read_bytes().decode("latin-1")
    assert old in text
    with pytest.raises(DataError, match=named):
        revman(text.replace(old, new).encode("latin-1"))


def test_torn_and_empty_rm5() -> None:
    text = (FILES / "small.rm5").read_bytes()
    for n in (len(text) // 3, len(text) - 5):
        with pytest.raises(DataError, match=r"x.rm5, line \d+: the XML is torn"):
            revman(text[:n])
    start = text.index(b"<COMPARISON")
    nothing = text[:start] + text[text.index(b"</ANALYSES_AND_DATA>") :]
    with pytest.raises(DataError, match="there is no outcome with data"):
        revman(nothing)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_entities_are_refused(doctype: str) -> None:
    text = (FILES / "small.rm5").read_bytes().replace(b"<COCHRANE_REVIEW", doctype.encode() + b"\n<COCHRANE_REVIEW", 1)
    with pytest.raises(DataError, match="line 2: a document type is not read"):
        revman(text)


# -- RevMan Web ----------------------------------------------------------------------------------------------------


def package(nested: bool = False) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path in sorted((FILES / "web").glob("*.csv")):
            archive.writestr(f"CD1-files/{path.name}", path.read_bytes())
    if not nested:
        return stream.getvalue()
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("CD1-files/CD1-data.zip", stream.getvalue())
    return outer.getvalue()


def test_web_package_in_every_wrapping(tmp_path: Path) -> None:
    read = read_any(FILES / "web")
    ways = [
        FILES / "web" / "CD1-data-rows.csv", written(tmp_path, package(), "a.zip"),
        written(tmp_path, package(nested=True), "b.zip"),
    ]  # fmt: skip
    for path in ways:
        other = read_any(path)
        assert other.frames.keys() == read.frames.keys()
        for name, frame in read.frames.items():
            pd.testing.assert_frame_equal(other.frames[name], frame)
    assert rows(read, "tables", "outcome", "study", "subgroup", *COUNTS) == [
        ("death", "one", "Adults", 3, 20, 5, 21), ("death", "one_2", "Children", 1, 9, 2, 8),
        ("death", "two", "Children", 4, 30, 6, 29), ("response", "one", "", 14, 22, 15, 20),
    ]  # fmt: skip
    assert rows(read, "means") == [(4.5, 1.5, 30, 5.0, 1.25, 29)]
    assert rows(read, "effects") == [(-0.22, 0.2), (-0.4, 0.4)]
    assert read.frames["outcomes"]["method"].tolist() == ["MH", "IV", "IV", "IV", "Peto"]
    assert read.frames["outcomes"]["model_printed"].tolist() == ["random", "fixed", "random", "fixed", "fixed"]
    assert rows(read, "risk_of_bias", "study", "judgement", "support")[0] == ("one", "low", "By computer")
    for name in ("CD1-study-information.csv", "column Footnotes", "'Function'"):
        assert any(name in item for item in read.not_taken)
    assert "'Some concerns' is written 'unclear'" in read.changed


def test_web_package_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"one file \*-data-rows.csv, here are 0"):
        read_any(tmp_path)
    for content in (package()[:200], b"PK\x03\x04 no archive"):
        with pytest.raises(DataError, match="the archive cannot be read"):
            read_any(written(tmp_path, content, "a.zip"))
    monkeypatch.setattr(revman_web, "LARGEST_FILE", 100)
    with pytest.raises(DataError, match="the archive holds more than"):
        read_any(written(tmp_path, package(), "a.zip"))


@pytest.mark.parametrize(
    ("end", "old", "new", "named"),
    [
        ("data-rows", "Study,", "Trial,", "CD1-data-rows.csv, line 1: column 'Study' is missing"),
        ("data-rows", "1,2,Pain", "7,2,Pain", "CD1-data-rows.csv, line 5, value '7.2': an analysis without settings"),
        ("data-rows", ",6,29", ",,29", "line 4, study 'Two': Control cases is missing"),
        ("data-rows", ",6,29", ",60,29", "line 4, study 'Two', control arm, value '60 of 29': more events"),
        ("overall-estimates-and-settings", "Contrast level", "Survival", "line 4, value 'Survival': the data type"),
        ("risk-of-bias", "Low risk", "Fine", "CD1-risk-of-bias.csv, line 2, study 'One', value 'Fine'"),
    ],
)
def test_a_broken_web_package_is_refused(tmp_path: Path, end: str, old: str, new: str, named: str) -> None:
    for path in (FILES / "web").glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        if path.stem.endswith(end):
            assert old in text
            text = text.replace(old, new)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=named):
        read_any(tmp_path)


# -- CSV files of data ---------------------------------------------------------------------------------------------


def test_names_of_metafor_with_other_columns_of_the_studies() -> None:
    read = read_any(FILES / "bcg_metafor.csv", outcome="Tuberculosis", measure="RR")
    assert rows(read) == [(4, 123, 11, 139), (186, 50634, 141, 27338), (27, 16913, 29, 17854)]
    # A name that recurs takes its year.
    assert labels(read) == ["Aronson 1948", "Comstock et al 1974", "Comstock et al 1976"]
    assert read.frames["studies"]["ablat"].tolist() == ["44", "18", "33"]
    assert read.frames["outcomes"].to_dict("records") == [
        {
            "outcome": "tuberculosis",
            "label": "Tuberculosis",
            "measure": "RR",
            "method": "MH",
            "source": "bcg_metafor.csv",
        }
    ]


def test_names_of_meta_with_awkward_names_and_an_empty_row() -> None:
    read = read_any(FILES / "wide_meta.csv")
    assert labels(read) == ['O\'Neil, "B"', "<b>Two</b>", "דוגמה 2012"]
    assert rows(read, "tables", "outcome", "study", *COUNTS) == [
        ("death", "o_neil_b", 1, 20, 3, 21), ("death", "b_two_b", 0, 15, 0, 14), ("relapse", "o_neil_b", 5, 18, 7, 20),
    ]  # fmt: skip
    assert read.not_taken == ("דוגמה 2012 in 'Relapse' (line 5): it has no data",)


def test_revman_columns_semicolons_and_decimal_commas() -> None:
    read = read_any(FILES / "revman_semicolons.csv")
    assert rows(read) == [(3, 20, 5, 21), (4, 30, 6, 29)]
    assert read.frames["studies"]["Weight"].tolist() == ["12.5", "20.25"]
    read = read_any(FILES / "means_decimal_comma.csv", measure="SMD")
    assert rows(read, "means") == [(1.5, 0.5, 12, 2.25, 1.0, 13), (2.0, 0.75, 20, 2.5, 0.5, 19)]
    assert read.frames["outcomes"]["measure"].tolist() == ["SMD"]


def test_one_arm_a_row() -> None:
    read = read_any(FILES / "long.csv")
    assert rows(read) == [(3, 20, 5, 21), (4, 30, 6, 29)]
    studies = read.frames["studies"]
    assert studies[["experimental", "control"]].drop_duplicates().to_numpy().tolist() == [["drug", "placebo"]]
    assert studies["mean_age_t"].tolist() == ["61", "58"]
    other = read_any(FILES / "long.csv", experimental="placebo")
    assert rows(other) == [(5, 21, 3, 20), (6, 29, 4, 30)]


def test_effects_need_their_measure() -> None:
    read = read_any(FILES / "effects.csv", measure="HR")
    effect, se = rows(read, "effects")[0]
    assert effect == pytest.approx(math.log(0.8), rel=1e-15)
    assert se == pytest.approx(math.log(1.1 / 0.6) / (2 * 1.959963984540054), rel=1e-12)
    with pytest.raises(OptionError, match="name the measure"):
        read_any(FILES / "effects.csv")


@pytest.mark.parametrize(
    ("header", "line", "form", "expected"),
    [
        ("slab,m1i,sd1i,n1i,m2i,sd2i,n2i", "A,1,2,10,3,4,11", "means", (1.0, 2.0, 10, 3.0, 4.0, 11)),
        ("studlab,mean.e,sd.e,n.e,mean.c,sd.c,n.c", "A,1,2,10,3,4,11", "means", (1.0, 2.0, 10, 3.0, 4.0, 11)),
        ("study,x1i,t1i,x2i,t2i", "A,1,100.5,3,90", "rates", (1, 100.5, 3, 90.0)),
        ("study,event.e,time.e,event.c,time.c", "A,1,100.5,3,90", "rates", (1, 100.5, 3, 90.0)),
        ("study,ai,n1i,ci,n2i", "A,1,10,3,9", "tables", (1, 10, 3, 9)),
        ("study,yi,vi", "A,-0.5,0.04", "effects", (-0.5, 0.2)),
        ("study,TE,seTE", "A,-0.5,0.2", "effects", (-0.5, 0.2)),
        ("study,effect,se", "A,\N{MINUS SIGN}0.5,0.2", "effects", (-0.5, 0.2)),
    ],
)
def test_names_that_are_recognised(
    tmp_path: Path, header: str, line: str, form: str, expected: tuple[float, ...]
) -> None:
    measure = {"measure": "difference"} if form == "effects" else {}
    read = read_any(written(tmp_path, f"{header}\n{line}\n"), **measure)
    assert rows(read, form) == [pytest.approx(expected, rel=1e-15)]
    assert read.frames["outcomes"]["label"].tolist() == ["data"]


def test_columns_by_option(tmp_path: Path) -> None:
    text = "Trial no,Dead drug,All drug,Dead placebo,All placebo\nA,1,10,3,9\n"
    names = {"study": "Trial no", "events_t": "Dead drug", "n_t": "All drug", "events_c": "Dead placebo",
             "n_c": "All placebo"}  # fmt: skip
    assert rows(read_any(written(tmp_path, text), columns=names)) == [(1, 10, 3, 9)]
    with pytest.raises(DataError, match="line 1, value 'Dead': 0 columns are called so"):
        read_any(written(tmp_path, text), columns={**names, "events_t": "Dead"})
    with pytest.raises(DataError, match="name their columns"):
        read_any(written(tmp_path, text))


def test_what_varies_within_a_study_stays_with_the_row(tmp_path: Path) -> None:
    text = "study,outcome,ai,n1i,ci,n2i,follow_up,country,source\nA,x,1,10,2,10,12,PL,p\nA,y,3,10,2,10,24,PL,p\n"
    read = read_any(written(tmp_path, text))
    assert read.frames["tables"]["follow_up"].tolist() == ["12", "24"]
    assert read.frames["studies"]["country"].tolist() == ["PL"]
    assert read.frames["studies"]["source_given"].tolist() == ["p"]


GOOD = "study,ai,n1i,ci,n2i\nA,1,10,2,11\nB,3,30,4,31\n"


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "data.csv: the file is empty"),
        (b" \n \n", "the file is empty"),
        (b"\x00\x01\x02 binary", "line 1: the file is no text"),
        (b"%PDF-1.4\nno table at all\n", "line 1: there is one column only"),
        (GOOD.replace("A,", "Mü,").encode("latin-1"), r"line 2, .*: the text is not UTF-8; name its encoding"),
        (GOOD.replace("B,", "“B”,").encode("cp1252"), r"line 3, .*: the text is not UTF-8; name its encoding"),
        (GOOD.encode("utf-16")[:-1], "the text is not UTF-16"),
        ("study,ai,n1i,ci,n2i\n", "there is no row below the header"),
        (GOOD.replace("B,3", "B,3,5"), r"line 3: 6 cells for 5 columns \(decimal commas need semicolons"),
        (GOOD.replace("B,3", '"B,3'), r"data.csv, line 3: the file is no CSV"),
        (GOOD.replace("B,3", "B,three"), "line 3, value 'three': ai is not a number"),
        (GOOD.replace("B,3", 'B,"3,5"'), "line 3, value '3,5': ai is not a number"),
        (GOOD.replace("B,3", "B,"), "line 3, study 'B': events_t is missing"),
        (GOOD.replace("B,3", "B,3.5"), "line 3, study 'B', .*value 3.5: events_t is not a whole number"),
        (GOOD.replace("B,3", "B,-3"), "line 3, study 'B', experimental arm, value -3: events_t is negative"),
        (GOOD.replace("B,3", "B,33"), "line 3, study 'B', experimental arm, value '33 of 30': more events"),
        (GOOD.replace("B,", ","), "line 3: the study has no name"),
        (GOOD.replace("B,", "A,"), "line 3, study 'A': the study stands in line 2 as well"),
        (GOOD.replace("study", "id"), "no column names the study"),
        (GOOD.replace("n2i", "").replace("\n", ",\n"), "line 1: column 5 has no name"),
        (GOOD.replace("n2i", "x"), "no counts, means, rates or effects are recognised"),
        (GOOD.replace(",", ";").replace("A;1", "A;1,5").replace("B;3", "B;3.5"),
         "line 2: decimal commas here, and decimal points in line 3"),
        ("study,ai,bi,ci,di\nA,1,-5,2,3\n", "line 2, study 'A'"),
        ("study,yi,vi\nA,1,-2\n", "line 2, study 'A', value -2.0: a variance must be positive"),
        ("study,estimate,ci_low,ci_high\nA,1,2,0.5\n", "line 2, study 'A', .*the confidence limits are exchanged"),
        ("study,estimate,ci_low,ci_high\nA,3,1,2\n", "line 2, .*the estimate lies outside its interval"),
        ("study,m1i,sd1i,n1i,m2i,sd2i,n2i\nA,1,0,10,3,4,11\n", "line 2, study 'A', .*value 0: sd_t is 0"),
        ("study,x1i,t1i,x2i,t2i\nA,1,-4,3,90\n", "line 2, study 'A', experimental arm, value -4: time_t is negative"),
        ("study,arm,events,n\nA,x,1,10\nA,y,1,10\n", "value 'x, y': which arm is the experimental one"),
        ("study,arm,events,n\nA,drug,1,10\nA,placebo,1,10\nB,drug,1,10\n", "line 4, study 'B', value 'drug'"),
        ("study,arm,events,n\nA,drug,1,10\nA,drug,2,10\nA,placebo,1,10\n", "line 4, study 'A', value 'drug, drug, pl"),
        ("study,arm,events,n\nA,drug,1,10\nA,placebo,,\n", "line 2, study 'A': one arm has no data"),
    ],
)  # fmt: skip
def test_bad_csv_is_refused_with_its_line(tmp_path: Path, content: str | bytes, named: str) -> None:
    text = content if isinstance(content, str) else ""
    hints = {"measure": "HR"} if text.startswith(("study,yi", "study,estimate")) else {}
    with pytest.raises(DataError, match=named):
        read_any(written(tmp_path, content), **hints)


def test_encodings(tmp_path: Path) -> None:
    text = GOOD.replace("A,", "Müller,")
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert labels(read_any(written(tmp_path, text.encode(encoding)))) == ["Müller", "B"]
    assert labels(read_any(written(tmp_path, text.encode("cp1252")), encoding="cp1252")) == ["Müller", "B"]
    with pytest.raises(DataError, match="value 'klingon': the encoding is not known"):
        read_any(written(tmp_path, text), encoding="klingon")


def test_missing_and_large_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"none.csv: the file cannot be read \(No such file"):
        read_any(tmp_path / "none.csv")
    monkeypatch.setattr(collected, "LARGEST_FILE", 10)
    with pytest.raises(DataError, match="larger than"):
        read_any(written(tmp_path, GOOD))


# -- risk of bias and the flow of records --------------------------------------------------------------------------


def test_robvis(tmp_path: Path) -> None:
    read = read_any(FILES / "robvis.csv")
    assert rows(read, "risk_of_bias", "study", "domain", "judgement") == [
        ("One", "D1", "low"), ("One", "D2", "unclear"), ("One", "Selective reporting", "low"),
        ("One", "Overall", "unclear"), ("Two", "D1", "high"), ("Two", "D2", "low"),
        ("Two", "Selective reporting", "unclear"), ("Two", "Overall", "high"),
    ]  # fmt: skip
    assert read.not_taken == ("column Weight",)
    assert read.changed == ("'Some concerns' is written 'unclear'", "'No information' is written 'unclear'")
    text = (FILES / "robvis.csv").read_text(encoding="utf-8")
    with pytest.raises(DataError, match="line 3, study 'Two', value 'Hi': the judgement is not known"):
        read_any(written(tmp_path, text.replace("High,Low", "Hi,Low")))
    with pytest.raises(DataError, match="line 3, value 'One': the study has no name, or stands there twice"):
        read_any(written(tmp_path, text.replace("Two", "One")))


def test_flow(tmp_path: Path) -> None:
    read = read_any(FILES / "prisma.csv")
    frame = read.frames["flow"]
    assert [tuple(None if pd.isna(c) else c for c in row) for row in rows(read, "flow", "stage", "step", "count")] == [
        ("identification", "Studies included in previous version of review", None),
        ("identification", "Records identified from: Databases", 120),
        ("identification", "Duplicate records", 20),
        ("screening", "Records screened (databases and registers)", 100),
        ("screening", "Reports excluded (databases and registers): Wrong design", 7),
        ("screening", "Reports excluded (databases and registers): No control", 3),
        ("included", "New studies included in review", 2),
    ]
    assert frame["status"].tolist() == ["not reported", *["printed"] * 6]
    assert "2 rows that name parts of the diagram" in read.not_taken
    text = (FILES / "prisma.csv").read_text(encoding="utf-8")
    for old, new, named in (
        (",120", ",many", "line 4, value 'many': this is no number"),
        ("box4", "box99", "line 6, value 'box99': the template has no such box"),
        ("Duplicate records,Dup", "Records identified from: Databases,Dup", "the step stands there twice"),
    ):
        with pytest.raises(DataError, match=named):
            read_any(written(tmp_path, text.replace(old, new, 1)))


# -- the folder that is written ------------------------------------------------------------------------------------


def test_files_of_a_review_are_written_together(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    review = import_review([FILES / "revman_semicolons.csv", FILES / "robvis.csv", FILES / "prisma.csv"], folder)
    names = {f"{name}.csv" for name in ("outcomes", "studies", "tables", "risk_of_bias", "flow")}
    assert {path.name for path in folder.iterdir()} == {*names, "import.md"}
    for name, frame in review.frames.items():
        back = pd.read_csv(folder / f"{name}.csv", keep_default_na=False)
        assert (
            back.astype(str).to_numpy().tolist()
            == frame.astype(object).where(frame.notna(), "").astype(str).to_numpy().tolist()
        )
    assert set(review.frames["risk_of_bias"]["study"]) == {"one", "two"}
    told = (folder / "import.md").read_text(encoding="utf-8")
    assert told == report(review)
    assert "robvis.csv: column Weight" in told
    assert "* tables.csv: 2 rows" in told


@pytest.mark.parametrize(
    ("name", "hints"),
    [
        ("small.rm5", {}), ("web", {}), ("bcg_metafor.csv", {}), ("wide_meta.csv", {}), ("means_decimal_comma.csv", {}),
        ("effects.csv", {"measure": "HR"}),
    ],
)  # fmt: skip
def test_what_is_written_is_a_review_and_pools(tmp_path: Path, name: str, hints: dict[str, str]) -> None:
    written_as = import_review(FILES / name, tmp_path / "data", **hints)
    review = metalib.read_review(tmp_path / "data")
    assert review.outcomes["outcome"].tolist() == written_as.frames["outcomes"]["outcome"].tolist()
    for outcome in review.outcomes["outcome"]:
        data, options = review.data_of(outcome), review.options(outcome)
        parts = [f[f["outcome"] == outcome] for name, f in written_as.frames.items() if name in FORMS]
        [direct] = [part for part in parts if len(part)]
        assert metalib.pool(data, **options.choices()).estimate == metalib.pool(direct, **options.choices()).estimate


def test_methods_are_written(tmp_path: Path) -> None:
    import_review(FILES / "small.rm5", tmp_path / "data")
    assert (tmp_path / "data" / "methods.md").read_text(encoding="utf-8").startswith("## Crit studies\n")
    assert {"means.csv", "effects.csv", "tables.csv"} < {p.name for p in (tmp_path / "data").iterdir()}


@pytest.mark.parametrize(
    ("names", "named"),
    [
        (["robvis.csv"], "one file with data of studies is needed, here are 0"),
        (["long.csv", "wide_meta.csv"], "one file with data of studies is needed, here are 2"),
        (["long.csv", "prisma.csv", "prisma.csv"], "flow stands in another file as well"),
        (["wide_meta.csv", "robvis.csv"], "robvis.csv, line 2, study 'One': a study that the data do not have"),
    ],
)
def test_files_that_do_not_belong_together(tmp_path: Path, names: list[str], named: str) -> None:
    with pytest.raises(DataError, match=named):
        import_review([FILES / name for name in names], tmp_path / "data")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_exists_is_never_touched(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(DataError, match="the folder exists and is not overwritten"):
        import_review(FILES / "long.csv", folder)
    assert [p.name for p in tmp_path.rglob("*")] == ["data", "mine.txt"]
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError, match="exists"):
        import_review(FILES / "long.csv", link)
    with pytest.raises(DataError, match="no such folder to write to"):
        import_review(FILES / "long.csv", tmp_path / "a" / "b")


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError])
def test_an_interrupted_import_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: type[BaseException]
) -> None:
    calls = []
    write = pd.DataFrame.to_csv

    def fail(self: pd.DataFrame, *args: object, **options: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise failure
        return write(self, *args, **options)

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail)
    with pytest.raises(failure):
        import_review(FILES / "long.csv", tmp_path / "data")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_made_meanwhile_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data"
    write = pd.DataFrame.to_csv

    def meanwhile(self: pd.DataFrame, *args: object, **options: object) -> object:
        folder.mkdir(exist_ok=True)
        return write(self, *args, **options)

    monkeypatch.setattr(pd.DataFrame, "to_csv", meanwhile)
    with pytest.raises(DataError, match="exists"):
        import_review(FILES / "long.csv", folder)
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


# -- round trips and rubbish ---------------------------------------------------------------------------------------

#: Names as people give them: quotes, separators, markup, letters written from right to left.
names = st.text(st.sampled_from("aZ 'é\"<>&;,|-אب漢1."), min_size=1, max_size=12).map(
    lambda s: "n" + " ".join(s.split())
)


@st.composite
def named_tables(draw: st.DrawFn) -> pd.DataFrame:
    frame = draw(tables(max_k=5))
    return frame.assign(study=draw(st.lists(names, min_size=len(frame), max_size=len(frame), unique=True)))


def as_csv(lines: list[list[object]], separator: str) -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator="\r\n").writerows(lines)
    return stream.getvalue().encode("utf-8-sig")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(named_tables(), st.sampled_from([",", ";", "\t"]), st.sampled_from([COUNTS, ["ai", "n1i", "ci", "n2i"]]))
def test_wide_round_trip(tmp_path: Path, frame: pd.DataFrame, separator: str, header: list[str]) -> None:
    lines = [["study", *header], *frame[["study", *COUNTS]].to_numpy().tolist()]
    read = read_any(written(tmp_path, as_csv(lines, separator)))
    assert rows(read) == list(frame[COUNTS].itertuples(index=False, name=None))
    assert labels(read) == frame["study"].tolist()
    assert read.frames["studies"]["study"].is_unique
    assert read.not_taken == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(named_tables(), st.randoms(use_true_random=False), st.sampled_from([",", ";", "\t"]))
def test_long_round_trip(tmp_path: Path, frame: pd.DataFrame, random: object, separator: str) -> None:
    lines = [
        [row.study, arm, getattr(row, f"events_{short}"), getattr(row, f"n_{short}")]
        for row in frame.itertuples()
        for short, arm in (("t", "treatment"), ("c", "control"))
    ]
    random.shuffle(lines)  # type: ignore[attr-defined]
    read = read_any(written(tmp_path, as_csv([["study", "arm", "events", "total"], *lines], separator)))
    back = dict(zip(labels(read), rows(read), strict=True))
    assert back == {row.study: (row.events_t, row.n_t, row.events_c, row.n_c) for row in frame.itertuples()}


reals = st.integers(-(10**6), 10**6).map(lambda i: i / 1000)


spreads, sizes = st.integers(1, 9999), st.integers(2, 90)
arms = st.lists(st.tuples(reals, spreads, sizes, reals, spreads, sizes), min_size=1, max_size=5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arms, st.booleans())
def test_means_round_trip(tmp_path: Path, given_rows: list[tuple[float, ...]], comma: bool) -> None:
    data = [(m, s / 100, n, o, r / 100, k) for m, s, n, o, r, k in given_rows]
    lines: list[list[object]] = [["study", "m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i"]]
    for i, row in enumerate(data):
        cells = [str(x) for x in row]
        lines.append([f"s{i}", *(c.replace(".", ",") if comma else c for c in cells)])
    read = read_any(written(tmp_path, as_csv(lines, ";")))
    assert rows(read, "means") == data


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.sampled_from(["small.rm5", "wide_meta.csv", "long.csv", "robvis.csv", "prisma.csv", "effects.csv"]),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=3)), min_size=1, max_size=4),
)
def test_torn_files_raise_only_our_errors(tmp_path: Path, name: str, cuts: list[tuple[float, bytes]]) -> None:
    content = (FILES / name).read_bytes()
    for where, put in cuts:
        at = int(where * len(content))
        content = content[:at] + put + content[at + len(put) + 1 :]
    with contextlib.suppress(MetalibError):
        read_any(written(tmp_path, content, name), measure="OR")
