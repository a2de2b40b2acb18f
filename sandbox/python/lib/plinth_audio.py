"""What an effect in Python does to sound. Samples stay in memory that JavaScript's tools change too: they cross when they
are looked at, as arrays of floats.
"""

import json
import random
from array import array
from types import SimpleNamespace

from plinth_inputs import Data

_scene = _chance = _handle = _seed = _state = _audio = None


class Channels(list):
    """An array of samples for each channel. What stands there after the block is the new sound."""

    def __init__(self, count):
        self._shared = [_handle("samples", at) for at in range(count)]
        super().__init__(array("f", shared.to_bytes()) for shared in self._shared)

    def _write(self):
        for shared, samples in zip(self._shared, self):
            shared.assign(samples)

    def _read(self):
        for shared, samples in zip(self._shared, self):
            samples[:] = array("f", shared.to_bytes())


class Block(SimpleNamespace):
    """A stretch of sound: `index`, `t`, `channels`, `sample_rate`, `params`, `data`, `random`, `state`, `tools`."""

    @property
    def channels(self):
        if self._channels is None:
            self._channels = Channels(self.channel_count)
        return self._channels


class Tools:
    """Made in `audio_setup`, used block by block: `low(f.channels)`. Each keeps what it needs from block to block."""

    def low_pass(self, hertz, q=2**-0.5):
        return _tool("lowPass", hertz, q)

    def high_pass(self, hertz, q=2**-0.5):
        return _tool("highPass", hertz, q)

    def delay(self, seconds, feedback=0, mix=0.5):
        return _tool("delay", seconds, json.dumps({"feedback": feedback, "mix": mix}))

    def gain(self, channels, start, end=None):
        _changed(channels, lambda: _handle("gain", start, start if end is None else end))


def _tool(*made):
    number = _handle(*made)
    return lambda channels: _changed(channels, lambda: _handle("use", number))


def _changed(channels, change):
    channels._write()
    change()
    channels._read()


def start(setup, audio, facts, chance, ask, handle):
    global _scene, _chance, _handle, _seed, _state, _audio
    scene = json.loads(facts)
    _chance, _handle, _seed, _audio = chance, handle, chance(), audio
    _scene = {
        "sample_rate": scene["sampleRate"],
        "channel_count": scene["channelCount"],
        "block_length": scene["blockLength"],
        "duration": scene["duration"],
        "params": SimpleNamespace(**scene["params"]),
        "data": Data(scene["data"], ask),
        "tools": Tools(),
    }
    random.seed(f"{_seed}/setup")
    _state = setup(SimpleNamespace(**_scene, random=chance)) if setup else None


def play(index, t):
    random.seed(f"{_seed}/{index}")
    block = Block(**_scene, index=index, t=t, random=_chance, state=_state, _channels=None)
    _audio(block)
    if block._channels is not None:
        block._channels._write()
