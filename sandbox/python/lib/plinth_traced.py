"""Arithmetic on all pixels at once, as numpy has it: it is noted here, and computed in JavaScript, as one loop."""

import math

LARGEST = 10**9
# What is made of more, one from the other, Python cannot let go again without running out of its stack.
DEEPEST = 2_000
TOO_DEEP = f"A kernel has at most {DEEPEST} steps, which is the limit: do it in two, and work out once what is used twice."
SEVERAL = object()
MIXED = -1


class Traced:
    """A number that each pixel has of its own. Comparisons give 1 or 0; `&`, `|` and `~` join them."""

    __slots__ = ("step", "of", "size", "depth", "source", "version")

    def __init__(self, step, *of):
        self.step, self.of = step, of
        size, depth = 1, 0
        # The picture that it is made of, none, one or several, and which version of it.
        source, version = step[1:3] if len(step) == 4 else (None, 0)
        for one in of:
            size += one.size
            depth = max(depth, one.depth)
            if one.source is not None and one.source is not source:
                source, version = (one.source, one.version) if source is None else (SEVERAL, 0)
            elif one.version != version and one.source is not None:
                version = MIXED
        if depth >= DEEPEST:
            raise ValueError(TOO_DEEP)
        self.size, self.depth, self.source, self.version = min(size, LARGEST), depth + 1, source, version

    __hash__ = object.__hash__

    def __bool__(self):
        raise TypeError("This stands for all pixels, and is neither true nor false: use where(condition, a, b), &, | and ~.")

    def __float__(self):
        raise TypeError("This stands for all pixels and is no number yet: use sqrt, sin and the like from plinth, not from math.")

    __index__ = __int__ = __float__


class Rgb:
    """Three channels at once: what is done with them is done with each."""

    __slots__ = ("r", "g", "b", "a")

    def __init__(self, r, g, b, a=None):
        self.r, self.g, self.b, self.a = r, g, b, a

    __hash__ = object.__hash__
    __bool__ = Traced.__bool__

    @property
    def rgb(self):
        return self

    def __iter__(self):
        return iter((self.r, self.g, self.b))


def value_of(given):
    if isinstance(given, Traced):
        return given
    if not isinstance(given, (int, float)):
        raise TypeError(f"A value is a number or made of px.r and the like, not {shown(given)}.")
    try:
        number = float(given)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"A value is a finite number, not {number}.")
    return Traced(("number", number))


def shown(given):
    return f'"{given[:40]}"' if isinstance(given, str) else f"a {type(given).__name__}"


def _many(given):
    return isinstance(given, Rgb) or (isinstance(given, (tuple, list)) and len(given) == 3)


def _apply(step, *given):
    """One operation, on single values or channel by channel."""
    if any(_many(one) for one in given):
        return Rgb(*(_apply(step, *of) for of in zip(*(one if _many(one) else (one,) * 3 for one in given))))
    return Traced((step,), *(value_of(one) for one in given))


def _arithmetic():
    """Gives both the operators of Python."""
    two = {"add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "mod": "mod", "pow": "pow", "and": "and", "or": "or"}

    def both(step, turned):
        def operator(self, other):
            if not isinstance(other, (int, float, Traced, Rgb, tuple, list)):
                return NotImplemented
            return _apply(step, other, self) if turned else _apply(step, self, other)

        return operator

    for kind in (Traced, Rgb):
        for name, step in two.items():
            setattr(kind, f"__{name}__", both(step, False))
            setattr(kind, f"__r{name}__", both(step, True))
        for name in ("lt", "le", "gt", "ge", "eq", "ne"):
            setattr(kind, f"__{name}__", both(name, False))
        for name, step in {"neg": "neg", "abs": "abs", "invert": "not", "floor": "floor"}.items():
            setattr(kind, f"__{name}__", lambda self, step=step: _apply(step, self))
        kind.__round__ = lambda self, digits=0: _apply("round", self)
        kind.__ceil__ = lambda self: -_apply("floor", -self)
        kind.__pos__ = lambda self: self
        kind.__floordiv__ = lambda self, other: floor(self / other)
        kind.__rfloordiv__ = lambda self, other: floor(other / self)


# ---- Functions, for numbers as well as for all pixels


def _function(step, plain, about):
    def function(*given):
        if any(isinstance(one, (Traced, Rgb)) for one in given):
            return _apply(step, *given)
        return plain(*given)

    function.__name__ = function.__qualname__ = step
    function.__doc__ = about
    return function


where = _function("where", lambda condition, yes, no: yes if condition else no, "The one where a condition holds, the other elsewhere.")
minimum = _function("min", min, "The smaller of two, pixel by pixel.")
maximum = _function("max", max, "The larger of two, pixel by pixel.")
floor = _function("floor", math.floor, "The next whole number below.")
sqrt = _function("sqrt", math.sqrt, "The square root.")
sin = _function("sin", math.sin, "The sine of an angle in radians.")
cos = _function("cos", math.cos, "The cosine of an angle in radians.")
atan2 = _function("atan2", math.atan2, "The angle of the point (x, y), as atan2(y, x).")
exp = _function("exp", math.exp, "e to that power.")
log = _function("log", math.log, "The natural logarithm.")
_arithmetic()


def clip(value, low, high):
    """The value, from `low` to `high`."""
    return minimum(maximum(value, low), high)


def mix(one, other, part):
    """From one to the other: `part` 0 is the one, 1 the other."""
    return (other - one) * part + one


def noise(salt):
    """A number from 0 up to 1 for each pixel, another one for another salt: `f.index`, or `f.random()`."""
    return Traced(("noise",), value_of(salt))


def in_order(values):
    """All steps, each once and after those that it is made of."""
    seen, stack = set(), [(one, False) for one in reversed(list(values))]
    while stack:
        one, is_ready = stack.pop()
        if is_ready:
            yield one
        elif id(one) not in seen:
            seen.add(id(one))
            stack.append((one, True))
            stack.extend((each, False) for each in reversed(one.of))
