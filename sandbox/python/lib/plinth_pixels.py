"""The picture itself, in Python: whole operations, and arithmetic on all pixels at once.

`px.r`, `px.rgb`, `px.x` and what is calculated from them stand for every pixel's value. Nothing is computed yet: what is
assigned becomes one loop in JavaScript, the same for both languages. The picture never crosses over to Python, unless
somebody looks at `data`.
"""

import json
import math
from types import SimpleNamespace

from plinth_traced import Rgb, Traced, floor, in_order, shown, value_of, where

CHANNELS = "rgba"
# What is assigned waits for what comes next, so that all of it is one loop; so much of it, and no more.
WAITING = 300
LUMA = (54, 183, 19)

_look = None


class _Memory:
    """What a picture and its regions share."""

    __slots__ = ("version", "waiting", "data", "bytes")

    def __init__(self):
        self.version, self.waiting, self.data, self.bytes = 0, None, None, None

    def settle(self):
        """Does what was assigned and waits."""
        view, self.waiting = self.waiting, None
        if view is not None:
            view._run()

    def ask(self, *words):
        """Where `data` is in use, what was written to it goes over first."""
        self.settle()
        if self.data is not None:
            self.bytes.assign(self.data)
        return _say(*words)

    def change(self, *words):
        """One operation. What was taken from the picture before says nothing of it any more."""
        self.version += 1
        self.ask(*words)
        if self.data is not None:
            self.bytes.assign_to(self.data)


def _say(*words):
    said = _look(json.dumps(words, separators=(",", ":")), 0)
    if said.startswith("!"):
        raise ValueError(said[1:].replace("chromaKey(", "chroma_key("))
    return said


def _plain(numbers):
    """For JSON, which knows no NaN."""
    return [float(one) if isinstance(one, (int, float)) and math.isfinite(one) else str(one) for one in numbers]


