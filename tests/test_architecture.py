"""The house: imports go down its floors, no files import each other in a circle, and nothing is long."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: from the top down; modules of one floor may import each other only inside one package
FLOORS = [
    ["__main__"],
    ["cli"],
    [""],  # the public door, `mfpde/__init__.py`
    ["api"],
    ["figures", "verify"],
    ["studies"],
    ["analysis"],
    ["results"],
    ["runs"],
    ["simulation"],
    ["sides"],
    ["memory"],
    ["exact"],
    ["monitors"],
    ["store"],
    ["metrics"],
    ["optima"],
    ["certificates"],
    ["eulerian", "lagrangian"],
    ["models"],
    ["measures", "data"],
    ["device", "activations"],
    ["expressions"],
    ["case"],
    ["laws", "lagrangian.optimisers"],
    ["table"],
    ["kinds"],
    ["registry"],
    ["console"],
    ["foreign"],
    ["errors", "resources", "randomness", "threads", "letters", "arithmetic", "version"],
]
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}

#: lines of a file, lines of a function, letters of a line
LONGEST_FILE, LONGEST_FUNCTION, LONGEST_LINE = 250, 60, 110
#: what a problem is, which nobody outside of models asks
PROBLEMS = {"Problem", "Network", "Potential"}


def name_of(file):
    """The module that a file is."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def files():
    """Every module of the package and of what measures it, with its file."""
    return {
        name_of(file): file
        for part in ("mfpde", "validation", "benchmarks")
        for file in ROOT.glob(f"{part}/**/*.py")
    }


@cache
def tree_of(file):
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def imports():
    """module -> modules of ours that it imports anywhere: within functions and for annotations too."""
    return {name: {found for found in _imported(file) if found != name} for name, file in files().items()}


def _imported(file):
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield from {inner if inner in files() else node.module} & files().keys()
        elif isinstance(node, ast.Import):
            yield from {alias.name for alias in node.names} & files().keys()


def part_of(module):
    """The part of the package that a module belongs to, nothing for the public door; or a package within that
    stands on a floor of its own, since its entries hold tables of the case.
    """
    parts = module.removeprefix("mfpde").lstrip(".").split(".")
    inner = ".".join(parts[:2])
    return inner if inner in FLOOR_OF else parts[0]


def test_imports_go_down():
    wrong = [
        f"{importer} imports {imported}"
        for importer, found in imports().items()
        for imported in found
        if importer.startswith("mfpde") and part_of(importer) != part_of(imported)
        if FLOOR_OF[part_of(imported)] <= FLOOR_OF[part_of(importer)]
    ]
    assert wrong == []


def test_no_files_import_each_other_in_a_circle():
    left = dict(imports())
    while True:  # take away what imports nothing that is left, and what nothing that is left imports
        wanted = set().union(*left.values())
        ends = {name for name, found in left.items() if not found & left.keys() or name not in wanted}
        if not ends:
            break
        left = {name: found - ends for name, found in left.items() if name not in ends}
    assert left == {}


@pytest.mark.parametrize("part", ["mfpde", "validation", "benchmarks"])
def test_files_and_functions_are_short(part):
    long = []
    for file in ROOT.glob(f"{part}/**/*.py"):
        place = str(file.relative_to(ROOT / part).with_suffix(""))
        count = len(file.read_text(encoding="utf-8").splitlines())
        if count > LONGEST_FILE:
            long.append(f"{place}: {count} lines")
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.FunctionDef):
                count = node.end_lineno - node.lineno + 1
                if count > LONGEST_FUNCTION:
                    long.append(f"{place}: {node.name} has {count} lines")
    assert long == []


def test_lines_are_short():
    for file in [*files().values(), *ROOT.glob("kernels/*.cl")]:
        lines = file.read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if len(line) > LONGEST_LINE] == [], file


def test_nobody_outside_of_models_asks_which_problem_it_has():
    asked = [
        f"{file}:{node.lineno}"
        for file in ROOT.glob("mfpde/**/*.py")
        if "models" not in file.relative_to(ROOT).parts
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"
        if PROBLEMS & {inner.id for inner in ast.walk(node.args[1]) if isinstance(inner, ast.Name)}
    ]
    assert asked == []


def test_no_file_is_executed_or_unpickled():
    for file in ROOT.glob("mfpde/**/*.py"):
        calls = [
            n.func.id
            for n in ast.walk(tree_of(file))
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        ]
        assert not {"eval", "exec", "compile", "__import__"} & set(calls), file
        assert "pickle" not in file.read_text(encoding="utf-8").replace("allow_pickle=False", ""), file


def test_no_package_defines_what_is_called_as_one_of_its_modules():
    """Such a function would turn into the module as soon as somebody imports that."""
    for file in ROOT.glob("mfpde/**/__init__.py"):
        defined = {n.name for n in tree_of(file).body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
        assert not defined & {module.stem for module in file.parent.glob("*.py")}, file
