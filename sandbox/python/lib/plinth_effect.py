"""Effects in Python: the same contract as in JavaScript, said as Python says it.

What is drawn goes straight to the recorder that JavaScript draws with, by name; styles cross as JSON, which costs less
than making JavaScript's objects one by one.
"""

import json
import random
from math import isfinite
from types import SimpleNamespace

import plinth_audio
import plinth_inputs
import plinth_pixels
from plinth_failure import failed
from plinth_json import text_of

_exported = []


# ---- Params


def _param(kind, default, about):
    return {"kind": kind, "default": default, **_camel(about)}


def number(default, **about):
    return _param("number", default, about)


def integer(default, **about):
    return _param("integer", default, about)


def boolean(default, **about):
    return _param("boolean", default, about)


def text(default, **about):
    return _param("text", default, about)


def color(default, **about):
    return _param("color", default, about)


def point(x, y, **about):
    return _param("point", {"x": x, "y": y}, about)


def curve(default, **about):
    return _param("curve", [{"x": x, "y": y} for x, y in default], about)


def choice(options, **about):
    return _param("choice", options[0], {"options": list(options), **about})


def font(default, **about):
    return _param("font", default, about)


def image(**about):
    return _param("image", None, about)


def audio(**about):
    return _param("audio", None, about)


def dataset(default=(), **about):
    return _param("dataset", list(default), about)


def effect(title, summary=None, params=None, inputs=(), setup=None, audio=None, audio_setup=None):
    """Makes a function of a frame an effect. With `audio`, a function of a block of sound, it may go without a frame.

    >>> from plinth import color, effect
    >>> @effect(title="Dot", params={"color": color("#ff3b6b")})
    ... def frame(f):
    ...     f.canvas.circle(f.width / 2, f.height / 2, 40, fill=f.params.color)
    >>> def quiet(f):
    ...     f.tools.gain(f.channels, 0.5)
    >>> effect(title="Quiet", audio=quiet)
    """
    definition = {"kind": "effect", "title": title, "params": params or {}, "inputs": list(inputs)}
    if summary is not None:
        definition["summary"] = summary
    made = Definition(definition, setup, audio_setup, audio)
    if audio is not None:
        _exported.append(made)

    def wrap(frame):
        made.frame = frame
        _exported.append(made)
        return frame

    return wrap


class Definition:
    __slots__ = ("told", "setup", "audio_setup", "audio", "frame")

    def __init__(self, told, setup, audio_setup, audio):
        self.told, self.setup, self.audio_setup, self.audio, self.frame = told, setup, audio_setup, audio, None


# ---- What a frame is given


def _camel(names):
    """`line_width` as JavaScript calls it."""
    if not any("_" in name for name in names):
        return names
    return {_camel_name(name): value for name, value in names.items()}


