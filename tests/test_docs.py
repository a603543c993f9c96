"""What the documentation says is so."""

import re
import typing
from pathlib import Path

import pytest
from pydantic import BaseModel

from mfpde.activations import FORMULAS
from mfpde.case.schema import Case
from mfpde.expressions.parse import FUNCTIONS
from mfpde.figures import FIGURES

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
    missing = [f"{m.__name__}.{key}" for m, keys in tables(Case).items() for key in keys if not re.search(rf"\b{key}\b", text)]
    assert missing == []


@pytest.mark.parametrize("names", [FORMULAS, FUNCTIONS])
def test_every_activation_and_function_is_documented(names):
    text = (ROOT / "docs/case_file.md").read_text()
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


def test_readme_links_exist():
    text = (ROOT / "README.md").read_text()
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / link).exists(), link


def test_every_figure_is_named_in_the_help():
    from mfpde.cli import plot

    assert all(name in (plot.__doc__ or "") for name in FIGURES)
