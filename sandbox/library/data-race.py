from math import exp

from plinth import boolean, color, dataset, effect, integer, number, text

ROWS = [
    {"name": "Music", "2021": 24, "2022": 31, "2023": 38, "2024": 42},
    {"name": "Games", "2021": 35, "2022": 36, "2023": 30, "2024": 35},
    {"name": "Cooking", "2021": 8, "2022": 22, "2023": 33, "2024": 52},
    {"name": "Travel", "2021": 14, "2022": 9, "2023": 21, "2024": 27},
    {"name": "Sports", "2021": 19, "2022": 24, "2023": 26, "2024": 22},
]
COLORS = ["#4cc9f0", "#ff5d8f", "#ffd166", "#7ae582", "#b892ff", "#ff9f5a"]


def value_of(row, column):
    value = row.get(column)
    return max(0, value) if isinstance(value, (int, float)) else 0


def shortened(canvas, words, room, **style):
    if canvas.measure(words, **style).width <= room:
        return words
    while words and canvas.measure(words + "…", **style).width > room:
        words = words[:-1]
    return words.rstrip() + "…"


@effect(
    title="Data race bars",
    summary="Bars that grow and overtake each other as a table says, the largest on top.",
    params={
        "title": text("What people watch", max_length=60, group="Words"),
        "rows": dataset(ROWS, help="Rows with a name, and a number for each step of the race."),
        "bars": integer(5, min=1, max=12, help="The largest so many."),
        "takes": number(6, min=0.2, max=600, label="Seconds that the race takes", group="Time"),
        "prefix": text("", max_length=8, group="Words", help="Before each number."),
        "step": boolean(True, group="Words", label="Show the step", help="The year, or whatever the columns are called."),
        "shade": color("#0b0f14c0", group="Looks", label="Panel behind"),
    },
)
def frame(f):
    c, u, safe = f.canvas, f.canvas.unit, f.canvas.safe
    rows = [row for row in f.params.rows if isinstance(row, dict)]
    columns = [name for name in (rows[0] if rows else {}) if name != "name"]
    if not columns:
        return
    # Between two columns there is what lies between their values; before the first there is nothing.
    steps = ["", *columns] if len(columns) == 1 else columns
    at = min(1, f.t / f.params.takes) * (len(steps) - 1)
    before, part = steps[int(at)], at - int(at)
    after = steps[min(len(steps) - 1, int(at) + 1)]
    values = [value_of(row, before) * (1 - part) + value_of(row, after) * part for row in rows]
    most = max(values) or 1
    left, wide = safe.x + 28 * u, safe.width - 56 * u
    c.rect(safe.x, safe.y, safe.width, safe.height, fill=f.params.shade, radius=20 * u)
    top, room = safe.y + 28 * u, wide
    step = columns[round(at)] if f.params.step and len(columns) > 1 else ""
    if step:
        style = {"font": "Display", "size": 54 * u, "weight": 700, "align": "right", "fill": "#ffffff80"}
        c.text(step, left + wide, top + 42 * u, **style)
        room -= c.measure(step, **style).width + 24 * u
    if f.params.title.strip():
        style = {"size": 40 * u, "weight": 700, "fill": "#ffffff"}
        c.text(shortened(c, f.params.title.strip(), room, **style), left, top + 38 * u, **style)
    if step or f.params.title.strip():
        top += 66 * u
    shown = min(f.params.bars, len(rows))
    tall = (safe.y + safe.height - 24 * u - top) / shown
    bar = min(tall * 0.72, 84 * u)
    letters = min(bar * 0.5, 34 * u)
    numbers = c.measure(f.params.prefix + "8,888", size=letters, weight=700).width + 16 * u
    for index, (row, value) in enumerate(zip(rows, values)):
        # Where all others are larger or smaller by far this is a rank; while two pass each other they trade places gently.
        place = sum(1 / (1 + exp(-max(-50, min(50, (other - value) / most * 60)))) for other in values) - 0.5
        if place > shown - 0.4:
            continue
        y = top + place * tall + (tall - bar) / 2
        long = max(bar * 0.2, (wide - numbers) * value / most)
        c.rect(left, y, long, bar, fill=COLORS[index % len(COLORS)], radius=bar * 0.18)
        name = shortened(c, str(row.get("name", "")), wide - numbers, size=letters, weight=700)
        inside = c.measure(name, size=letters, weight=700).width + 28 * u < long
        number_at = left + long + 14 * u
        if inside:
            c.text(name, left + 14 * u, y + bar / 2, size=letters, weight=700, baseline="middle", fill="#101418")
        else:
            written = c.measure(c.format(value, prefix=f.params.prefix), size=letters, weight=700).width
            c.text(name, number_at + written + letters * 0.8, y + bar / 2, size=letters, weight=700, baseline="middle", fill="#ffffffb0")
        counted = {"format": {"prefix": f.params.prefix}, "size": letters, "weight": 700, "baseline": "middle"}
        c.counter(value, number_at, y + bar / 2, fill="#ffffff", **counted)
