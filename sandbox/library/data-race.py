from plinth import color, dataset, effect, number, text

ROWS = [
    {"name": "Music", "value": 42},
    {"name": "Games", "value": 35},
    {"name": "Cooking", "value": 28},
    {"name": "Travel", "value": 17},
]


def ease(x):
    part = min(1, max(0, x))
    return part * part * (3 - 2 * part)


@effect(
    title="Data race bars",
    summary="Bars that grow to what a table says, the largest on top.",
    params={
        "title": text("What people watch", max_length=60),
        "rows": dataset(ROWS, help="Rows with a name and a value."),
        "color": color("#3bd1ff"),
        "takes": number(2, min=0.2, max=20, label="Seconds until they are grown"),
    },
)
def frame(f):
    unit = f.height / 720
    rows = sorted(f.params.rows, key=lambda row: -row["value"])[:8]
    most = max((row["value"] for row in rows), default=0) or 1
    part = ease(f.t / f.params.takes)
    left, top, tall = 80 * unit, 150 * unit, 56 * unit
    f.canvas.text(f.params.title, left, 100 * unit, size=44 * unit, weight=700, fill="#ffffff")
    for place, row in enumerate(rows):
        y = top + place * tall * 1.3
        wide = (f.width - left * 2 - 160 * unit) * row["value"] / most * part
        f.canvas.rect(left, y, max(2, wide), tall, fill=f.params.color, radius=8 * unit)
        f.canvas.text(str(row["name"]), left + 12 * unit, y + tall * 0.68, size=28 * unit, weight=700, fill="#101418")
        value = f"{row['value'] * part:,.0f}"
        f.canvas.text(value, left + wide + 12 * unit, y + tall * 0.68, size=28 * unit, fill="#ffffff")
