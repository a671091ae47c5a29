"""Importing metalib loads nothing heavy, and every public name is there for programs and for type checkers."""

from __future__ import annotations

import ast
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import metalib

HEAVY = ("IPython", "matplotlib", "numpy", "pandas", "scipy", "seaborn", "statsmodels", "yaml")


def fresh(code: str) -> str:
    """Run code in a new Python, where nothing is loaded yet, and return what it prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_loads_no_heavy_package() -> None:
    loaded = fresh("import metalib, sys; print(*sys.modules)").split()
    assert "metalib" in loaded
    assert not {name.split(".")[0] for name in loaded} & set(HEAVY)


def test_pooling_loads_only_what_it_needs() -> None:
    loaded = set(fresh("import metalib, sys; metalib.pool; print(*sys.modules)").split())
    assert {"numpy", "pandas", "scipy.special"} <= loaded
    assert not loaded & {"matplotlib", "statsmodels", "yaml", "scipy.stats", "scipy.optimize", "scipy.linalg"}


@pytest.mark.parametrize("name", metalib.__all__)
def test_every_public_name_is_found(name: str) -> None:
    value = getattr(metalib, name)
    module = f"metalib.{metalib._MODULES[name]}"
    if not name.isupper():
        assert (value.__name__, value.__module__) == (name, module)
    assert value is getattr(sys.modules[module], name)
    assert name in dir(metalib)


def test_names_are_listed_before_they_are_used() -> None:
    assert set(metalib.__all__) <= set(fresh("import metalib; print(*dir(metalib))").split())


def test_a_star_import_brings_every_name() -> None:
    assert fresh("from metalib import *; print(pool.__module__, effects.__module__)").split() == [
        "metalib.arithmetic.pooling",
        "metalib.arithmetic.study_effects",
    ]


def test_an_unknown_name_is_refused_as_by_any_module() -> None:
    with pytest.raises(AttributeError, match="module 'metalib' has no attribute 'average'"):
        metalib.average  # noqa: B018
    with pytest.raises(ImportError, match="average"):
        exec("from metalib import average")


def test_no_module_takes_the_place_of_a_public_name() -> None:
    modules = {module.name for module in pkgutil.iter_modules(metalib.__path__)}
    assert not modules & set(metalib.__all__)


def test_type_checkers_see_the_same_names_from_the_same_modules() -> None:
    tree = ast.parse(Path(metalib.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name: line.module for line in block.body for alias in line.names}
    assert seen == metalib._MODULES
    assert sorted(seen) == sorted(metalib.__all__)
