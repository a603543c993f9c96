"""The verdict of `mfpde verify`, on one screen."""

from typing import Any

from mfpde.analysis.report_tables import Table
from mfpde.console import Console


def print_verdict(facts: dict[str, Any], console: Console) -> None:
    """One line per check, then whether all passed."""
    table = Table(
        "",
        "check",
        "found",
        title="mfpde verify" + (f" on {facts['device']['name']}" if "device" in facts else ""),
    )
    for check in facts["checks"]:
        table.add_row("ok" if check["passed"] else "FAILED", check["name"], check["found"])
    console.print(table)
    failed, total = sum(not check["passed"] for check in facts["checks"]), len(facts["checks"])
    if failed:
        console.print(
            f"[red]{failed} of {total} checks FAILED[/red]: do not trust results before this is mended"
        )
    else:
        skipped = sum(check["found"].startswith("not installed") for check in facts["checks"])
        console.print(
            f"passed: {total - skipped} of {total} checks"
            + (f"; {skipped} could not be made" if skipped else "")
        )
