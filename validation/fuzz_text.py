"""Formulas and tables that are nearly right: by a grammar, and by changes of a tree of values."""

import json
from random import Random
from typing import Any

# --- formulas -----------------------------------------------------------------------------------------------

FORMULAS = [
    "sin(2*pi*t) + 0.5*x0^2", "exp(-t^2)/sqrt(pi)", "max(t, 0)^1.5*sigmoid(t)", "t/(1 + abs(x0))",
    "log(1 + t^2) - erf(t)", "min(t, -x0)",
]  # fmt: skip
FUNCTIONS = [
    "sin", "cos", "tan", "tanh", "exp", "log", "sqrt", "erf", "abs", "relu", "sigmoid", "softplus", "max",
    "min",
]  # fmt: skip
NUMBERS = [
    "0", "1", "2", "0.5", "3", "-1", "64", "65", "1e308", "1e-308", "1e400", "1e15", "9" * 30, "9" * 400,
    "1_0", "0x1f", "1j", "pi", "0.1",
]  # fmt: skip
HOSTILE = [
    "__import__('os')", "t.__class__", "t[0]", "[t]", "lambda: t", "f'{t}'", "t if t else 1", "(yield)",
    "t := 1", "*t", "eval(t)", "é", "ﬁ", "𝒙", "\n", "\\\n", "\x00", "\x1b[31m", "#", ";", "@", "//", "%",
    "~t", "<<", "==", "and", "not t", "nan", "inf", "'''", '"', "E", "I", "oo", "await t", "9^9^9^9",
    "((((((((", "))))", "1e999999999", "0^-1", "(-1)^0.5", "t^t", "1/0", "log(0)", "sin(t,)", "sin(**t)",
    "\u2028", "\ud800", "t" * 300,
]  # fmt: skip


def formula_text(random: Random, depth: int = 0) -> str:
    """A formula of the grammar, now and then with something that is none."""
    choice = random.random()
    if depth > random.choice((2, 4, 8, 45)) or choice < 0.2:
        return random.choice((*("t", "x0") * 4, *NUMBERS, *(random.choice(HOSTILE) for _ in range(1))))
    if choice < 0.45:
        name = random.choice(FUNCTIONS)
        arguments = [formula_text(random, depth + 1) for _ in range(2 if name in ("max", "min") else 1)]
        return f"{name}({', '.join(arguments)})"
    if choice < 0.6:
        exponent = random.choice(("2", "3", "0.5", "-1", "-2", "64", "63", "1.5", "-64", "0"))
        return f"({formula_text(random, depth + 1)}){random.choice(('^', '**'))}{exponent}"
    if choice < 0.65:
        return "-" * random.choice((1, 2, 30, 500)) + formula_text(random, depth + 1)
    operator = random.choice("+-*/")
    return f"{formula_text(random, depth + 1)} {operator} {formula_text(random, depth + 1)}"


# --- trees of tables, lists and values: TOML and JSON -------------------------------------------------------

_VALUES: list[Any] = [
    0, 1, -1, 2, 3, 1e-300, 1e300, -0.0, float("nan"), float("inf"), 10**15, 2**63, 2**64, -(2**63), 10**400,
    0.5, 1e-9, 1e12, 10_000_000, 4096, 1.5, 2.0, 0.1, -2.0, 10.0, 100.0, 4, 8, 16, 64, "t^2", "sin(x0)",
    "uniform", "grid", "mean", "sum", "minmod", "weights", "", "t", "x0", "\n", "\x1b[2J", "é", "a" * 3000,
    "../../x.csv", "table.csv", "[/red]", "{", "normal", "network", "potential", "tanh", "\u2028", True,
    False, [], {}, [[]], [1, 2], [2, 1], [0, 0], [float("nan"), 1], [1] * 300, {"law": "normal"},
    {"kind": "potential"}, {"a": {"b": {}}},
]  # fmt: skip


def mutate_tree(random: Random, tree: Any) -> Any:
    """Values replaced, keys misspelt, removed, doubled or buried deep, one to three times."""
    tree = json.loads(json.dumps(tree))
    for _ in range(random.choice((1, 1, 2, 3))):
        node = parent = tree
        while isinstance(node, dict | list) and node and random.random() < 0.85:
            parent = node
            key = random.choice(list(node)) if isinstance(node, dict) else random.randrange(len(node))
            node = node[key]
        if not isinstance(parent, dict | list) or not parent:
            continue
        key = random.choice(list(parent)) if isinstance(parent, dict) else random.randrange(len(parent))
        match random.randrange(6):
            case 0 | 1:
                alike = (
                    [value for value in _VALUES if type(value) is type(parent[key])]
                    if random.random() < 0.6
                    else _VALUES
                )
                parent[key] = random.choice(alike or _VALUES)
            case 2:
                parent[key] = formula_text(random)
            case 3:
                del parent[key]
            case 4 if isinstance(parent, dict):
                parent[
                    random.choice(
                        [
                            str(key) + "x",
                            str(key).upper(),
                            "",
                            "a.b",
                            "w1",
                            "\n",
                            "births",
                            "int",
                            "[x]",
                            "x" * 200,
                        ]
                    )
                ] = parent[key]
            case 5:
                deep: Any = parent[key]
                for _ in range(random.choice((1, 3, 60))):
                    deep = [deep] if random.random() < 0.5 else {"a": deep}
                parent[key] = deep
    return tree


def to_toml(value: Any) -> str:
    """A value as TOML, tables inline; texts of JSON are texts of TOML."""
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(
                f"{json.dumps(str(key))} = {to_toml(inner)}"
                for key, inner in value.items()
                if inner is not None
            )
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(to_toml(inner) for inner in value) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value)