def _camel_name(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


class Canvas:
    """Draws over the picture. Lengths are pixels, angles degrees, and styles are named: `fill`, `stroke`, `line_width`."""

    __slots__ = ("_draw", "width", "height", "unit", "_safe")

    def __init__(self, draw, width, height):
        self._draw, self.width, self.height = draw, width, height
        self.unit, self._safe = min(width, height) / 720, None

    @property
    def safe(self):
        """Where texts are read: away from the edges, and from what feeds lay over upright pictures."""
        if self._safe is None:
            self._safe = SimpleNamespace(**json.loads(self._draw("safe", "")))
        return self._safe

    def rect(self, x, y, width, height, **style):
        self._draw("rect", _style(style), x, y, width, height)

    def circle(self, x, y, radius, **style):
        self._draw("circle", _style(style), x, y, radius)

    def ellipse(self, x, y, radius_x, radius_y, **style):
        self._draw("ellipse", _style(style), x, y, radius_x, radius_y)

    def arc(self, x, y, radius, start, end, **style):
        self._draw("arc", _style(style), x, y, radius, start, end)

    def line(self, x1, y1, x2, y2, **style):
        self._draw("line", _style(style), x1, y1, x2, y2)

    def polygon(self, points, **style):
        self._draw("polygon", _style(style), json.dumps([[x, y] for x, y in points]))

    def path(self, d, **style):
        self._draw("path", _style(style), d)

    def text(self, text, x, y, **style):
        self._draw("text", _style(style), str(text), x, y)

    def measure(self, text, **style):
        return SimpleNamespace(**json.loads(self._draw("measure", _style(style), str(text))))

    def image(self, name, x, y, width, height, **style):
        if name is not None:
            self._draw("image", _style(style), name, x, y, width, height)

    def image_size(self, name):
        """How large a picture is by itself; `None` while there is none."""
        size = json.loads(self._draw("imageSize", "", name or ""))
        return size and SimpleNamespace(**size)

    def bars(self, values, x, y, width, height, /, **style):
        self._chart("bars", values, style, x, y, width, height)

    def lines(self, values, x, y, width, height, /, **style):
        self._chart("lines", values, style, x, y, width, height)

    def area(self, values, x, y, width, height, /, **style):
        self._chart("area", values, style, x, y, width, height)

    def sparkline(self, values, x, y, width, height, /, **style):
        self._chart("sparkline", values, style, x, y, width, height)

    def radar(self, values, x, y, radius, /, **style):
        self._chart("radar", values, style, x, y, radius)

    def _chart(self, name, values, style, *place):
        self._draw(name, _style(style), json.dumps([_numbers(one) for one in values]), *place)

    def counter(self, value, x, y, /, **style):
        self._draw("counter", _style(style), value, x, y)

    def format(self, value, **style):
        """A number as people read it: `f.canvas.format(12345, notation="compact")` is `12.3k`."""
        return self._draw("format", _style(style), value)

    def group(self, draw, **style):
        """Draws with a transform, an opacity, a blend or a clip over all that `draw()` draws."""
        self._draw("group", _style(style), draw)


def _style(style):
    return json.dumps(_camel(style)) if style else ""


def _numbers(value):
    """A number, a hole, or a row of them; numpy's and other sequences' too."""
    if value is None or isinstance(value, (int, float)):
        return value if value is not None and isfinite(value) else None
    return [_numbers(one) for one in value]


class Frame(SimpleNamespace):
    """One frame: `index`, `t`, `width`, `height`, `fps`, `duration`, `params`, `data`, `audio`, `random`, `state`."""

    @property
    def pixels(self):
        if self._pixels is None:
            self._pixels = plinth_pixels.begin(_look)
        return self._pixels


    @property
    def audio(self):
        if self._audio is None:
            self._audio = plinth_inputs.heard(_ask)
        return self._audio

    @property
    def live(self):
        return plinth_inputs.Live(_ask)


_ask = _scene = _canvas = _look = _chance = _seed = _state = None


def _run(function, *given):
    try:
        return "v" + (function(*given) or "")
    except BaseException as error:
        return failed(error)


def effect_describe():
    if not _exported:
        return "v"
    made = _exported[-1]
    ways = {"frame": made.frame is not None, "audio": made.audio is not None}
    return "v" + text_of({**made.told, **ways})


def effect_start(facts, draw, look, chance, ask):
    def start():
        global _ask, _scene, _canvas, _look, _chance, _seed, _state
        scene = json.loads(facts)
        _ask, scene["data"] = ask, plinth_inputs.Data(scene["data"], ask)
        scene["params"] = SimpleNamespace(**scene["params"])
        _scene, _look, _chance, _seed = scene, look, chance, chance()
        _canvas = Canvas(draw, scene["width"], scene["height"])
        # Python's own chance, too, follows from the render's seed and the frame's number alone.
        random.seed(f"{_seed}/setup")
        setup = _exported[-1].setup
        _state = setup(SimpleNamespace(**scene, random=chance)) if setup else None

    return _run(start)


def effect_frame(index, t):
    def play():
        random.seed(f"{_seed}/{index}")
        frame = Frame(
            **_scene,
            index=index,
            t=t,
            canvas=_canvas,
            random=_chance,
            state=_state,
            _pixels=None,
            _audio=None,
        )
        _exported[-1].frame(frame)
        if frame._pixels is not None:
            plinth_pixels.end(frame._pixels)

    return _run(play)


def sound_start(*given):
    made = _exported[-1]
    return _run(plinth_audio.start, made.audio_setup, made.audio, *given)


def sound_block(index, t):
    return _run(plinth_audio.play, index, t)
