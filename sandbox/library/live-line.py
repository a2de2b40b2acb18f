from plinth import boolean, choice, color, effect, number, text

# Where a clip has no audience of its own, to see what it would look like.
SAMPLE = [{"t": at * 0.25, "count": 900 + at * 42 + (at * 7919 % 13) * 22 - (at % 9) * 30} for at in range(240)]


@effect(
    title="Live line chart",
    summary="How many are watching, as a line that grows with the stream.",
    params={
        "title": text("Watching now", max_length=40),
        "color": color("#4cc9f0", group="Looks"),
        "panel": color("#0b0f14c8", group="Looks"),
        "place": choice(["top right", "top left", "bottom right", "bottom left"], group="Looks"),
        "window": number(30, min=2, max=600, label="Seconds that are shown"),
        "axis": boolean(True, group="Looks"),
        "sample": boolean(False, help="Shows made-up numbers where a clip has none."),
    },
    inputs=["live.viewers"],
)
def frame(f):
    c, u, safe = f.canvas, f.canvas.unit, f.canvas.safe
    known = f.data["live.viewers"] or (SAMPLE if f.params.sample else [])
    past = [one for one in known if one["t"] <= f.t]
    if not past:
        return
    wide, tall = min(safe.width, 460 * u), 300 * u
    across, down = f.params.place.split()[1], f.params.place.split()[0]
    x = safe.x if across == "left" else safe.x + safe.width - wide
    y = safe.y if down == "top" else safe.y + safe.height - tall
    c.rect(x, y, wide, tall, fill=f.params.panel, radius=18 * u)
    beat = 0.5 + 0.5 * (1 - f.t % 1)
    c.circle(x + 34 * u, y + 40 * u, 9 * u, fill="#ff3b5c", opacity=beat)
    title = c.measure(f.params.title, size=26 * u, max_width=wide * 0.5).lines[0]
    c.text(title, x + 54 * u, y + 49 * u, size=26 * u, fill="#ffffffd0")
    now = past[-1]["count"]
    c.counter(now, x + wide - 26 * u, y + 53 * u, size=38 * u, weight=700, align="right", fill="#ffffff")
    # Evenly over the window, so that the line moves on smoothly whenever the numbers came.
    points, first = 40, max(0, f.t - f.params.window)
    times = [first + (f.t - first) * at / points for at in range(points + 1)]
    values, at = [], 0
    for time in times:
        while at + 1 < len(past) and past[at + 1]["t"] <= time:
            at += 1
        one, other = past[at], past[min(at + 1, len(past) - 1)]
        part = (time - one["t"]) / (other["t"] - one["t"]) if other["t"] > one["t"] else 0
        values.append(one["count"] + (other["count"] - one["count"]) * min(1, max(0, part)))
    low, high = min(values), max(values)
    style = {"smooth": True, "dots": "end", "colors": [f.params.color], "line_width": 4 * u, "size": 19 * u}
    style.update(min=low - (high - low + 1) * 0.15, format={"notation": "compact"}, ticks=3 if f.params.axis else 0)
    c.area(values, x + 26 * u, y + 78 * u, wide - 52 * u, tall - 100 * u, **style)
