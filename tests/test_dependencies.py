"""What is declared: that it can be had on every platform is looked for in the right way, and the conda
environment agrees.
"""

import re
from pathlib import Path

import pytest

from validation.oldest import oldest
from validation.platforms import PLATFORMS, PYTHONS, requirements, resolve

ROOT = Path(__file__).parents[1]
BY_NAME = {platform.name: platform for platform in PLATFORMS}
POCL = "pocl-binary-distribution>=3.0"
#: what conda-forge calls by another name
CONDA = {"matplotlib-base": "matplotlib"}


@pytest.fixture(scope="module")
def registry():
    """Tests that ask for packages need somebody who has them."""
    if resolve(["filelock"], PLATFORMS[0], "3.12"):
        pytest.skip("no package registry answers")


@pytest.mark.slow
def test_a_dependency_without_wheels_is_noticed(registry):
    assert resolve([POCL], BY_NAME["Linux x86_64"], "3.12") == ""
    for platform in ("macOS arm64", "Windows AMD64", "Linux aarch64"):
        assert "pocl-binary-distribution" in resolve([POCL], BY_NAME[platform], "3.12")
    assert "pyopencl" in resolve(["pyopencl==2024.3"], BY_NAME["Linux x86_64"], "3.14")


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.name)
def test_markers_are_those_of_the_target(platform):
    """What is declared for other systems alone is not asked for, so that no registry is needed."""
    facts = platform.markers | {"python_version": "3.13"}
    assert (
        resolve(
            [f"no-package-has-this-name-{k}; {name} != '{facts[name]}'" for k, name in enumerate(facts)],
            platform,
            "3.13",
        )
        == ""
    )


def test_all_systems_and_pythons_are_resolved_for():
    assert len(PLATFORMS) * len(PYTHONS) == 20
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_oldest_of_a_requirement_is_its_bound():
    assert oldest(["a>=1.2", "b-c>=2024.3,!=2026.1.3", "d>=3; sys_platform == 'linux'"]) == [
        "a==1.2",
        "b-c==2024.3",
        "d==3; sys_platform == 'linux'",
    ]
    with pytest.raises(ValueError, match="'a' has no lower bound"):
        oldest(["a"])
    assert all("==" in line for line in oldest(requirements(["fipy", "intel", "bench", "fuzz", "test"])))


def test_the_conda_environment_agrees():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    listed = {
        re.split("[<>=!]", line)[0]: line
        for line in re.findall(r"^  - (.+)$", text.partition("\ndependencies:\n")[2], re.MULTILINE)
    }
    assert listed.pop("python") == "python>=3.11"
    assert listed.pop("pip")
    assert listed.pop("pocl")  # which pip has by another name
    found = {CONDA.get(name, name) + line.removeprefix(name) for name, line in listed.items()}
    assert found == {line for line in requirements() if not line.startswith("pocl-binary-distribution")}
    assert "pip install --no-deps ." in text
