"""What NumPy does at overflow, underflow and the like: its own default in our functions, whatever the user
has set for his.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import numpy as np

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def usual_arithmetic(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """The function under NumPy's default: a density underflows to 0 far out, which is right and no error."""

    @wraps(function)
    def called(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
            return function(*arguments, **named)

    return called
