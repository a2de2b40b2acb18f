"""What an effect does without: a clock and chance of its own.

A picture follows from its frame's number, so what would make it differ from one render to the next is refused by name.
"""

import asyncio
import datetime
import os
import random
import secrets
import time
import uuid

CLOCK = "An effect has no clock: use f.t, the seconds since the first frame."
CHANCE = "An effect has no chance of its own: use f.random(), or the random module, which follows the render's seed."
WAIT = "An effect may not wait: it is a function of its frame."
CLOCKS = ("time", "monotonic", "perf_counter", "process_time", "thread_time")


def refused(why):
    def refuse(*_, **__):
        raise RuntimeError(why)

    return refuse


def no_clock(*_):
    clock, chance, wait = refused(CLOCK), refused(CHANCE), refused(WAIT)
    for name in CLOCKS:
        setattr(time, name, clock)
        setattr(time, name + "_ns", clock)
    for name in ("localtime", "gmtime", "ctime", "strftime", "asctime"):
        setattr(time, name, given_a_time(getattr(time, name), name))
    time.sleep = asyncio.sleep = wait
    datetime.datetime = without_now(datetime.datetime, "now", "utcnow", "today")
    datetime.date = without_now(datetime.date, "today")
    os.urandom = random._urandom = uuid.uuid1 = uuid.uuid4 = chance
    secrets.token_bytes = secrets.token_hex = secrets.token_urlsafe = secrets.randbits = chance
    seeded = random.Random.seed

    def seed(self, a=None, version=2):
        return chance() if a is None else seeded(self, a, version)

    random.Random.seed = seed
    random.seed = random._inst.seed


def given_a_time(function, name):
    """These take the present where they are given none."""
    needed = 2 if name == "strftime" else 1

    def checked(*given):
        if len(given) < needed or given[needed - 1] is None:
            raise RuntimeError(CLOCK)
        return function(*given)

    return checked


def without_now(kind, *names):
    """A class like it, which those made by the other one belong to as well."""

    class Like(type):
        def __instancecheck__(cls, one):
            return isinstance(one, kind)

        def __subclasscheck__(cls, one):
            return issubclass(one, kind)

    return Like(kind.__name__, (kind,), {name: staticmethod(refused(CLOCK)) for name in names} | {"__module__": "datetime"})
