"""What a case may say: for each key, or group of keys that go together, a few options as changes of dotted
keys.

The first option is the default, the others are one that is usual and one at an edge. `FAMILIES` puts them
together for each kind of model; tests see to it that every key of the schema is in one of them."""

from dataclasses import dataclass
from typing import Any

from mfpde.kinds import LIMITERS, OPTIMISERS

PI = 3.141592653589793
Changes = dict[str, Any]
Options = dict[str, Changes]


def _each(key: str, *values: Any) -> Options:
    """Options of one key: left out, and these values."""
    return {"-": {}} | {str(value): {key: value} for value in values}


def _optimiser(name: str) -> Changes:
    """An optimiser with its own keys at their defaults."""
    table = OPTIMISERS[name]()
    own = set(type(table).model_fields) - set(OPTIMISERS[OPTIMISERS.first].model_fields)
    return {"descent.optimiser": name} | {f"descent.{key}": getattr(table, key) for key in own}


NORMAL = {"law": "normal", "std": 0.8, "within": [-2, 2]}
UNIFORM = {"law": "uniform", "low": -1.2, "high": 1.5}
POINT = {"law": "point", "at": 0.31}
CIRCLE = {"domain": [-PI, PI], "periodic": True, "initial": {"law": "wrapped_cauchy", "mean": 0.5, "r": 0.4}}
PLANTED = [{"a": 1.0, "w": 1.0, "b": 0.2}, {"a": -0.5, "w": 0.3}]

#: keys that mean the same whatever the model
COMMON: dict[str, Options] = {
    "title": _each("title", "Pairs of keys µ"),
    "time": {"short": {"time": 0.1}, "longer": {"time": 0.3}},
    "stationary": _each("stationary", 1e-6, 100.0),
    "variants": {"-": {}, "one": {"variants.other.time": 0.12}},
    "dynamics": {
        "-": {},
        "jumps": {"dynamics.birth_death": 1.0, "dynamics.reaction": "plain"},
        "weights": {"dynamics.birth_death": 0.5, "lagrangian.reaction": "weights"},
        "noise": {"dynamics.diffusion": 0.2},
        "faint noise": {"dynamics.diffusion": 0.01},
        "both": {"dynamics.birth_death": 0.1, "dynamics.diffusion": 0.2},
        "entropic": {"dynamics.birth_death": 1.0, "dynamics.diffusion": 0.2, "dynamics.reaction": "entropic"},
        "births": {"dynamics.birth_death": 1.0, "dynamics.births": {}},
    },
    "enabled": _each("eulerian.enabled", False),
    "scheme": _each("eulerian.scheme", *LIMITERS.names[1:]),
    "mesh precision": _each("eulerian.precision", "float32"),
    "backend": {"numpy": {"eulerian.backend": "numpy"}, "fipy": {"eulerian.backend": "fipy"}},
    "cfl": _each("eulerian.cfl", 0.5, 0.1),
    "energy_safety": _each("eulerian.energy_safety", 1.0, 0.3),
    "mesh max_step": _each("eulerian.max_step", 0.03, 10.0),
    "mesh tolerance": _each("eulerian.tolerance", 2.0, 1e-7),
    "error_estimate": _each("eulerian.error_estimate", True),
    "diffusion_scheme": _each("eulerian.diffusion_scheme", "scharfetter_gummel", "strang"),
    "hand_off": _each("eulerian.hand_off", True),
    "compression": _each("eulerian.compression", 0.0, 1e-2),
    "wall_limit": _each("eulerian.wall_limit", 1.0),
    "units": {
        "two": {"lagrangian.units": [6, 12]},
        "none": {"lagrangian.units": []},
        "one": {"lagrangian.units": [1]},
    },
    "replicates": {"few": {"lagrangian.replicates": 3}, "one": {"lagrangian.replicates": 1}},
    "seed": _each("lagrangian.seed", 2**64 - 1),
    "common": _each("lagrangian.common", True),
    "units precision": _each("lagrangian.precision", "float32"),
    "reaction_step": _each("lagrangian.reaction_step", 0.005, 1.0),
    "reaction_tolerance": _each("lagrangian.reaction_tolerance", 0.2),
    "noise_step": _each("lagrangian.noise_step", 0.005, 1.0),
    "noise_tolerance": _each("lagrangian.noise_tolerance", 0.1, 1e-4),
    "units tolerance": _each("lagrangian.tolerance", 1e-3, 1e-10),
    "units max_step": _each("lagrangian.max_step", 0.02),
    "nodes": _each("characteristics.nodes", 64),
    "rule": _each("characteristics.rule", "trapezoid", "sobol"),
    "nodes tolerance": _each("characteristics.tolerance", 1e-3),
    "predict": _each("fluctuations.predict", True),
    "rank": _each("fluctuations.rank", 2, 4),
    "method": _each("fluctuations.method", "tangent", "perturbation"),
    "steps": _each("descent.steps", [0.05], [0.02, 0.1]),
    "batches": _each("descent.batches", [0, 4], [1]),
    "optimiser": {name: _optimiser(name) for name in OPTIMISERS},
    "descent units": {
        "some": {"descent.units": 8, "descent.replicates": 2},
        "width of the flow": {"descent.units": 6, "descent.replicates": 1},
    },
    "every": _each("output.every", 0.05, 0.1),
    "fields_every": _each("output.fields_every", 0.04, 0.1),
    "snapshot_replicates": _each("output.snapshot_replicates", 0, 100),
    "checkpoint_every": _each("output.checkpoint_every", 1e-3),
}

