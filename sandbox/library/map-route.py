from math import asin, cos, log, pi, radians, sin, sqrt, tan

from plinth import boolean, choice, color, dataset, effect, number, text

STOPS = [
    {"name": "Lisbon", "lat": 38.72, "lon": -9.14},
    {"name": "Madrid", "lat": 40.42, "lon": -3.70},
    {"name": "Barcelona", "lat": 41.39, "lon": 2.17},
    {"name": "Marseille", "lat": 43.30, "lon": 5.37},
    {"name": "Genoa", "lat": 44.41, "lon": 8.93},
    {"name": "Rome", "lat": 41.90, "lon": 12.50},
]
STEPS = 24


def ease(x):
    part = min(1, max(0, x))
    return part * part * (3 - 2 * part)


def kilometres(one, other):
    up, across = radians(other["lat"] - one["lat"]), radians(other["lon"] - one["lon"])
    part = sin(up / 2) ** 2 + cos(radians(one["lat"])) * cos(radians(other["lat"])) * sin(across / 2) ** 2
    return 2 * 6371 * asin(min(1, sqrt(part)))


def mercator(stop):
    lat = max(-85, min(85, stop["lat"]))
    return radians(stop["lon"]), -log(tan(pi / 4 + radians(lat) / 2))


def is_stop(row):
    return all(isinstance(row.get(key), (int, float)) for key in ("lat", "lon"))


@effect(
    title="Map route",
    summary="A journey drawn from place to place, with the kilometres that it comes to.",
    params={
        "title": text("To Rome by train", max_length=60, group="Words"),
        "stops": dataset(STOPS, help="Rows with a name, a lat and a lon."),
        "takes": number(6, min=0.5, max=600, label="Seconds that the journey takes"),
        "distance": boolean(True, group="Words"),
        "unit": choice(["km", "miles"], group="Words"),
        "route": color("#ff5d8f", group="Looks"),
        "paper": color("#13202bd9", group="Looks", label="Map"),
    },
)
def frame(f):
    c, u, safe = f.canvas, f.canvas.unit, f.canvas.safe
    stops = [row for row in f.params.stops if isinstance(row, dict) and is_stop(row)]
    if len(stops) < 2:
        return
    title = f.params.title.strip()
    head = 90 * u if title or f.params.distance else 24 * u
    points = [mercator(stop) for stop in stops]
    # Room for names on all sides; the map is as tall as the journey asks for.
    side = 80 * u
    down = (safe.width - 2 * side) * slope(points)
    tall = min(safe.height, max(360 * u, head + 130 * u + down))
    c.rect(safe.x, safe.y, safe.width, tall, fill=f.params.paper, radius=20 * u)
    c.group(lambda: grid(c, safe, 48 * u), clip=[safe.x, safe.y, safe.width, tall, 20 * u])
    places = fitted(points, (safe.x + side, safe.y + head + 50 * u, safe.width - 2 * side, tall - head - 130 * u))
    way = [kilometres(one, other) for one, other in zip(stops, stops[1:])]
    gone = ease(f.t / f.params.takes) * sum(way)
    line, reached, left = [places[0]], 0, gone
    for leg, length in enumerate(way):
        part = min(1, left / length) if length else 1
        line += [bent(places[leg], places[leg + 1], step / STEPS) for step in range(1, int(part * STEPS) + 1)]
        left -= length
        if left < 0:
            line.append(bent(places[leg], places[leg + 1], part))
            break
        reached = leg + 1
    for leg in range(len(way)):
        whole = [bent(places[leg], places[leg + 1], step / STEPS) for step in range(STEPS + 1)]
        c.polygon(whole, open=True, stroke="#ffffff40", line_width=3 * u, dash=[2 * u, 10 * u], cap="round")
    if len(line) > 1:
        c.polygon(line, open=True, stroke=f.params.route, line_width=7 * u, cap="round", join="round")
    for at, (stop, (x, y)) in enumerate(zip(stops, places)):
        there = at <= reached
        c.circle(x, y, 9 * u, fill="#ffffff" if there else "#8a97a3")
        c.circle(x, y, 5 * u, fill=f.params.route if there else "#13202b")
        name(f, str(stop.get("name", "")), x, y, there, at)
    x, y = line[-1]
    c.circle(x, y, (16 + 5 * sin(f.t * 6)) * u, fill=f.params.route, opacity=0.35)
    c.circle(x, y, 10 * u, fill="#ffffff", stroke=f.params.route, line_width=4 * u)
    style = {"size": 36 * u, "weight": 700, "fill": "#ffffff"}
    room = safe.width - (280 * u if f.params.distance else 64 * u)
    if title:
        words = c.measure(title, max_width=room, **style).lines
        c.text(words[0] + ("…" if len(words) > 1 else ""), safe.x + 32 * u, safe.y + 64 * u, **style)
    if f.params.distance:
        shown = gone if f.params.unit == "km" else gone / 1.609344
        suffix = {"format": {"suffix": f" {f.params.unit}"}, "align": "right", "font": "Display"}
        c.counter(shown, safe.x + safe.width - 32 * u, safe.y + 66 * u, **{**style, **suffix})


def grid(c, box, step):
    for row in range(int(box.height / step) + 1):
        c.line(box.x, box.y + row * step, box.x + box.width, box.y + row * step, stroke="#ffffff0f", line_width=1)
    for column in range(int(box.width / step) + 1):
        c.line(box.x + column * step, box.y, box.x + column * step, box.y + box.height, stroke="#ffffff0f", line_width=1)


def slope(points):
    """How tall they lie for how wide."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (max(ys) - min(ys)) / max(max(xs) - min(xs), 1e-9)


def fitted(points, box):
    """As large as the box allows, in its middle."""
    left, top, wide, tall = box
    xs, ys = [x for x, _ in points], [y for _, y in points]
    across, down = max(xs) - min(xs), max(ys) - min(ys)
    scale = min(wide / across if across else 1e9, tall / down if down else 1e9)
    scale = scale if scale < 1e9 else 0
    x0, y0 = left + (wide - across * scale) / 2, top + (tall - down * scale) / 2
    return [(x0 + (x - min(xs)) * scale, y0 + (y - min(ys)) * scale) for x, y in points]


def bent(one, other, part):
    """Between two places along a gentle arc."""
    (x0, y0), (x1, y1) = one, other
    lift = 4 * part * (1 - part) * 0.09
    return x0 + (x1 - x0) * part + (y1 - y0) * lift, y0 + (y1 - y0) * part - abs(x1 - x0) * lift


def name(f, words, x, y, there, at):
    c, u, safe = f.canvas, f.canvas.unit, f.canvas.safe
    style = {"size": 23 * u, "weight": 700 if there else 400}
    half = c.measure(words, **style).width / 2
    x = max(safe.x + half + 8 * u, min(safe.x + safe.width - half - 8 * u, x))
    # By turns above and below: neighbours do not write over each other.
    y += 40 * u if at % 2 else -22 * u
    c.text(words, x, y, align="center", fill="#ffffff" if there else "#ffffff90", **style)
