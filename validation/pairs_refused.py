"""Options of a case that are refused together, with a word of the sentence in which they are."""

Refusal = tuple[dict[str, list[str]], str]

_NOISE = ["noise", "faint noise", "both", "entropic"]
_BIRTHS = ["births", "reservoir", "threshold", "refresh"]
_ANY = [*_NOISE, "jumps", "weights", "annealed", *_BIRTHS]
_COMMON: list[Refusal] = [
    ({"stationary": ["1e-06", "100.0"], "enabled": ["False"]}, "stationary"),
    ({"dynamics": ["entropic"], "units": ["two", "one"]}, "entropic"),
    ({"dynamics": ["entropic"], "enabled": ["False"]}, "entropic"),
    ({"hand_off": ["True"], "dynamics": [*_NOISE, *_BIRTHS, "annealed"]}, "eulerian.hand_off"),
    ({"nodes": ["64"], "dynamics": [*_NOISE, *_BIRTHS, "annealed"]}, "characteristics"),
    ({"predict": ["True"], "dynamics": [*_NOISE, *_BIRTHS, "annealed"]}, "fluctuations"),
    ({"backend": ["fipy"], "mesh precision": ["float32"]}, "fipy solves in float64"),
    ({"backend": ["fipy"], "dynamics": _BIRTHS}, "fipy solves without births"),
    ({"backend": ["fipy"], "dynamics": ["annealed"]}, "fipy takes a number"),
    ({"enabled": ["False"], "units": ["none"], "nodes": ["-"], "predict": ["-"]}, "lagrangian"),
]
#: too few nodes for so many parameters
_FEW = {"nodes": ["64"], "rule": ["trapezoid"], "predict": ["True"]}
_TANGENT = {"predict": ["True"], "method": ["tangent"]}
_HUBER: Refusal = (_TANGENT | {"loss": ["huber"]}, "fluctuations.method")
_UNITS: list[Refusal] = [
    (_TANGENT | {"penalty": ["kink"]}, "fluctuations.method"),
    ({"a": ["fixed"], "dynamics": ["births"]}, "is not a free parameter"),
    ({"steps": ["[0.05]", "[0.02, 0.1]"], "dynamics": _ANY}, "descent"),
]
_NETWORK: list[Refusal] = [(_FEW | {"bias": ["yes"]}, "nodes are too few"), *_UNITS]

#: by family: options by factor, and a word of what is said; the first option of each is tried by itself
REFUSED: dict[str, list[Refusal]] = {
    "network": [
        *_COMMON,
        *_NETWORK,
        _HUBER,
        (_FEW | {"data": ["sphere"], "bias": ["no"]}, "nodes are too few"),
    ],
    "radial": [
        *_COMMON,
        *_UNITS,
        (_FEW | {"k": ["free"]}, "nodes are too few"),
        (_TANGENT, "fluctuations.method"),
    ],
    "bump": [
        *_COMMON,
        *_UNITS,
        (_TANGENT, "fluctuations.method"),
        ({"c": ["circle"], "penalty": ["all", "path"]}, "periodic"),
    ],
    "population": [
        *_COMMON,
        *_NETWORK,
        (_FEW | {"data": ["plane", "sphere"], "bias": ["no"]}, "nodes are too few"),
        ({"data": ["sphere"], "bias": ["yes"]}, "model.bias"),
        ({"data": ["sphere"], "activation": ["erf", "cos"], "bias": ["no"]}, "model.activation"),
        (_TANGENT, "fluctuations.method"),
    ],
    "potential": [
        *_COMMON,
        ({"steps": ["[0.05]", "[0.02, 0.1]"]}, "descent"),
        ({"predict": ["True"]}, "fluctuations.predict"),
        ({"x": ["circle"], "external": ["kink"]}, "is not periodic"),
    ],
    "spikes": [
        ({"stationary": ["1e-06", "100.0"], "enabled": ["False"]}, "stationary"),
        ({"enabled": ["False"], "units": ["none"], "nodes": ["-"], "predict": ["-"]}, "lagrangian"),
        ({"steps": ["[0.05]", "[0.02, 0.1]"]}, "descent"),
        ({"predict": ["True"]}, "fluctuations.predict"),
        ({"hand_off": ["True"]}, "eulerian.hand_off"),
        ({"backend": ["fipy"], "enabled": ["-"]}, "fipy"),
        ({"kernel": ["dirichlet"], "place": ["walls"]}, "model.kernel"),
        ({"kernel": ["gaussian"], "place": ["circle"]}, "model.kernel"),
    ],
}