_GRID = {"law": "grid", "low": -2, "high": 2, "points": 12}
#: what learns from data points: one input, so that parameters are a, w and b
NETWORK: dict[str, Options] = {
    "data": {
        "formula": {"data": {"teacher": "sin(1.5*x0)", "inputs": _GRID}},
        "lebesgue": {
            "data": {
                "teacher": {"kind": "formula", "formula": "relu(x0)"},
                "inputs": _GRID | {"weights": "lebesgue"},
            }
        },
        "file": {"data": {"file": "points.csv", "x": ["x"], "y": "y", "weights": "c"}},
        "standardized": {"data": {"file": "points.csv", "x": "x", "y": "y", "standardize": True}},
        "labels": {
            "data": (
                {
                    "file": "classes.txt",
                    "x": 0,
                    "y": 1,
                    "separator": ";",
                    "decimal": ",",
                    "header": False,
                    "labels": ["no", "yes"],
                }
                | {
                    "missing": "drop",
                    "missing_values": [99, "?"],
                    "weights": {"column": 2, "normalize": True},
                }
            )
        },
        "uniform": {
            "data": {
                "teacher": {"kind": "planted", "units": PLANTED, "scaling": "sum", "activation": "relu"},
                "inputs": {"law": "uniform", "dimension": 1, "low": -1, "high": 2, "samples": 9, "seed": 4},
            }
        },
        "normal": {
            "data": {
                "teacher": {"kind": "mixture", "components": [{"weight": 1.0, "mean": 0.3, "variance": 0.5}]},
                "inputs": {"law": "normal", "dimension": 1, "mean": 0.1, "std": 1.2, "samples": 9, "seed": 4},
            }
        },
        "gauss_hermite": {
            "data": {"teacher": "x0^2 - 1", "inputs": {"law": "gauss_hermite", "dimension": 1, "points": 6}}
        },
        "sphere": {
            "data": {
                "teacher": "x0*x1",
                "inputs": {"law": "sphere", "dimension": 2, "radius": 1.5, "samples": 8, "seed": 1},
            }
        },
    },
    "noise": {"-": {}, "some": {"data.noise": 0.2, "data.noise_seed": 5}},
    "kind": _each("model.kind", "network"),
    "activation": _each("model.activation", "relu", "quadratic", "t/(1 + exp(-t))"),
    "bias": {
        "yes": {"parameters.b": {"domain": [-3, 3], "cells": 8, "initial": NORMAL}},
        "no": {"model.bias": False},
    },
    "penalty": {
        "-": {},
        "kink": {"model.penalty.lambda": 0.05, "model.penalty.power": 1.0},
        "all": {"model.penalty.lambda": 0.01, "model.penalty.power": 3.0, "model.penalty.confinement": 0.05},
    },
    "a": {
        "normal": {"parameters.a": {"domain": [-4, 4], "cells": 12, "initial": NORMAL}},
        "stretched": {
            "parameters.a": {
                "domain": [-4, 4],
                "cells": 12,
                "stretch": 3.0,
                "stretch_at": 0.4,
                "initial": NORMAL,
            }
        },
        "point": {"parameters.a": {"domain": [-4, 4], "cells": 13, "initial": POINT}},
        "slow": {"parameters.a": {"domain": [-4, 4], "cells": 12, "mobility": 0.3, "initial": UNIFORM}},
        "fixed": {"parameters.a": {"fixed": 1.0}},
    },
    "w": {
        "uniform": {"parameters.w": {"domain": [-3, 3], "cells": 9, "initial": UNIFORM}},
        "stretched": {"parameters.w": {"domain": [-3, 3], "cells": 9, "stretch": 1.5, "initial": NORMAL}},
        "frozen": {"parameters.w": {"domain": [-3, 3], "cells": 9, "mobility": 0.0, "initial": NORMAL}},
        "narrow": {
            "parameters.w": {
                "domain": [-3, 3],
                "cells": 9,
                "initial": {"law": "normal", "mean": 0.5, "std": 0.01},
            }
        },
    },
    "exact": _each("exact.solution", "gaussian"),
}

