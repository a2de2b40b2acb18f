from math import exp, sin

from plinth import boolean, choice, color, effect, font, number, text


def ease(x):
    part = min(1, max(0, x))
    return part * part * (3 - 2 * part)


@effect(
    title="Milestone",
    summary="A number that counts up to what was reached, and makes something of it.",
    params={
        "number": number(100_000, min=-1e12, max=1e12, group="Number"),
        "start": number(0, min=-1e12, max=1e12, group="Number", label="Counts from"),
        "notation": choice(["thousands", "compact", "plain"], group="Number"),
        "prefix": text("", max_length=8, group="Number"),
        "suffix": text("", max_length=8, group="Number"),
        "label": text("followers. Thank you!", max_length=80, group="Words"),
        "font": font("Display", group="Looks"),
        "color": color("#ffffff", group="Looks"),
        "accent": color("#ffd166", group="Looks"),
        "shade": color("#0b0f1499", group="Looks"),
        "rays": boolean(True, group="Looks"),
        "takes": number(2.2, min=0.1, max=60, label="Seconds that it counts", group="Time"),
    },
)
def frame(f):
    c, u, safe = f.canvas, f.canvas.unit, f.canvas.safe
    part, x, y = min(1, f.t / f.params.takes), f.width / 2, f.height * 0.46
    since = f.t - f.params.takes
    c.rect(0, 0, f.width, f.height, fill=f.params.shade)
    if f.params.rays and since > 0:
        rays(f, x, y, since)
    # What stands there in the end decides on the size: it does not jump while it grows.
    told = {"notation": f.params.notation, "prefix": f.params.prefix, "suffix": f.params.suffix}
    size = 150 * u
    wide = c.measure(c.format(f.params.number, **told), font=f.params.font, size=size, weight=700).width * 1.06
    size *= min(1, safe.width / wide)
    jump = 1 + 0.12 * exp(-since * 5) * (1 if since > 0 else 0)
    style = {"font": f.params.font, "size": size, "weight": 700, "align": "center", "baseline": "middle"}
    hue = f.params.accent if since > 0 else f.params.color

    def draw():
        c.counter(f.params.number, 0, 0, grow=part, format=told, fill=hue, **{**style, "from": f.params.start})

    c.group(draw, x=x, y=y, scale=jump * (0.9 + 0.1 * ease(f.t / 0.3)))
    words = f.params.label.strip()
    if words:
        label = {"size": 40 * u, "max_width": safe.width, "align": "center", "baseline": "top"}
        c.text(words, x, y + size * 0.62, fill=f.params.color, opacity=ease((f.t - 0.3) / 0.5), **label)


def rays(f, x, y, since):
    c, far = f.canvas, (f.width + f.height)
    for ray in range(14):
        turn = ray * 360 / 14 + f.t * 8
        c.arc(x, y, far, turn, turn + 9, fill=f.params.accent, opacity=0.16 * ease(since / 0.4) * (0.8 + 0.2 * sin(f.t * 2 + ray)))
