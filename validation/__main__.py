"""Compare metalib with every other program, or make the golden numbers again.

    python -m validation agreement            `make validate`
    python -m validation golden [SET ...]     `make golden`; needs R with metafor

``agreement`` writes ``agreement.csv`` (one row for each engine x measure x method x quantity), ``differences.csv`` (the
known differences between programs) and ``engines.csv`` (their versions) into ``golden``; the tests make the same
comparisons and hold the files against them. ``golden`` computes every stored block again and compares;
``--store`` writes what comes out.
"""

from __future__ import annotations

import argparse
import sys
import warnings

import pandas as pd

from metalib.audit.agreement import agreement_frame

from . import remake
from .agreement import agreement, engines
from .differences import differences
from .sets import GOLDEN, SETS


def main() -> int:
    """Do what is asked; 1 if a number is outside its tolerance, 2 if R or metafor is missing."""
    parser = argparse.ArgumentParser(prog="python -m validation", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("agreement", help="compare metalib with every other program on every golden set")
    golden = commands.add_parser("golden", help="make the golden numbers again; needs R with metafor")
    golden.add_argument("sets", nargs="*", metavar="SET", help="by default all")
    golden.add_argument("--store", action="store_true", help="write the numbers of the sets named")
    arguments = parser.parse_args()
    if arguments.command == "agreement":
        return write_agreement()
    if unknown := set(arguments.sets) - set(SETS):
        parser.error(f"no golden/{min(unknown)}.json")
    if arguments.store and not arguments.sets:
        parser.error("--store needs the names of the sets")
    try:
        return make_golden(tuple(arguments.sets) or SETS, arguments.store)
    except remake.MissingProgram as error:
        print(f"make golden: {error}", file=sys.stderr)
        return 2


def write_agreement() -> int:
    """Write the three files, and report what is outside its tolerance."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        summary = agreement()
        summary.to_csv(GOLDEN / "agreement.csv", index=False, lineterminator="\n")
        differences().to_csv(GOLDEN / "differences.csv", index=False, lineterminator="\n", float_format="%.10g")
        pd.DataFrame(engines()).to_csv(GOLDEN / "engines.csv", index=False, lineterminator="\n")
    for engine, rows in summary.groupby("engine"):
        print(f"{engine}: {rows['values'].sum()} values, {rows['outside'].sum()} outside their tolerance")
    return int(summary["outside"].sum() > 0)


def make_golden(names: tuple[str, ...], store: bool) -> int:
    """Make the numbers of these sets again, print how they compare block by block, and store them if asked."""
    print(f"{remake.versions()}: {len(names)} sets, about a second each", flush=True)
    made = remake.make(names)
    if store:
        for name in names:
            remake.store(name, made[name])
    comparisons = [c for name in names for c in remake.compare(name, made[name]["measures"])]
    frame = agreement_frame(comparisons)
    frame["outside"] = ~frame["agrees"].astype(bool)
    columns = {
        "sets": ("dataset", "nunique"),
        "values": ("dataset", "size"),
        "largest relative difference": ("difference", "max"),
        "outside": ("outside", "sum"),
    }
    table = pd.concat([frame.groupby("method").agg(**columns), frame.groupby(lambda row: "all").agg(**columns)])
    print(table.to_string(float_format="%.1e"))
    for c in [c for c in comparisons if not c.agrees][:20]:
        print(f"differs: {c.dataset} {c.measure} {c.method} {c.quantity}: made {c.ours}, stored {c.golden}")
    return int(frame["outside"].any())


if __name__ == "__main__":
    sys.exit(main())
