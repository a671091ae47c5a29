"""The tables that every program is given."""

from __future__ import annotations

import numpy as np
import pandas as pd

Counts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def random_counts(analyses: int, studies: int, seed: int = 1) -> Counts:
    """Return ``events_t, n_t, events_c, n_c``, whole numbers of shape (analyses, studies).

    Arms of 20 to 200 patients; each meta-analysis has its own baseline risk and effect, its studies scatter around it.
    No cell is zero, because the programs treat zero cells differently and would not compute the same.
    """
    random = np.random.default_rng(seed)
    n_t, n_c = random.integers(20, 201, (2, analyses, studies))
    logit_c = random.uniform(-2.5, 0.5, (analyses, 1)) + random.normal(0, 0.3, (analyses, studies))
    logit_t = logit_c + random.normal(0, 0.5, (analyses, 1)) + random.normal(0, 0.4, (analyses, studies))
    events = [random.binomial(n, 1 / (1 + np.exp(-x))) for n, x in ((n_t, logit_t), (n_c, logit_c))]
    return np.clip(events[0], 1, n_t - 1), n_t, np.clip(events[1], 1, n_c - 1), n_c


def frame(counts: Counts, row: int = 0) -> pd.DataFrame:
    """Return one meta-analysis as the data frame that :func:`metalib.pool` takes."""
    names = ("events_t", "n_t", "events_c", "n_c")
    columns = {name: array[row] for name, array in zip(names, counts, strict=True)}
    return pd.DataFrame({"study": [f"study {i + 1}" for i in range(counts[0].shape[1])], **columns})
