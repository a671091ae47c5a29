"""Write data/datapackage.json and the tables of data/README.md, as `make describe` does."""

from __future__ import annotations

import json
from pathlib import Path

from metalib.audit.datapackage import data_dictionary, data_package

DATA = Path(__file__).resolve().parent.parent / "data"


def described(folder: Path = DATA) -> dict[str, str]:
    """Return the text of each file that describes the data, by its name."""
    package = data_package(folder)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    return {
        "datapackage.json": json.dumps(package, indent=1, ensure_ascii=False) + "\n",
        "README.md": data_dictionary(readme, package),
    }


if __name__ == "__main__":
    for name, text in described().items():
        (DATA / name).write_text(text, encoding="utf-8")
        print(f"data/{name}")