POPULATION: dict[str, Options] = {
    "data": {
        "gaussian": {
            "data": {
                "population": "gaussian",
                "dimension": 1,
                "teacher": {"kind": "planted", "units": PLANTED[1:], "scaling": "mean"},
            },
            "parameters.w": NETWORK["w"]["uniform"]["parameters.w"],
        },
        "plane": {
            "data": {
                "population": "gaussian",
                "dimension": 2,
                "teacher": {"kind": "planted", "units": [{"a": 1.0, "w": [0.5, 1.0]}]},
            },
            "parameters.w": {"domain": [-3, 3], "cells": 6, "initial": NORMAL},
        },
        "sphere": {
            "data": {
                "population": "sphere",
                "dimension": 2,
                "teacher": {"kind": "planted", "units": [{"a": 1.0, "w": [0.5, 1.0]}]},
            },
            "parameters.w1": {"domain": [-3, 3], "cells": 6, "stretch": 1.0, "initial": NORMAL},
            "parameters.w2": {"domain": [-3, 3], "cells": 7, "initial": UNIFORM},
        },
    },
    "activation": {name: {"model.activation": name} for name in ("erf", "relu", "quadratic", "cos")},
    **{name: NETWORK[name] for name in ("bias", "penalty", "a", "exact")},
}

#: formulas for an energy: x on a line or a circle, y beside it or not
POTENTIAL: dict[str, Options] = {
    "kind": {"potential": {"model.kind": "potential"}},
    "external": {
        "quadratic": {"model.external": "x^2/2"},
        "well": {"model.external": "x^4/4 - x^2/2"},
        "circle": {"model.external": "cos(x)"},
        "kink": {"model.external": "abs(x - 0.2)"},
        "-": {"model.interaction": "x^2/2"},
    },
    "interaction": {
        "-": {},
        "cosine": {"model.interaction": "-cos(x)"},
        "bump": {"model.interaction": "exp(-x^2)"},
    },
    "x": {
        "normal": {
            "parameters.x": {
                "domain": [-4, 4],
                "cells": 24,
                "initial": {"law": "normal", "mean": 0.4, "std": 0.5},
            }
        },
        "stretched": {
            "parameters.x": {
                "domain": [-4, 4],
                "cells": 25,
                "stretch": 4.0,
                "stretch_at": -0.5,
                "initial": NORMAL,
            }
        },
        "circle": {"parameters.x": {"cells": 24} | CIRCLE},
        "point": {"parameters.x": {"domain": [-4, 4], "cells": 24, "initial": POINT}},
        "narrow": {
            "parameters.x": {
                "domain": [-4, 4],
                "cells": 24,
                "initial": {"law": "normal", "mean": 0.5, "std": 0.01},
            }
        },
        "heavy": {"parameters.x": {"domain": [-4, 4], "cells": 24, "mobility": 0.2, "initial": UNIFORM}},
    },
    "y": {
        "-": {},
        "frozen": {"parameters.y": {"domain": [-3, 3], "cells": 7, "mobility": 0.0, "initial": UNIFORM}},
        "free": {"parameters.y": {"domain": [-3, 3], "cells": 8, "stretch": 1.0, "initial": NORMAL}},
        "fixed": {"parameters.y": {"fixed": 0.5}},
    },
    "exact": _each("exact.solution", "gaussian", "gibbs"),
}


@dataclass(frozen=True)
class Family:
    """One kind of model, and all that a case of that kind may say."""

    name: str
    factors: dict[str, Options]

    def tables(self, row: dict[str, str]) -> dict[str, Any]:
        """The case of a row, which names an option of each factor; those it does not name are at
        their first.
        """
        tables: dict[str, Any] = {}
        for name, options in self.factors.items():
            for key, value in options[row.get(name, next(iter(options)))].items():
                *parents, last = key.split(".")
                inner = tables
                for parent in parents:
                    inner = inner.setdefault(parent, {})
                inner[last] = dict(value) if isinstance(value, dict) else value
        return tables


def _births(name: str) -> dict[str, Options]:
    """The dynamics, with births of this component among them."""
    point = {"law": "point", "at": 0.1}
    return {
        "dynamics": (
            COMMON["dynamics"] | {"births": {"dynamics.birth_death": 1.0, "dynamics.births": {name: point}}}
        )
    }


_KEYS = {"network": (NETWORK, "a"), "population": (POPULATION, "a"), "potential": (POTENTIAL, "x")}
FAMILIES = {name: Family(name, own | COMMON | _births(born)) for name, (own, born) in _KEYS.items()}
