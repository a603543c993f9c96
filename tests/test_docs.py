"""What the documentation says is so."""

import re
import typing
from pathlib import Path

import pytest
from pydantic import BaseModel

from mfpde.activations import FORMULAS
from mfpde.case.schema import Case
from mfpde.expressions.parse import FUNCTIONS
from mfpde.figures import FIGURES, FIGURES_OF_SEVERAL

ROOT = Path(__file__).parents[1]


def tables(model, seen=None):
    seen = {} if seen is None else seen
    if model not in seen:
        seen[model] = [field.alias or name for name, field in model.model_fields.items()]
        for field in model.model_fields.values():
            stack = [field.annotation]
            while stack:
                annotation = stack.pop()
                if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                    tables(annotation, seen)
                stack += typing.get_args(annotation)
    return seen


def test_every_key_of_a_case_is_documented():
    text = (ROOT / "docs/case_file.md").read_text()
    missing = [
        f"{m.__name__}.{key}"
        for m, keys in tables(Case).items()
        for key in keys
        if not re.search(rf"\b{key}\b", text)
    ]
    assert missing == []


@pytest.mark.parametrize("names", [FORMULAS, FUNCTIONS])
def test_every_activation_and_function_is_documented(names):
    text = (ROOT / "docs/case_file.md").read_text()
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize(
    "file", ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
)
def test_links_exist(file):
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", (ROOT / file).read_text()):
        assert "://" in link or (ROOT / file).parent.joinpath(link).exists(), link


@pytest.mark.parametrize("file", sorted((ROOT / "docs").glob("*.md")), ids=lambda file: file.name)
def test_links_within_a_page_lead_to_a_heading(file):
    text = file.read_text()
    headings = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings


def test_every_figure_is_named_in_the_help():
    from mfpde.cli.verbs.plot import plot

    assert all(name in (plot.__doc__ or "") for name in (*FIGURES, *FIGURES_OF_SEVERAL))


def test_everything_a_checkpoint_holds_is_listed(tmp_path):
    from conftest import small_case

    from mfpde.runs import simulate
    from mfpde.store.archive import load_archive

    case = small_case(
        **{
            "dynamics.birth_death": 1.0,
            "time": 0.1,
            "fluctuations": {"predict": True, "rank": 4},
            "characteristics.nodes": 216,
        }
    )
    simulate(case, tmp_path / "run.h5")
    content = load_archive(max((tmp_path / "run.h5.checkpoints").glob("checkpoint-*.npz")))
    names = set(content) | set(content["state"]) | set(content["state"]["solvers"][0])
    for side in ("networks", "fluctuations"):
        names |= set(content["state"]["particles"][side])
    names |= set(content["state"]["health"]) - {"warnings"}
    text = (ROOT / "docs/long_runs.md").read_text()
    # parts with lines or words of their own
    prose = {"case", "state", "density", "solvers", "particles", "health", "flows", "directions"}
    assert [name for name in sorted(names - prose) if f"`{name}`" not in text] == []
