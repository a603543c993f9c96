"""Registries know their entries without importing them."""

import subprocess
import sys

import pytest

from mfpde import kinds, registry
from mfpde.errors import InputError
from mfpde.registry import Registry

ENTRY = '''"""Sums of two.
And more. Then more.

Details."""

NEEDS = "two numbers"

SUM = lambda a, b: a + b
'''


@pytest.fixture
def sums(tmp_path, monkeypatch):
    (tmp_path / "sums").mkdir()
    (tmp_path / "sums/plain.py").write_text(ENTRY)
    (tmp_path / "sums/classy.py").write_text('"""A class: 1.5 times as good."""\n\nclass SUM:\n    pass\n')
    (tmp_path / "sums/helper.py").write_text('"""No entry."""\n\nSUMS = 1\n    SUM = 2\n')
    monkeypatch.setattr(registry, "ROOT", tmp_path)
    return Registry("mfpde.sums", "SUM", "sum")


def test_entries_are_the_modules_that_define_the_name(sums):
    assert list(sums) == ["classy", "plain"]
    assert "plain" in sums
    assert "helper" not in sums


def test_what_files_say_is_read_without_importing_them(sums):
    assert sums.summary("plain") == "Sums of two"
    assert sums.summary("classy") == "A class: 1.5 times as good"
    assert sums.constant("plain", "NEEDS") == "two numbers"
    assert sums.constant("classy", "NEEDS") is None


def test_an_unknown_entry_is_answered_with_the_nearest(sums):
    with pytest.raises(
        InputError, match=r"'plan' is no sum; did you mean 'plain'\? \(known: classy, plain\)"
    ):
        sums["plan"]


KINDS = {name: value for name, value in vars(kinds).items() if isinstance(value, Registry)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_can_be_loaded_and_says_what_it_is(kind):
    for name in KINDS[kind]:
        assert KINDS[kind][name] is not None
        assert KINDS[kind].summary(name)


def test_names_are_known_without_numerical_libraries():
    code = """
import sys
from mfpde import kinds, registry

assert all(kind.names for kind in vars(kinds).values() if isinstance(kind, registry.Registry))
assert not {"numpy", "pydantic", "matplotlib"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
