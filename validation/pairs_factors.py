"""What a case may say: for each key, or group of keys that go together, a few options as changes of dotted
keys.

The first option is the default, the others are one that is usual and one at an edge. `FAMILIES` puts them
together for each kind of model; tests see to it that every key of the schema is in one of them.
"""

from dataclasses import dataclass
from typing import Any

from mfpde.kinds import LIMITERS, OPTIMISERS
from validation.pairs_models import BUMP, NETWORK, POPULATION, POTENTIAL, RADIAL, SPIKES
from validation.pairs_options import Changes, Options, each


def _optimiser(name: str) -> Changes:
    """An optimiser with its own keys at their defaults."""
    table = OPTIMISERS[name]()
    own = set(type(table).model_fields) - set(OPTIMISERS[OPTIMISERS.first].model_fields)
    return {"descent.optimiser": name} | {f"descent.{key}": getattr(table, key) for key in own}


#: keys that mean the same whatever the model
COMMON: dict[str, Options] = {
    "title": each("title", "Pairs of keys µ"),
    "time": {"short": {"time": 0.1}, "longer": {"time": 0.3}},
    "stationary": each("stationary", 1e-6, 100.0),
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
        "annealed": {"dynamics.birth_death": "exp(-t)"},
        **{
            name: {"dynamics.birth_death": 1.0, "dynamics.births": {"scheme": name} | own}
            for name, own in (("reservoir", {}), ("threshold", {}), ("refresh", {"rate": 0.05}))
        },
    },
    "enabled": each("eulerian.enabled", False),
    "scheme": each("eulerian.scheme", *LIMITERS.names[1:]),
    "mesh precision": each("eulerian.precision", "float32"),
    "backend": {"numpy": {"eulerian.backend": "numpy"}, "fipy": {"eulerian.backend": "fipy"}},
    "cfl": each("eulerian.cfl", 0.5, 0.1),
    "energy_safety": each("eulerian.energy_safety", 1.0, 0.3),
    "mesh max_step": each("eulerian.max_step", 0.03, 10.0),
    "mesh tolerance": each("eulerian.tolerance", 2.0, 1e-7),
    "error_estimate": each("eulerian.error_estimate", True),
    "diffusion_scheme": each("eulerian.diffusion_scheme", "scharfetter_gummel", "strang"),
    "hand_off": each("eulerian.hand_off", True),
    "compression": each("eulerian.compression", 0.0, 1e-2),
    "wall_limit": each("eulerian.wall_limit", 1.0),
    "units": {
        "two": {"lagrangian.units": [6, 12]},
        "none": {"lagrangian.units": []},
        "one": {"lagrangian.units": [1]},
    },
    "replicates": {"few": {"lagrangian.replicates": 3}, "one": {"lagrangian.replicates": 1}},
    "seed": each("lagrangian.seed", 2**64 - 1),
    "common": each("lagrangian.common", True),
    "units precision": each("lagrangian.precision", "float32"),
    "reaction_step": each("lagrangian.reaction_step", 0.005, 1.0),
    "reaction_tolerance": each("lagrangian.reaction_tolerance", 0.2),
    "noise_step": each("lagrangian.noise_step", 0.005, 1.0),
    "noise_tolerance": each("lagrangian.noise_tolerance", 0.1, 1e-4),
    "units tolerance": each("lagrangian.tolerance", 1e-3, 1e-10),
    "units max_step": each("lagrangian.max_step", 0.02),
    "nodes": each("characteristics.nodes", 64),
    "rule": each("characteristics.rule", "trapezoid", "sobol"),
    "nodes tolerance": each("characteristics.tolerance", 1e-3),
    "predict": each("fluctuations.predict", True),
    "rank": each("fluctuations.rank", 2, 4),
    "method": each("fluctuations.method", "tangent", "perturbation"),
    "steps": each("descent.steps", [0.05], [0.02, 0.1]),
    "batches": each("descent.batches", [0, 4], [1]),
    "optimiser": {name: _optimiser(name) for name in OPTIMISERS},
    "descent units": {
        "some": {"descent.units": 8, "descent.replicates": 2},
        "width of the flow": {"descent.units": 6, "descent.replicates": 1},
    },
    "every": each("output.every", 0.05, 0.1),
    "fields_every": each("output.fields_every", 0.04, 0.1),
    "snapshot_replicates": each("output.snapshot_replicates", 0, 100),
    "escape": each("output.escape", 0.1),
    "checkpoint_every": each("output.checkpoint_every", 1e-3),
}


@dataclass(frozen=True)
class Family:
    """One kind of model, and all that a case of that kind may say."""

    name: str
    factors: dict[str, Options]

    def tables(self, row: dict[str, str]) -> dict[str, Any]:
        """The case of a row, which names an option of each factor; of others the first is taken."""
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


_KEYS = {
    "network": (NETWORK, "a"),
    "radial": (RADIAL, "a"),
    "bump": (BUMP, "a"),
    "population": (POPULATION, "a"),
    "potential": (POTENTIAL, "x"),
}
#: mass is changed by weights alone
_UNBALANCED: dict[str, Options] = {"dynamics": {name: COMMON["dynamics"][name] for name in ("-", "weights")}}
FAMILIES = {name: Family(name, own | COMMON | _births(born)) for name, (own, born) in _KEYS.items()} | {
    "spikes": Family("spikes", SPIKES | COMMON | _UNBALANCED)
}
