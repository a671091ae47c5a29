"""How papers spell statistics: one plain spelling for all, in which every character knows where it stood.

Only the signs around a number are made alike here; what a number means is read by
:func:`~metalib.audit.printed.read_printed` alone.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from html import unescape

_COMMANDS = {"chi": "χ", "tau": "τ", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "times": "×", "lt": "<", "gt": ">"}
_REWRITE = re.compile(
    r"\\(?:text|math)\w*\s*\{|\\(?P<command>[A-Za-z]+)|\\(?P<escaped>[%$&_#])|\\[,;:! ]"
    r"|(?P<entity>&#?\w{2,8};)|</?[A-Za-z][^<>\n]{0,80}>|\^\s*\{?\s*(?P<power>2)\s*\}?|(?P<marks>[${}*_`]+)"
)
# Characters whose compatibility form would say something else, or nothing.
_SINGLE = {
    "²": "2 ",
    **dict.fromkeys("‐‑﹣", "-"),
    **dict.fromkeys("‒—―~∼〜", "–"),
    **dict.fromkeys("∙•⋅・", "·"),
    **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),
}
_DIGITS = {
    # Group signs need three digits behind them; a journal without the leading zero prints .05.
    False: r"(?:\d{1,3}(?:,\d{3})+(?!\d)(?:[.·]\d+)?|\d+(?:[.·]\d+)?|[.·]\d+)",
    True: r"(?:\d{1,3}(?:\.\d{3})+(?![\d,]*\d\.)(?:,\d+)?(?!\d)|\d+(?:[,.·]\d+)?|,\d+)",
}
_COMMA, _POINT = re.compile(r"(?<![\d.,])\d+,(?:\d{1,2}|\d{4,})(?![\d,.]*\d)|(?<!\d)0,\d+"), re.compile(r"\d[.·]\d")


@dataclass(frozen=True, slots=True)
class Spelled:
    """A text in its plain spelling; ``at[i]`` is where character i stood, and the last entry where the text ended."""

    text: str
    at: tuple[int, ...]


def spell(text: str) -> Spelled:
    """Return a text without mark-up, with ASCII spaces, plain letters and digits, and ``-``, ``–`` or ``−`` for dashes.

    LaTeX, HTML and Markdown signs go; powers of two become a 2; what keeps its meaning keeps its character.
    """
    characters: list[str] = []
    at: list[int] = []
    position = 0
    while position < len(text):
        match = _REWRITE.match(text, position)
        if match is None:
            new = _plain(text[position])
            end = position + 1
        else:
            end = match.end()
            new = " " if match["marks"] or match["command"] else ""
            if match["command"] in _COMMANDS:
                new = _COMMANDS[match["command"]]
            elif match["entity"]:
                new = "".join(map(_plain, unescape(match["entity"])))
            elif match["escaped"] or match["power"]:
                new = match["escaped"] or "2 "
        # One sign can stand for several; a power needs no blank where none would part digits.
        if new == "2 " and not text[end : end + 1].isalnum():
            new = "2"
        characters += new
        at += [position] * len(new)
        position = end
    return Spelled("".join(characters), (*at, len(text)))


def _plain(character: str) -> str:
    if character in _SINGLE:
        return _SINGLE[character]
    plain = unicodedata.normalize("NFKC", character)
    return _SINGLE.get(plain, plain)


def decimal_comma(text: str) -> bool:
    """Whether a passage prints decimals behind a comma: more numbers like 0,45 than like 0.45."""
    return len(_COMMA.findall(text)) > len(_POINT.findall(text))


def number_pattern(comma: bool) -> str:
    """Return the pattern of a number with its bound, sign, power of ten and percent sign."""
    return (
        r"(?P<bound>(?:[<>]\s?=?|[≤≥])\s*)?(?P<sign>(?<![\w)\]%])[-−–+](?=[\d.,·]))?"
        rf"(?<![A-Za-z\d])(?P<digits>{_DIGITS[comma]})(?![A-Za-z]*\d)"
        r"(?:\s?[×xX]\s?10\s?\^?\s?(?P<power>[-−–]?\d{1,2})|[eE](?P<e>[-−–]?\d{1,2}))?(?P<percent>\s?%)?"
    )


def plain_number(match: re.Match[str], comma: bool) -> str:
    """Return a number of :func:`number_pattern` as :func:`~metalib.audit.printed.read_printed` reads it.

    >>> pattern = re.compile(number_pattern(True))
    >>> [plain_number(pattern.search(text), True) for text in ("p<0,001", "−,5", "1.234,5", "3,2×10-5")]
    ['<0.001', '-0.5', '1234.5', '0.000032']
    """
    digits = match["digits"]
    if comma:
        grouped = re.fullmatch(r"\d{1,3}(\.\d{3})+(,\d+)?", digits) and not digits.startswith("0.")
        digits = (digits.replace(".", "") if grouped else digits).replace(",", ".")
    digits = digits.replace(",", "").replace("·", ".")
    digits = f"0{digits}" if digits.startswith(".") else digits
    power = (match["power"] or match["e"] or "0").replace("−", "-").replace("–", "-")
    if int(power):
        whole, _, decimals = digits.partition(".")
        places = len(decimals) - int(power)
        value = int(whole + decimals)
        digits = f"{value * 10.0**-places:.{places}f}" if places > 0 else str(value * 10**-places)
    bound = (match["bound"] or "").replace(" ", "")
    sign = "-" if match["sign"] and match["sign"] != "+" else ""
    return f"{bound}{sign}{digits}{'%' if match['percent'] else ''}"
