from plinth import choice, color, effect, integer, text

COLORS = ["#ffd166", "#cfd8e3", "#ff9f5a", "#4cc9f0", "#b892ff", "#7ae582", "#ff5d8f"]
MOVES = 0.6


def ease(x):
    part = min(1, max(0, x))
    return part * part * (3 - 2 * part)


def ranked(gifts, by):
    sums = {}
    for gift in gifts:
        if gift["name"]:
            sums[gift["name"]] = sums.get(gift["name"], 0) + gift[by]
    return sorted(sums.items(), key=lambda one: (-one[1], one[0]))


def shortened(canvas, words, room, **style):
    if canvas.measure(words, **style).width <= room:
        return words
    while words and canvas.measure(words + "…", **style).width > room:
        words = words[:-1]
    return words.rstrip() + "…"


@effect(
    title="Gift leaderboard",
    summary="Who gave most in a live stream, overtaking each other as the gifts come in.",
    params={
        "title": text("Top gifts", max_length=40, group="Words"),
        "by": choice(["amount", "count"], help="What the gifts are worth, or how many they are."),
        "prefix": text("$", max_length=8, group="Words", help="Before an amount, which is in hundredths."),
        "places": integer(5, min=1, max=8),
        "side": choice(["left", "right"], group="Looks"),
        "panel": color("#0b0f14c8", group="Looks", label="Panel"),
        "accent": color("#ff5d8f", group="Looks", help="Of what has just been given."),
    },
    inputs=["live.gifts"],
)
def frame(f):
    c, u, safe = f.canvas, f.canvas.unit, f.canvas.safe
    gifts = [gift for gift in f.data["live.gifts"] if gift["t"] <= f.t]
    if not gifts:
        return
    now, before = ranked(gifts, f.params.by), ranked(gifts[:-1], f.params.by)
    since = f.t - gifts[-1]["t"]
    moved = ease(since / MOVES)
    places = {name: place for place, (name, _) in enumerate(before)}
    wide, row = min(safe.width, 400 * u), 66 * u
    head = 70 * u if f.params.title.strip() else 18 * u
    shown = min(f.params.places, len(now))
    tall = head + shown * row + 14 * u
    x = safe.x if f.params.side == "left" else safe.x + safe.width - wide
    y = safe.y + (safe.height - tall) * (0.5 if f.height < f.width else 0.12)
    c.rect(x, y, wide, tall, fill=f.params.panel, radius=18 * u)
    title = {"size": 32 * u, "weight": 700, "fill": "#ffffff"}
    if f.params.title.strip():
        c.text(shortened(c, f.params.title.strip(), wide - 48 * u, **title), x + 24 * u, y + 48 * u, **title)

    def draw_rows():
        for place, (name, worth) in enumerate(now[: shown + 1]):
            stood = min(places.get(name, shown), shown)
            draw_row(f, x, y + head + (stood + (place - stood) * moved) * row, wide, row, place, name, worth)

    c.group(draw_rows, clip=[x, y, wide, tall - 8 * u, 18 * u])
    if since < 2 and gifts[-1]["name"]:
        given(f, gifts[-1], x + wide / 2, y + tall, since)


def written(f, value, by):
    if by == "count":
        return f.canvas.format(value)
    return f.canvas.format(value / 100, prefix=f.params.prefix, decimals=0 if value % 100 == 0 else 2)


def draw_row(f, x, y, wide, row, place, name, worth):
    c, u = f.canvas, f.canvas.unit
    hue, middle = COLORS[place % len(COLORS)], y + row / 2
    c.circle(x + 48 * u, middle, 24 * u, fill=hue)
    c.text(name[:1].upper(), x + 48 * u, middle, size=26 * u, weight=700, align="center", baseline="middle", fill="#101418")
    number = written(f, worth, f.params.by)
    style = {"size": 27 * u, "weight": 700, "baseline": "middle"}
    c.text(number, x + wide - 24 * u, middle, align="right", fill=hue, **style)
    room = wide - 132 * u - c.measure(number, **style).width
    c.text(shortened(c, name, room, **style), x + 86 * u, middle, fill="#ffffff", **style)


def given(f, gift, middle, y, since):
    """What came last rises from below the board and fades."""
    c, u = f.canvas, f.canvas.unit
    words = f"{gift['name'][:18]}  +{written(f, gift[f.params.by], f.params.by)}"
    wide = c.measure(words, size=26 * u, weight=700).width + 44 * u
    left = min(max(f.canvas.safe.x, middle - wide / 2), f.canvas.safe.x + f.canvas.safe.width - wide)
    down = y + 14 * u + (1 - ease(since / 0.3)) * 30 * u

    def draw():
        c.rect(left, down, wide, 52 * u, fill=f.params.accent, radius=26 * u)
        c.text(words, left + wide / 2, down + 26 * u, size=26 * u, weight=700, align="center", baseline="middle", fill="#ffffff")

    c.group(draw, opacity=ease(since / 0.3) * ease((2 - since) / 0.5))
