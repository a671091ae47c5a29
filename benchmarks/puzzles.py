"""Meta-analyses that were made up, printed as papers print them, and given to the search as puzzles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metalib.recover import Puzzle, check_puzzle
from metalib.recover.agree import pool_rows, printable
from metalib.recover.parts import Result

#: Decimals of a number whose decimals are not those of the estimate.
DIGITS = {"I2": 0, "df": 0, "P": 3}
NAMES = ("effect", "ci_low", "ci_high", "P", "Q", "I2")
PRINTED = ("total", "total and events", "leave-one-out", "cumulative", "study rows")


@dataclass(frozen=True)
class Setting:
    """What a puzzle is like.

    Attributes
    ----------
    studies : int
    arms : tuple of int
        Smallest and largest arm.
    digits : int
        Decimals of estimate, interval and Q.
    printed : str
        One of :data:`PRINTED`.
    known : bool
        Arm sizes are printed; else they are known up to a tenth, and are equal within a study.
    model : str
    """

    studies: int
    arms: tuple[int, int]
    digits: int
    printed: str
    known: bool
    model: str = "fixed"

    def make(self, random: np.random.Generator) -> tuple[Puzzle, np.ndarray]:
        """Return a puzzle and the tables behind it, shape (studies, 4)."""
        while True:
            tables = self._tables(random)
            content = self._content(tables)
            if content is not None:
                return check_puzzle(content), tables

    def _tables(self, random: np.random.Generator) -> np.ndarray:
        low, high = self.arms
        n_t = random.integers(low, high + 1, self.studies)
        n_c = np.clip(n_t + random.integers(-3, 4, self.studies), low, high) if self.known else n_t
        logit = random.uniform(-2.5, 0.5) + random.normal(0, 0.3, self.studies)
        effect = random.normal(0, 0.5) + random.normal(0, 0.3, self.studies)
        a, c = (random.binomial(n, 1 / (1 + np.exp(-x))) for n, x in ((n_t, logit + effect), (n_c, logit)))
        return np.stack([a, n_t, c, n_c], axis=1)

    def _content(self, tables: np.ndarray) -> dict[str, object] | None:
        names = [f"s{i + 1}" for i in range(self.studies)]
        results = []
        for members in self._sets():
            result = Result("", "event", tuple(names[i] for i in members), "OR", "MH", self.model, (), "")
            batch = pool_rows(result, tables[None, list(members)])
            if not batch.estimable[0]:
                return None
            values = printable(batch, "OR")
            texts = {n: f"{float(values[n][0]):.{DIGITS.get(n, self.digits)}f}" for n in NAMES if values[n][0] < np.inf}
            results.append(
                {
                    "id": f"line {len(results) + 1}", "outcome": "event", "studies": list(result.studies),
                    "model": self.model, "printed": texts,
                }
            )  # fmt: skip
        content: dict[str, object] = {"studies": [self._study(*row) for row in zip(names, tables, strict=True)]}
        if self.printed == "total and events":
            sums = tables[:, [0, 2]].sum(axis=0).tolist()
            arms = zip(("experimental", "control"), sums, strict=True)
            content["totals"] = [{"outcome": "event", "arm": arm, "value": value} for arm, value in arms]
        return {**content, "results": results}

    def _study(self, name: str, table: np.ndarray) -> dict[str, object]:
        n_t, n_c = int(table[1]), int(table[3])
        if self.known:
            return {"id": name, "n_t": n_t, "n_c": n_c}
        ends = [n_t - n_t // 10, n_t + n_t // 10]
        return {"id": name, "n_t": ends, "n_c": ends, "max_difference": 0}

    def _sets(self) -> list[range | list[int]]:
        """Return which studies each printed line pools."""
        whole = range(self.studies)
        if self.printed == "cumulative":
            return [range(i + 1) for i in whole]
        if self.printed == "leave-one-out":
            return [whole, *([j for j in whole if j != i] for i in whole)]
        return [whole, *([i] for i in whole)] if self.printed == "study rows" else [whole]
