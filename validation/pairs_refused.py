"""Options of a case that are refused together, with a word of the sentence in which they are."""

Refusal = tuple[dict[str, list[str]], str]

_NOISE = ["noise", "faint noise", "both", "entropic"]
_ANY = [*_NOISE, "jumps", "weights", "births"]
_COMMON: list[Refusal] = [
    ({"stationary": ["1e-06", "100.0"], "enabled": ["False"]}, "stationary"),
    ({"dynamics": ["entropic"], "units": ["two", "one"]}, "entropic"),
    ({"hand_off": ["True"], "dynamics": [*_NOISE, "births"]}, "eulerian.hand_off"),
    ({"nodes": ["64"], "dynamics": [*_NOISE, "births"]}, "characteristics"),
    ({"predict": ["True"], "dynamics": [*_NOISE, "births"]}, "fluctuations"),
    ({"enabled": ["False"], "units": ["none"], "nodes": ["-"], "predict": ["-"]}, "lagrangian"),
]
_DESCENT: list[Refusal] = [({"steps": ["[0.05]", "[0.02, 1.0]"], "dynamics": _ANY}, "descent")]

#: by family: options by factor, and a word of what is said; the first option of each is tried by itself
REFUSED: dict[str, list[Refusal]] = {
    "network": [*_COMMON, *_DESCENT],
    "population": [*_COMMON, *_DESCENT],
    "potential": [*_COMMON, ({"steps": ["[0.05]", "[0.02, 1.0]"]}, "descent")],
}
