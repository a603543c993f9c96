"""Whether mfpde can be installed everywhere: `python -m validation.platforms [--extra test]`; fails where a
dependency has no wheel.

pip resolves the dependencies of pyproject.toml for every system and every Python, as it would there, and
installs nothing.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
AT_ONCE = 4
#: seconds for one resolution
PATIENCE = 300

#: What runs pip. It has options for the wheels of another system, but markers such as sys_platform == 'linux'
#: it takes from the interpreter that runs it: so they are replaced by those of the target. And a dry run
#: would download all wheels in the end, of which only the metadata were needed.
PIP = """
import json, sys
import pip._vendor.packaging.markers as markers
from pip._internal.operations.prepare import RequirementPreparer
target = json.loads(sys.argv.pop(1))
here = markers.default_environment
markers.default_environment = lambda: here() | target
RequirementPreparer.prepare_linked_requirements_more = lambda *arguments, **options: None
from pip._internal.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


class Platform(NamedTuple):
    """A system, as pip and as markers name it."""

    name: str
    tags: tuple[str, ...]
    markers: dict[str, str]


def _linux(machine: str) -> Platform:
    old = [f"manylinux{year}_{machine}" for year in ("2014", "2010", "1")]
    # glibc 2.28, of 2018, and what runs on it
    tags = (*(f"manylinux_2_{minor}_{machine}" for minor in range(28, 4, -1)), *old)
    return Platform(f"Linux {machine}", tags, _markers("posix", "Linux", "linux", machine))


def _markers(os_name: str, system: str, sys_platform: str, machine: str) -> dict[str, str]:
    return {
        "os_name": os_name,
        "platform_system": system,
        "sys_platform": sys_platform,
        "platform_machine": machine,
    }


PLATFORMS = (
    _linux("x86_64"),
    _linux("aarch64"),
    Platform("macOS arm64", ("macosx_14_0_arm64",), _markers("posix", "Darwin", "darwin", "arm64")),
    Platform("macOS x86_64", ("macosx_13_0_x86_64",), _markers("posix", "Darwin", "darwin", "x86_64")),
    Platform("Windows AMD64", ("win_amd64",), _markers("nt", "Windows", "win32", "AMD64")),
)


def requirements(extras: Sequence[str] = (), file: Path = ROOT / "pyproject.toml") -> list[str]:
    """What the project depends on, with some of its extras."""
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    return [
        *project["dependencies"],
        *(line for extra in extras for line in project["optional-dependencies"][extra]),
    ]


def resolve(wanted: Sequence[str], platform: Platform, python: str) -> str:
    """What cannot be had on a platform; empty if all can."""
    target = platform.markers | {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_version": f"{python}.0",
    }
    options = [
        "--dry-run",
        "--target=not-made",
        "--ignore-installed",
        "--only-binary=:all:",
        f"--python-version={python}",
        "--implementation=cp",
        "--progress-bar=off",
    ]
    options += [f"--platform={tag}" for tag in platform.tags]
    command = [sys.executable, "-c", PIP, json.dumps(target), "install", *options, *wanted]
    try:
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return f"not resolved within {PATIENCE} s"
    if done.returncode == 0:
        return ""
    missing = re.findall(r"No matching distribution found for (.+)", done.stderr)
    errors = re.findall(r"ERROR: (.+)", done.stderr)
    return (
        f"no wheel for {missing[-1].strip()}"
        if missing
        else (errors or done.stderr.strip().splitlines() or ["pip failed"])[-1]
    )


def main() -> None:
    """Resolve for all, tell one line each."""
    parser = argparse.ArgumentParser(prog="python -m validation.platforms", description=__doc__)
    parser.add_argument(
        "--extra", action="append", default=[], help="with an extra of pyproject.toml; repeatable"
    )
    wanted = requirements(parser.parse_args().extra)
    pairs = [(platform, python) for platform in PLATFORMS for python in PYTHONS]
    failed = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for (platform, python), problem in zip(
            pairs, pool.map(lambda pair: resolve(wanted, *pair), pairs), strict=True
        ):
            failed += bool(problem)
            print(f"{platform.name}, Python {python}: {problem or 'ok'}", flush=True)
    print(f"{len(pairs) - failed} of {len(pairs)} can install mfpde")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
