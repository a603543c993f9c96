"""The oldest dependencies that pyproject.toml allows, one a line as pip reads them.

`python -m validation.oldest > oldest.txt; pip install -r oldest.txt`.
"""

import argparse
import re
from collections.abc import Sequence

from validation.platforms import requirements


def oldest(wanted: Sequence[str]) -> list[str]:
    """Requirements with every lower bound made the only version; those without one stay.

    Raises:
        ValueError: a requirement is not written as name>=version.
    """
    found = []
    for line in wanted:
        match = re.fullmatch(r"([\w.-]+)>=([\w.]+)(?:,![=\w.]+)?(;.*)?", line.replace(" ;", ";"))
        if match is None:
            raise ValueError(f"pyproject.toml: '{line}' has no lower bound; expected name>=version")
        name, version, marker = match.groups()
        found.append(f"{name}=={version}{marker or ''}")
    return found


def main() -> None:
    """Print them, one a line."""
    parser = argparse.ArgumentParser(prog="python -m validation.oldest", description=__doc__)
    parser.add_argument(
        "--extra", action="append", default=[], help="with an extra of pyproject.toml; repeatable"
    )
    print("\n".join(oldest(requirements(parser.parse_args().extra))))


if __name__ == "__main__":
    main()
