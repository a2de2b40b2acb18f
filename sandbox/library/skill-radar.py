from plinth import color, dataset, effect, number, text

ROWS = [
    {"name": "Speed", "value": 82, "average": 60},
    {"name": "Power", "value": 64, "average": 70},
    {"name": "Skill", "value": 91, "average": 62},
    {"name": "Stamina", "value": 58, "average": 66},
    {"name": "Vision", "value": 77, "average": 55},
    {"name": "Luck", "value": 45, "average": 50},
]


def ease(x):
    part = min(1, max(0, x))
    return 1 - (1 - part) ** 3


@effect(
    title="Skill radar",
    summary="Strengths around a middle, unfolding beside whoever has them.",
    params={
        "title": text("Player of the week", max_length=40, group="Words"),
        "rows": dataset(ROWS, help="Rows with a name and one or two numbers."),
        "most": number(100, min=1, max=1_000_000, help="What reaches the rim."),
        "color": color("#ff5d8f", group="Looks"),
        "other": color("#4cc9f0", group="Looks", help="Of the second numbers."),
        "panel": color("#0b0f14c8", group="Looks"),
        "start": number(0.3, min=0, max=3600, group="Time", label="Seconds until it comes"),
    },
)
def frame(f):
    c, u, safe = f.canvas, f.canvas.unit, f.canvas.safe
    rows = [row for row in f.params.rows if isinstance(row, dict)][:12]
    part = ease((f.t - f.params.start) / 1.2)
    if len(rows) < 3 or part <= 0:
        return
    columns = [key for key in rows[0] if key != "name"][:2]
    wide, tall = min(safe.width, 520 * u), min(safe.height, 560 * u)
    # Beside the middle where there is room, at the foot where there is none.
    upright = f.height > f.width
    x = safe.x + (safe.width - wide) / (2 if upright else 1)
    y = safe.y + (safe.height - tall if upright else (safe.height - tall) / 2)

    def draw():
        c.rect(x, y, wide, tall, fill=f.params.panel, radius=22 * u)
        title = {"size": 34 * u, "weight": 700, "align": "center", "fill": "#ffffff"}
        lines = c.measure(f.params.title.strip(), max_width=wide - 48 * u, **title).lines
        c.text(lines[0], x + wide / 2, y + 56 * u, **title)
        colors = [f.params.color, f.params.other][: len(columns)]
        series = [[row.get(key) if isinstance(row.get(key), (int, float)) else 0 for row in rows] for key in columns]
        radius = min(wide * 0.32, (tall - 190 * u) / 2)
        # The second lies behind.
        style = {"labels": [str(row.get("name", ""))[:14] for row in rows], "max": f.params.most, "size": 23 * u}
        middle = y + 96 * u + (tall - 150 * u) / 2
        c.radar(series[::-1], x + wide / 2, middle, radius, colors=colors[::-1], grow=part, **style)
        if len(columns) > 1:
            names(c, x, y + tall - 26 * u, wide, columns, colors)

    c.group(draw, opacity=min(1, part * 3))


def names(c, x, y, wide, columns, colors):
    u = c.unit
    widths = [c.measure(str(name), size=22 * u).width + 54 * u for name in columns]
    left = x + (wide - sum(widths)) / 2
    for name, width, hue in zip(columns, widths, colors):
        c.circle(left + 10 * u, y - 8 * u, 8 * u, fill=hue)
        c.text(str(name), left + 26 * u, y, size=22 * u, fill="#ffffffd0")
        left += width
