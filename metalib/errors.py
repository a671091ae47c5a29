"""The exceptions that metalib raises on purpose.

Everything derives from :class:`MetalibError`, which is a ``ValueError``, so that one ``except`` catches all of it.
"""

from __future__ import annotations

#: A message that carries a longer value could not be read.
LONGEST_SHOWN = 200


def shown(value: object) -> str:
    """Return a value as messages show it: never more than a line, whatever the object does when asked for itself."""
    try:
        text = repr(value)
    except Exception:
        return f"<{type(value).__name__} that cannot be shown>"
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


class MetalibError(ValueError):
    """Base class of metalib's own exceptions."""


class OptionError(MetalibError):
    """An argument that metalib does not know, or a combination that has no meaning."""


class DataError(MetalibError):
    """Data that cannot be used, with the place where it stands.

    Parameters
    ----------
    problem : str
        What is wrong, without the place.
    file, row, study, arm, value : optional
        The place: file name, row (1 is the first row below the header), study, arm
        (``"experimental"`` or ``"control"``) and the offending value. What is unknown is left out.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: object = None,
        row: int | None = None,
        study: object = None,
        arm: str | None = None,
        value: object = None,
    ) -> None:
        self.problem = problem
        self.file = None if file is None else str(file)
        self.row = row
        self.study = study if study is None or isinstance(study, str) else shown(study)
        self.arm = arm
        self.value = value
        place = [
            self.file,
            None if row is None else f"row {row}",
            None if study is None else f"study {shown(study)}",
            None if arm is None else f"{arm} arm",
            None if value is None else f"value {shown(value)}",
        ]
        named = ", ".join(part for part in place if part)
        super().__init__(f"{named}: {problem}" if named else problem)


class PuzzleError(DataError):
    """A recovery puzzle that cannot be read or contradicts itself."""


def choose(name: str, value: object, allowed: tuple[str, ...]) -> str:
    """Return `value` if it is one of `allowed`, else raise :class:`OptionError` naming them."""
    if not isinstance(value, str) or value not in allowed:
        raise OptionError(f"{name}={shown(value)} is not known; use one of {', '.join(allowed)}")
    return value


class BookError(MetalibError):
    """A book whose pages are not those of its data, or are not finished."""
