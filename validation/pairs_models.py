"""What the case of each kind of model may say of its data, its parameters and its energy."""

from validation.pairs_options import CIRCLE, NORMAL, PLANTED, POINT, UNIFORM, Options, each

_GRID = {"law": "grid", "low": -2, "high": 2, "points": 12}
#: losses of data of any kind; classes have tests of their own
LOSS: Options = {"square": {}, "huber": {"model.loss": "huber", "model.huber_delta": 0.4}}
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
    "kind": each("model.kind", "network"),
    "loss": LOSS,
    "activation": each("model.activation", "relu", "quadratic", "t/(1 + exp(-t))"),
    "bias": {
        "yes": {"parameters.b": {"domain": [-3, 3], "cells": 8, "initial": NORMAL}},
        "no": {"model.bias": False},
    },
    "penalty": {
        "-": {},
        "kink": {"model.penalty.lambda": 0.05, "model.penalty.power": 1.0},
        "all": {"model.penalty.lambda": 0.01, "model.penalty.power": 3.0, "model.penalty.confinement": 0.05},
        "path": {"model.penalty.kind": "path", "model.penalty.lambda": 0.02},
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
    "exact": each("exact.solution", "gaussian"),
}
#: bumps instead of perceptrons: parameters are a, c and k
RADIAL: dict[str, Options] = {
    "data": {name: option for name, option in NETWORK["data"].items() if name != "sphere"},
    "features": {"radial": {"model.features": "radial"}},
    "c": {
        "uniform": {"parameters.c": {"domain": [-3, 3], "cells": 9, "initial": UNIFORM}},
        "frozen": {"parameters.c": {"domain": [-3, 3], "cells": 9, "mobility": 0.0, "initial": NORMAL}},
    },
    "k": {
        "fixed": {"parameters.k": {"fixed": 1.0}},
        "free": {"parameters.k": {"domain": [-3, 3], "cells": 8, "initial": NORMAL}},
    },
    **{name: NETWORK[name] for name in ("loss", "penalty", "a")},
}
#: bumps of compact support: parameters are a and c
BUMP: dict[str, Options] = {
    "data": RADIAL["data"],
    "features": {
        "narrow": {"model.features": "bump", "model.spacing": 0.3},
        "wide": {"model.features": "bump", "model.spacing": 1.0},
    },
    "c": {
        "uniform": {"parameters.c": {"domain": [-3, 3], "cells": 9, "initial": UNIFORM}},
        "circle": {
            "model.period": 6.0,
            "parameters.c": {"domain": [-3, 3], "cells": 9, "periodic": True, "initial": UNIFORM},
        },
    },
    **{name: NETWORK[name] for name in ("loss", "penalty", "a")},
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
    "exact": each("exact.solution", "gaussian", "gibbs"),
}
#: spikes on a circle or between walls
SPIKES: dict[str, Options] = {
    "kind": {"spikes": {"model.kind": "spikes"}},
    "place": {
        "circle": {"parameters.x": {"cells": 24} | CIRCLE},
        "walls": {"parameters.x": {"domain": [-4, 4], "cells": 25, "initial": UNIFORM}},
    },
    "kernel": {
        "formula": {"model.kernel": "exp(-4*sin(x/2)^2)"},
        "dirichlet": {"model.kernel": "dirichlet", "model.order": 3},
        "gaussian": {"model.kernel": "gaussian", "model.width": 0.5},
    },
    "lambda": {"some": {"model.lambda": 0.1}, "much": {"model.lambda": 20.0}},
    "observed": {
        "one": {"model.observed": [{"mass": 1.0, "at": 0.5}]},
        "two": {"model.observed": [{"mass": 1.0, "at": [-0.5]}, {"mass": 0.3, "at": 0.7}]},
    },
    "initial_mass": each("model.initial_mass", 1e-3),
    "start": each("lagrangian.start", "grid"),
    "fixed_step": {
        "-": {},
        "mirror": {"lagrangian.fixed_step": 1e-3},
        "plain": {"lagrangian.fixed_step": 1e-3, "lagrangian.retraction": "plain"},
    },
}
