"""Data flows one way: each floor of the house imports only from floors below it."""

import ast
from pathlib import Path

import mfpde

#: from the top down; modules of one floor may import each other only inside one package
FLOORS = [
    ["__main__"],
    ["cli"],
    ["api"],
    ["figures", "verify"],
    ["analysis"],
    ["results"],
    ["runs"],
    ["simulation"],
    ["sides"],
    ["handoff", "memory"],
    ["exact"],
    ["monitors"],
    ["store"],
    ["eulerian", "lagrangian"],
    ["models"],
    ["measures", "data"],
    ["device", "activations"],
    ["expressions"],
    ["case"],
    ["console"],
    ["foreign"],
    ["errors", "resources", "randomness", "threads", "letters", "arithmetic", "version", ""],
]
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}
ROOT = Path(mfpde.__file__).parent


def part_of(module):
    return module.removeprefix("mfpde").lstrip(".").split(".")[0]


def test_imports_go_down():
    wrong = []
    for file in ROOT.rglob("*.py"):
        relative = file.relative_to(ROOT).with_suffix("")
        if str(relative) == "__init__":
            continue  # the public names, imported on first use
        importer = relative.parts[0]
        for node in ast.walk(ast.parse(file.read_text())):
            modules = (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else []
            )
            for module in modules:
                if module.split(".")[0] != "mfpde":
                    continue
                imported = part_of(module)
                if imported != importer and FLOOR_OF[imported] <= FLOOR_OF[importer]:
                    wrong.append(f"{relative} imports {module}")
    # annotations only: the health of a simulation
    assert [w for w in wrong if w != "monitors/health imports mfpde.simulation"] == []


def test_no_file_is_executed_or_unpickled():
    for file in ROOT.rglob("*.py"):
        calls = [
            n.func.id
            for n in ast.walk(ast.parse(file.read_text()))
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        ]
        assert not {"eval", "exec", "compile", "__import__"} & set(calls), file
        assert "pickle" not in file.read_text().replace("allow_pickle=False", ""), file
