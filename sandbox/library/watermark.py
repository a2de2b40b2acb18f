from plinth import choice, color, effect, font, image, number, text


def ease(x):
    part = min(1, max(0, x))
    return part * part * (3 - 2 * part)


@effect(
    title="Watermark",
    summary="Your name or logo in a corner, wandering from one to the next, or all over the picture.",
    params={
        "text": text("@yourname", max_length=60, group="Mark"),
        "logo": image(group="Mark", help="Beside the text, or alone if there is none."),
        "font": font("Sans", group="Mark"),
        "size": number(30, min=8, max=200, group="Mark", help="In a picture whose shorter side is 720."),
        "color": color("#ffffff", group="Mark"),
        "opacity": number(0.7, min=0, max=1, step=0.05, group="Mark"),
        "place": choice(["top right", "top left", "bottom right", "bottom left", "wandering", "everywhere"]),
        "stay": number(6, min=1, max=600, label="Seconds in a corner", help="While it wanders."),
    },
)
def frame(f):
    c, safe = f.canvas, f.canvas.safe
    size, words = f.params.size * c.unit, f.params.text.strip()
    natural = c.image_size(f.params.logo)
    if not words and not natural:
        return
    style = {"font": f.params.font, "size": size, "weight": 700, "baseline": "middle"}
    tall = size * (1.6 if natural else 1.2)
    logo = tall * natural.width / natural.height if natural else 0
    gap = size * 0.4 if natural and words else 0
    wide = logo + gap + (c.measure(words, **style).width if words else 0)
    # However long it is, all of it is seen.
    scale = min(1, safe.width / wide)

    def mark(x, y, part=1.0):
        def draw():
            if natural:
                c.image(f.params.logo, 0, 0, logo, tall, opacity=seen)
            if words:
                shadow = {"color": "#00000080", "blur": size * 0.15, "y": size * 0.04}
                c.text(words, logo + gap, tall / 2, fill=f.params.color, opacity=seen, shadow=shadow, **style)

        seen = f.params.opacity * part
        c.group(draw, x=x, y=y, scale=scale)

    if f.params.place == "everywhere":
        c.group(lambda: tiles(f, mark, wide * scale, tall * scale), x=f.width / 2, y=f.height / 2, rotate=-24)
        return
    right, bottom = safe.x + safe.width - wide * scale, safe.y + safe.height - tall * scale
    corners = {"top right": (right, safe.y), "top left": (safe.x, safe.y), "bottom left": (safe.x, bottom)}
    corners["bottom right"] = (right, bottom)
    if f.params.place in corners:
        mark(*corners[f.params.place])
        return
    order, turn = ["top right", "bottom left", "top left", "bottom right"], f.t / f.params.stay
    # It goes in one corner and comes in the next.
    part = ease((turn % 1) * f.params.stay / 0.5) * ease((1 - turn % 1) * f.params.stay / 0.5)
    mark(*corners[order[int(turn) % 4]], part)


def tiles(f, mark, wide, tall):
    across, down = wide * 1.6 + tall, tall * 4
    reach = (f.width + f.height) * 0.6
    for row in range(-int(reach / down) - 1, int(reach / down) + 2):
        for column in range(-int(reach / across) - 1, int(reach / across) + 2):
            mark(column * across + (row % 2) * across / 2 - wide / 2, row * down - tall / 2, 0.5)