class Pixels:
    """The picture, or a part of it. RGBA, from 0 to 255.

    >>> px = f.pixels
    >>> px.r = (px.r - 128) * 1.2 + 128
    >>> px.rgb *= 0.5
    >>> px[px.luma > 128] = "#ffffff"
    >>> px.region(0, 0, 100, 50).blur(8)
    >>> px.map(lambda p: (p.g, p.r, where(p.x > 100, p.b, 0)))

    Values are kept as bytes: rounded to the nearest, halves to the even one, and from 0 to 255.
    """

    __slots__ = ("width", "height", "_number", "_memory", "_new")

    def __init__(self, said, memory=None):
        self._number, self.width, self.height = json.loads(said)
        self._memory = memory or _Memory()
        self._new = {}

    # -- Values of every pixel

    def _channel(self, at):
        waiting = self._memory.waiting
        if waiting is self and at in self._new:
            return self._new[at]
        if waiting is not self:
            self._memory.settle()
        return Traced(("read", self, self._memory.version, at))

    r = property(lambda self: self._channel(0), lambda self, value: self._assign({0: value}), doc="Red.")
    g = property(lambda self: self._channel(1), lambda self, value: self._assign({1: value}), doc="Green.")
    b = property(lambda self: self._channel(2), lambda self, value: self._assign({2: value}), doc="Blue.")
    a = property(lambda self: self._channel(3), lambda self, value: self._assign({3: value}), doc="Alpha.")

    @property
    def rgb(self):
        """Red, green and blue at once."""
        return Rgb(self.r, self.g, self.b)

    @rgb.setter
    def rgb(self, value):
        self._assign(dict(enumerate(_colors(value)[:3])))

    @property
    def luma(self):
        """How bright it is, from 0 to 255."""
        return floor((self.r * LUMA[0] + self.g * LUMA[1] + self.b * LUMA[2]) / 256)

    x = property(lambda self: Traced(("x",)), doc="Its place, from 0.")
    y = property(lambda self: Traced(("y",)), doc="Its place, from 0.")
    u = property(lambda self: Traced(("u",)), doc="Its middle, as a part of the width.")
    v = property(lambda self: Traced(("v",)), doc="Its middle, as a part of the height.")

    def sample(self, x, y, smooth=False):
        """The picture as it is at another place; beyond its edges is what stands at them."""
        self._memory.settle()
        how = "smooth" if smooth else "near"
        place = (value_of(x), value_of(y))
        return Rgb(*(Traced((how, self, self._memory.version, at), *place) for at in range(4)))

    def map(self, kernel, *others):
        """Works out every pixel anew: `kernel(p)` answers three or four values, or one for a grey."""
        if not callable(kernel):
            raise TypeError(f"map(kernel): kernel is a function of a pixel, not {shown(kernel)}.")
        self._memory.settle()
        self._assign(dict(enumerate(_colors(kernel(self, *others)))))
        return self

    def __getitem__(self, where_or_slices):
        """`px[mask]`: the colours, to be changed where the mask holds. `px[top:bottom, left:right]`: that region."""
        if isinstance(where_or_slices, tuple):
            return self._sliced(*where_or_slices)
        _mask(where_or_slices)
        return self.rgb

    def __setitem__(self, where_or_slices, value):
        if isinstance(where_or_slices, tuple):
            self._sliced(*where_or_slices).rgb = value
        else:
            self.rgb = where(_mask(where_or_slices), Rgb(*_colors(value)[:3]), self.rgb)

    def _sliced(self, rows, columns):
        (top, bottom, _), (left, right, _) = rows.indices(self.height), columns.indices(self.width)
        return self.region(left, top, max(0, right - left), max(0, bottom - top))

    # -- Whole operations

    def _change(self, operation, *given):
        self._memory.settle()
        self._memory.change(operation, self._number, *given)
        return self

    def lookup(self, table=None, *, r=None, g=None, b=None, a=None):
        """Each value becomes what stands at its place in a table of 256 numbers: one for all colours, or one for each."""
        tables = {name: _plain(one) for name, one in zip(CHANNELS, (r, g, b, a)) if one is not None}
        return self._change("lookup", tables if table is None else _plain(table))

    def matrix(self, numbers):
        """Mixes channels: 12 numbers, rows of [r, g, b, offset] for three, or 20, rows of [r, g, b, a, offset] for four."""
        return self._change("matrix", _plain(numbers))

    def blur(self, radius):
        """Softens, as far as so many pixels, at most 256. Takes as long for a wide radius as for a narrow one."""
        return self._change("blur", *_plain([radius]))

    def threshold(self, level, light="#ffffff", dark="#000000"):
        """White where the luma is at least so much, black elsewhere; or two colours of yours."""
        return self._change("threshold", *_plain([level]), {"light": light, "dark": dark})

    def displace(self, dx, dy, scale=16, smooth=False):
        """Each pixel is fetched from so far away: numbers, values such as `px.x * 0.1`, functions of `px`, or maps:
        pictures whose 128 is nowhere and whose 255 is `scale` pixels, red for `dx` and green for `dy`."""

        def far(move, at):
            if isinstance(move, Pixels):
                return (move._channel(at) - 128) * (scale / 127)
            return move(self) if callable(move) else move

        self._memory.settle()
        fetched = self.sample(self.x + far(dx, 0), self.y + far(dy, 1), smooth)
        self._assign({0: fetched.r, 1: fetched.g, 2: fetched.b, 3: fetched.a})
        return self

    def blend(self, other, mode="normal", opacity=1):
        """Lays a colour or a picture of the same size over it."""
        return self._change("blend", _named(other), mode, *_plain([opacity]))

    def chroma_key(self, color, tolerance=0.2, softness=0.1, spill=0.5, background=None):
        """Takes out a colour, as of a green screen; `background`, a colour or a picture, is seen behind."""
        parts = dict(zip(("tolerance", "softness", "spill"), _plain([tolerance, softness, spill])))
        if background is not None:
            parts["background"] = _named(background)
        return self._change("chromaKey", color, parts)

    def histogram(self):
        """How many pixels have each of the values 0 to 255: lists `r`, `g`, `b` and `luma`."""
        return SimpleNamespace(**json.loads(self._memory.ask("histogram", self._number)))

    def copy(self):
        """A picture of its own, as it is now. It lasts until the end of the frame."""
        return Pixels(self._memory.ask("copy", self._number))

    def region(self, x, y, width, height):
        """A part of it, cut to what there is: operations on it change it alone, and its left top corner is (0, 0)."""
        return Pixels(_say("region", self._number, *_plain([x, y, width, height])), self._memory)

    @property
    def data(self):
        """All bytes, row by row. What is written is the new picture. It is copied here and back: the slowest way."""
        memory = self._memory
        memory.settle()
        if memory.data is None:
            memory.bytes = _look("", self._number)
            if memory.bytes is None:
                raise AttributeError("A region has no data of its own: take its copy().")
            memory.data = bytearray(memory.bytes.to_bytes())
        return memory.data

    # -- What was assigned

    def _assign(self, values):
        memory = self._memory
        if memory.waiting is not self:
            memory.settle()
        fresh = {at: value_of(value) for at, value in values.items()}
        # As it will be read from the picture: a byte.
        self._new.update({at: Traced(("byte",), one) for at, one in fresh.items()})
        memory.waiting = self
        for one in fresh.values():
            # It may be well all the same: what stood in the picture when it changed has become its new version.
            if one.source is self and one.version != memory.version:
                _check(one)
        # Another picture may change before this one is looked at.
        is_alone = all(one.source in (None, self) for one in fresh.values())
        if memory.data is not None or not is_alone or sum(one.size for one in self._new.values()) > WAITING:
            memory.settle()

    def _run(self):
        new, self._new = self._new, {}
        others, steps, numbers, places = [], [], [], {}

        def picture(other):
            if other is self:
                return 0
            if other not in others:
                others.append(other)
            return 1 + others.index(other)

        for one in in_order(new.values()):
            _check_step(one.step)
            name, *rest = one.step
            if name == "number":
                numbers += rest
                rest = [len(numbers) - 1]
            elif rest:
                source, _, channel = rest
                rest = [picture(source), channel]
            places[id(one)] = len(steps)
            steps.append([name, *rest, *(places[id(each)] for each in one.of)])
        results = [places[id(new[at])] if at in new else -1 for at in range(4)]
        kernel = {"steps": steps, "numbers": numbers, "results": results}
        self._memory.change("run", self._number, kernel, [other._number for other in others])
        for at, one in new.items():
            # Whoever holds it still may go on with it: it is what stands in the picture now.
            one.__init__(("read", self, self._memory.version, at))


