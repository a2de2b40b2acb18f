"""What a creator's program may import from us."""

from plinth_effect import (  # noqa: F401
    audio,
    boolean,
    choice,
    color,
    curve,
    dataset,
    effect,
    font,
    image,
    integer,
    number,
    point,
    text,
)
from plinth_traced import (  # noqa: F401
    atan2,
    clip,
    cos,
    exp,
    floor,
    log,
    maximum,
    minimum,
    mix,
    noise,
    sin,
    sqrt,
    where,
)

_exported = []


def main(function):
    """Makes a function the program's value: it is called with the input, and the host if it takes two.

    >>> from plinth import main
    >>> @main
    ... def run(input):
    ...     return input["a"] + 1
    """
    _exported.append(function)
    return function


def exported():
    return _exported
