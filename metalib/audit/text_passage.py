"""The grammar of a passage: which number belongs to which name, and what makes one result."""

from __future__ import annotations

import re

from .text_marks import (
    EFFECT,
    HETEROGENEITY,
    OF_HETEROGENEITY,
    UNNAMED,
    Mark,
    Result,
    Source,
    has_decimals,
    level_of,
    marks_of,
    measure_of,
)

_OTHER = re.compile(
    r"(?i)egger|begg|publication bias|asymmetr|interaction|trend|log.?rank|regression|subgroup|sensitivity"
)
_NO_EFFECT = re.compile(r"(?i)\b(?:median|IQR|interquartile|range|aged?|years|SD)\b")
_OPEN, _CLOSE, _JOIN, _DASHES = "([", ")]", ("to", "and", "until", "bis", "a", "à", "y", ",", ";", "/"), "-–−"


class Passage:
    """Reads one paragraph or one cell; keeps the effect and the heterogeneity that are being read."""

    def __init__(self, source: Source, start: int, end: int, comma: bool, scale: str = "") -> None:
        self.source, self.comma, self.text = source, comma, source.spelled.text
        self.marks = marks_of(self.text, start, end, comma)
        self.effect: Result | None = None
        self.spread: Result | None = None
        self.last = ""
        self.sentence = 0
        self.said: int = -1
        self.behind = start
        self.measure = scale or UNNAMED
        self.has_interval = any(m.kind in ("ci", "effect") for m in self.marks)

    def read(self) -> None:
        """Give every number to a name or leave it; results go to the source."""
        i = 0
        while i < len(self.marks):
            mark = self.marks[i]
            following = i + 1
            if mark.kind == "end":
                self.sentence, self.last, self.spread = self.sentence + 1, "", None
            elif mark.kind == "effect":
                self.measure = measure_of(mark.text)
                following = self._read_effect(i)
            elif mark.kind == "ci":
                following = self._read_interval(i)
            elif mark.kind == "number":
                following = self._read_number(i)
            elif mark.kind in ("p", "Chi2", "I2", "Tau2", "Z", "df", "k"):
                following = self._read_statistic(i)
            i = following

    def _kind(self, i: int) -> str:
        return self.marks[i].kind if 0 <= i < len(self.marks) else ""

    def _is_sign(self, i: int, *texts: str) -> bool:
        return 0 <= i < len(self.marks) and self._kind(i) in ("sign", "word") and self.marks[i].text in texts

    def _skip(self, i: int, words: int) -> int:
        """Return where what stands between a name and its number ends: equal signs, brackets and a few words."""
        while i < len(self.marks):
            if self._is_sign(i, "=", ":", ",", "(", "[", "≈", "of", "was", "were", "is", "at", "equals"):
                i += 1
            elif self._kind(i) == "word" and words:
                words -= 1
                i += 1
            else:
                break
        return i

    def _pair(self, i: int) -> tuple[int, int, int] | None:
        """Return the marks of two limits that begin at i, and where they end."""
        while self._is_sign(i, *_OPEN, ",", ";", ":", "=", "of", "was", "from", "between", "ranging", "–", "-"):
            i += 1
        if self._kind(i) != "number":
            return None
        j = i + 1
        if self._is_sign(j, *_JOIN, *_DASHES, ".."):
            j += 1
        elif not (self._kind(j) == "number" and self.marks[j].match["sign"]):
            return None
        if self._kind(j) != "number":
            return None
        return i, j, j + 1 + self._is_sign(j + 1, *_CLOSE)

    def _read_effect(self, i: int) -> int:
        start, bracketed = i, False
        i += 1
        words = 8
        # Behind the name can stand "(95% CI)", "[OR]", "(M-H, Fixed, 95% CI)" or some words.
        level = None
        while i < len(self.marks):
            if self._kind(i) == "ci" and (bracketed or self._is_sign(i + 1, "=", ":") or level is None):
                level = level_of(self.marks[i]) or level
                if not bracketed and self._pair(i + 1) and not self._triple(i + 1):
                    return start + 1
            elif self._is_sign(i, *_OPEN):
                bracketed = True
            elif self._is_sign(i, *_CLOSE):
                bracketed = False
            elif self._kind(i) == "word" and words:
                words -= 0 if bracketed else 1
            elif self._kind(i) != "effect" and not (self._kind(i) == "sign" and self.marks[i].text in "=:,;≈-/"):
                break
            i += 1
        if self._kind(i) != "number" or (words < 8 and not has_decimals(self.marks[i])):
            return start + 1
        if self._kind(i + 1) == "word" and self.marks[i + 1].text not in _JOIN and not has_decimals(self.marks[i]):
            return start + 1
        return self._begin(i, level)

    def _triple(self, i: int) -> bool:
        """Whether three numbers stand in a row: an estimate and its limits."""
        i = self._skip(i, 0)
        return self._kind(i) == "number" and self._pair(i + 1) is not None

    def _begin(self, i: int, level: float | None) -> int:
        """Begin an effect with its estimate at i, and take the interval that follows."""
        estimate = self.marks[i]
        self.effect, self.spread, self.said = Result(self.measure), None, self.sentence
        self.source.results.append(self.effect)
        self._take(self.effect, self.measure, estimate)
        j = i + 1
        while self._is_sign(j, ",", ";", ":", *_OPEN, "with", "a"):
            j += 1
        if self._kind(j) == "ci":
            limits = self._pair(j + 1)
            level = level_of(self.marks[j]) or level
        else:
            directly = self._is_sign(i + 1, *_OPEN) or level is not None
            limits = self._pair(i + 1) if directly else None
        return self._limits(limits, level) if limits else i + 1

    def _limits(self, limits: tuple[int, int, int], level: float | None) -> int:
        low, high, end = limits
        assert self.effect is not None
        self.effect.level = level or 0.95
        self._take(self.effect, "CI low", self.marks[low])
        # "0.27 –0.76": between two limits the dash is no sign unless another mark parts them.
        self._take(self.effect, "CI high", self.marks[high], unsigned=high == low + 1)
        self.last = "CI"
        return end

    def _read_interval(self, i: int) -> int:
        limits = self._pair(i + 1)
        if limits is None or self.last == "I2":
            return self._i2_interval(limits, i)
        if self.effect is not None and not self.effect.has("CI low") and self.said == self.sentence:
            return self._limits(limits, level_of(self.marks[i]))
        return i + 1

    def _i2_interval(self, limits: tuple[int, int, int] | None, i: int) -> int:
        if limits is None or self.spread is None:
            return i + 1
        for name, j in (("I2 low", limits[0]), ("I2 high", limits[1])):
            self._take(self.spread, name, self.marks[j])
        self.last = "I2"
        return limits[2]

    def _read_number(self, i: int) -> int:
        """Read a number without a name before it: degrees of freedom, or an estimate whose interval follows."""
        if self._kind(i + 1) == "df" and not self._is_sign(i + 2, "="):
            self._take(self._heterogeneity("df"), "df", self.marks[i])
            return i + 2
        j = i + 1
        while self._is_sign(j, ",", ";", *_OPEN):
            j += 1
        limits = self._pair(j + 1) if self._kind(j) == "ci" else None
        like = self.effect is not None and self.effect.has("CI low") and self.said == self.sentence
        pair = self._pair(i + 1)
        if limits is None and pair and self.has_interval and self._is_sign(i + 1, "[", "(" if like else "["):
            # RevMan's "2.14 [1.32, 3.48]", or one more of a list of effects.
            numbers = [self.marks[i], *(self.marks[k] for k in pair[:2])]
            same = len({len(m.match["digits"].rpartition(".")[2]) for m in numbers if has_decimals(m)}) == 1
            if same and all(map(has_decimals, numbers)) and not _NO_EFFECT.search(self._line_of(i)):
                limits = pair
        if limits is None or self.marks[i].match["percent"]:
            return i + 1
        return self._begin(i, level_of(self.marks[j]) if self._kind(j) == "ci" else None)

    def _line_of(self, i: int) -> str:
        start = self.text.rfind("\n", 0, self.marks[i].match.start()) + 1
        return self.text[start : self.marks[i].match.start()]

    def _read_statistic(self, i: int) -> int:
        kind = self.marks[i].kind
        j = i + 1
        inside = None
        if kind in ("Chi2", "Z") and self._is_sign(j, *_OPEN):
            # The degrees of freedom stand in brackets: "χ2(3) = 2.55", "χ2 (df = 3) = 2.55".
            k = self._skip(j, 0) + (self._kind(self._skip(j, 0)) == "df")
            k = self._skip(k, 0)
            close = next((m for m in range(k, min(k + 7, len(self.marks))) if self._is_sign(m, *_CLOSE)), None)
            if self._kind(k) == "number" and close is not None and self._is_sign(close + 1, "=", ":", "was"):
                inside, j = k, close + 1
        elif kind == "Chi2" and self._kind(j) == "number" and self._is_sign(j + 1, "="):
            inside, j = j, j + 1
        j = self._skip(j, 0 if kind in ("df", "k", "Z") else 5 if kind == "p" else 3)
        if self._kind(j) != "number":
            return i + 1
        number = self.marks[j]
        if kind == "p":
            self._read_p(j)
        elif kind == "Z":
            target = self.effect
            if target is None or target.has("Z") or inside is not None:
                target = self.effect = self._lone()
            self.said = self.sentence
            self._take(target, "Z", number)
            self.last = "Z"
        else:
            if inside is not None:
                self._take(self._heterogeneity("df"), "df", self.marks[inside])
            self._take(self._heterogeneity(kind), kind, number)
            self.last = kind
            limits = self._pair(j + 1) if kind == "I2" and self._is_sign(j + 1, *_OPEN) else None
            if limits:
                return self._i2_interval(limits, j)
        return j + 1

    def _heterogeneity(self, statistic: str) -> Result:
        """Return the test of heterogeneity that a statistic belongs to, a new one where it has that already."""
        if self.spread is None or self.spread.has(statistic):
            self.spread = self._lone()
        return self.spread

    def _lone(self) -> Result:
        self.source.results.append(Result())
        return self.source.results[-1]

    def _read_p(self, j: int) -> None:
        """Give a P to the effect, to heterogeneity or to neither, by the words around it and what was read before."""
        number = self.marks[j]
        after = self.text[number.match.end() : number.match.end() + 40]
        said = re.match(r"\s?(?:for|of)\s[\w -]*", after)
        around = self.text[self.behind : number.match.start()].rpartition(". ")[2] + (said[0] if said else "")
        following = next((m.kind for m in self.marks[j + 1 : j + 4] if m.kind not in ("sign", "word")), "")
        overall = re.search(r"(?i)overall effect|effect size", around)
        spread = self.last in ("Chi2", "df", "I2", "Tau2", "P(Q)") or (
            self.last not in ("CI", "Z", "effect") and following in ("I2", "Chi2", "Tau2")
        )
        if _OTHER.search(around) and not spread:
            self._take(self._lone(), "P", number)
        elif (OF_HETEROGENEITY.search(around) or spread) and not overall:
            self._take(self._heterogeneity("P(Q)"), "P(Q)", number)
            self.last = "P(Q)"
        else:
            effect = self.effect
            if effect is None or effect.has("P") or self.said != self.sentence or not self.last:
                effect = self._lone()
            self._take(effect, "P", number)
            self.last = "P"

    def _take(self, result: Result, statistic: str, mark: Mark, *, unsigned: bool = False) -> None:
        reading = self.source.reading(statistic, mark, self.comma, unsigned)
        if reading is not None:
            result.readings.append(reading)
            mark.used = True
            self.behind = mark.match.end()
            if statistic not in (*EFFECT, *HETEROGENEITY):
                self.last = self.last if statistic.startswith("I2") else "effect"