def _check(value):
    for one in in_order([value]):
        _check_step(one.step)


def _check_step(step):
    if len(step) == 4 and step[1]._memory.version != step[2]:
        raise ValueError("A value was taken from the picture before it changed: take it again, or from a copy().")


def _mask(given):
    if not isinstance(given, Traced):
        raise TypeError(f"px[…] takes a condition such as px.luma > 128, or px[top:bottom, left:right], not {shown(given)}.")
    return given


def _named(other):
    if not isinstance(other, Pixels):
        return other if isinstance(other, str) else str(other)
    other._memory.settle()
    return other._number


def _colors(given):
    """Three or four values."""
    if isinstance(given, Pixels):
        return [given.r, given.g, given.b, given.a]
    if isinstance(given, Rgb):
        return [given.r, given.g, given.b, given.a][: 3 if given.a is None else 4]
    if isinstance(given, str):
        packed = json.loads(_say("color", 0, given))
        return [packed >> 24, packed >> 16 & 255, packed >> 8 & 255, packed & 255]
    if isinstance(given, (tuple, list)):
        if len(given) not in (3, 4):
            raise TypeError(f"A colour has three or four values, not {len(given)}.")
        return list(given)
    return [given] * 3


def begin(look):
    """The frame's picture; `look` is how it is asked for things."""
    global _look
    _look = look
    return Pixels(look())


def end(pixels):
    """Does what still waits."""
    memory = pixels._memory
    memory.settle()
    if memory.data is not None:
        memory.bytes.assign(memory.data)
