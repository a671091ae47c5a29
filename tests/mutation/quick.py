"""A pytest plugin for the mutation run: property tests with few, always the same, examples."""

from __future__ import annotations

import pytest
from hypothesis import settings

EXAMPLES = 10


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        test = getattr(item, "obj", None)
        own = getattr(test, "_hypothesis_internal_use_settings", None)
        if own is not None:
            test._hypothesis_internal_use_settings = settings(
                own, max_examples=min(own.max_examples, EXAMPLES), derandomize=True, database=None
            )
