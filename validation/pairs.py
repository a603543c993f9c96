"""Every key of a case with every other one: `python -m validation.pairs [--family network] [--every 1]`.

Runs small cases that hold, for any two keys, every pair of their options (a covering array of strength two).
Each run ends well: finite energies, mass 1, and all verbs do their work on its output; or it goes bad for a
stated reason (exit code 3). Pairs that are refused (`validation/pairs_refused.py`) are tried by themselves:
each gets one sentence and exit code 2. Fails where anything else happens.
"""

import argparse
import itertools
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

from validation.pairs_factors import FAMILIES, Family
from validation.pairs_refused import REFUSED
from validation.pairs_trial import try_case

#: factors that are refused with others are chosen first
CONSTRAINED = {factor for refusals in REFUSED.values() for refusal, _ in refusals for factor in refusal}

Row = dict[str, str]


def is_refused(family: Family, row: Row) -> bool:
    """Whether a row, whole or not, holds options that are known to be refused together."""
    return any(
        all(row.get(factor) in wanted for factor, wanted in refusal.items())
        for refusal, _ in REFUSED[family.name]
    )


def rows(family: Family) -> list[Row]:
    """The covering array: any two options that can be in one case are in one of its rows.

    Greedy, one row at a time: an uncovered pair, then for each factor the option that covers most others with
    what the row holds. (Generators that search for the best row, as allpairspy does, do not end when pairs
    are refused.)
    """
    left = dict.fromkeys(uncovered(family, []))
    found = []
    while left:
        seed = next(iter(left))
        del left[seed]
        # into a dead end, then by defaults
        row = _row(family, dict(seed), left) or _row(family, dict(seed), {})
        if row is not None:
            found.append(row)
            for pair in itertools.combinations(row.items(), 2):
                left.pop(pair, None)
    return found


def _row(family: Family, row: Row, left: dict[Any, None]) -> Row | None:
    """A row that holds this pair; None if every third factor is refused with it."""
    names = list(family.factors)
    place = {name: k for k, name in enumerate(names)}
    for name in sorted(names, key=lambda name: name not in CONSTRAINED):
        if name in row:
            continue
        best, most = None, -1
        for option in family.factors[name]:
            if is_refused(family, row | {name: option}):
                continue
            item = (name, option)
            gain = sum(
                ((item, other) if place[name] < place[other[0]] else (other, item)) in left
                for other in row.items()
            )
            if gain > most:
                best, most = option, gain
        if best is None:
            return None
        row = row | {name: best}
    return {name: row[name] for name in names}


def refusals(family: Family) -> list[tuple[Row, str]]:
    """For each refused combination a row that holds it, else defaults, and a word of its sentence."""
    return [
        ({factor: wanted[0] for factor, wanted in refusal.items()}, word)
        for refusal, word in REFUSED[family.name]
    ]


def uncovered(family: Family, found: list[Row]) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Pairs of options, not refused, that no row holds."""
    held = {pair for row in found for pair in itertools.combinations(row.items(), 2)}
    options = [[(name, option) for option in options] for name, options in family.factors.items()]
    pairs = (
        pair for one, other in itertools.combinations(options, 2) for pair in itertools.product(one, other)
    )
    return [pair for pair in pairs if pair not in held and not is_refused(family, dict(pair))]


def main() -> None:
    """Run all rows, tell what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m validation.pairs", description=__doc__)
    parser.add_argument(
        "--family", choices=list(FAMILIES), action="append", help="only this kind of model; repeatable"
    )
    parser.add_argument("--every", type=int, default=1, help="only every so manieth row; default 1")
    options = parser.parse_args()
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    counts: Counter[str] = Counter()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        for family in [FAMILIES[kind] for kind in options.family or FAMILIES]:
            found = rows(family)
            trials = [(row, "") for row in found[:: options.every]] + refusals(family)[:: options.every]
            for turn, (row, word) in enumerate(trials):
                folder = Path(name, family.name, str(turn))
                code, problem = try_case(family.tables(row), folder, turn)
                said = (folder / "message.txt").read_text(encoding="utf-8").strip()
                if not problem and (code == 2) != bool(word):
                    problem = f"code {code}: {said}"
                if not problem and word not in said:
                    problem = f"{word!r} is not in {said!r}"
                counts["wrong" if problem else {0: "finished", 2: "refused", 3: "stopped"}[code]] += 1
                if problem or code == 3:
                    differs = {k: v for k, v in row.items() if v != next(iter(family.factors[k]))}
                    print(
                        f"--- {family.name} {turn} {'WRONG' if problem else 'stopped'}: {problem or said}\n  "
                        f"  {differs}",
                        flush=True,
                    )
            print(
                f"{family.name}: {len(found)} rows, {len(uncovered(family, found))} pairs that no row holds",
                flush=True,
            )
    print(
        ", ".join(f"{count} {what}" for what, count in counts.items()), f"in {time.monotonic() - begun:.0f} s"
    )
    sys.exit(1 if counts["wrong"] else 0)


if __name__ == "__main__":
    main()
