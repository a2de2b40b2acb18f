"""What an effect is told of its clip and its audience. It crosses from JavaScript when it is looked at, and not before."""

import json
from collections.abc import Mapping
from types import SimpleNamespace

NEVER = float("inf")


class Data(Mapping):
    """What the inputs say, by their names. The same for all frames: each crosses once."""

    __slots__ = ("_names", "_ask", "_known")

    def __init__(self, names, ask):
        self._names, self._ask, self._known = tuple(names), ask, {}

    def __getitem__(self, name):
        if name not in self._names:
            raise KeyError(f"{name}: an effect is told what it names in inputs")
        if name not in self._known:
            self._known[name] = json.loads(self._ask("data", name))
        return self._known[name]

    def __iter__(self):
        return iter(self._names)

    def __len__(self):
        return len(self._names)


def heard(ask):
    """The sound at a frame: `spectrum`, `loudness`, `beat`, `since_beat`."""
    found = json.loads(ask("audio"))
    since = found.pop("sinceBeat")
    return SimpleNamespace(**found, since_beat=NEVER if since is None else since)


class Events:
    """Likes or gifts until a frame: `total`, `amount`, `since`, `recent(seconds)`, `top(count)`."""

    __slots__ = ("_ask", "_kind", "_found")

    def __init__(self, ask, kind):
        self._ask, self._kind, self._found = ask, kind, None

    def _read(self, name):
        if self._found is None:
            self._found = json.loads(self._ask(self._kind))
        return self._found[name]

    @property
    def total(self):
        return self._read("total")

    @property
    def amount(self):
        return self._read("amount")

    @property
    def since(self):
        since = self._read("since")
        return NEVER if since is None else since

    def recent(self, seconds):
        return _events(self._ask(self._kind, "recent", seconds))

    def top(self, count):
        return _events(self._ask(self._kind, "top", count))


def _events(text):
    return [SimpleNamespace(**one) for one in json.loads(text)]


class Live:
    """The audience until a frame: `likes`, `gifts`, and `viewers.now` and `viewers.most`."""

    __slots__ = ("_ask", "likes", "gifts")

    def __init__(self, ask):
        self._ask, self.likes, self.gifts = ask, Events(ask, "likes"), Events(ask, "gifts")

    @property
    def viewers(self):
        return SimpleNamespace(**json.loads(self._ask("viewers")))
