from plinth import choice, color, effect, number

SIGNS = {
    "code": "0123456789ABCDEF<>[]{}=+*/%#$&@;:?!",
    "digits": "01",
    "letters": "АБВГДЖЗИЛПФЦЧШЭЮЯΓΔΘΛΞΠΣΦΨΩ0123456789",
}


@effect(
    title="Matrix rain",
    summary="Columns of signs that fall over the picture and fade.",
    params={
        "signs": choice(list(SIGNS), group="Signs"),
        "color": color("#39ff6a", group="Signs"),
        "size": number(24, min=10, max=80, group="Signs", help="In a picture whose shorter side is 720."),
        "speed": number(1, min=0.1, max=4, step=0.1, group="Rain"),
        "dense": number(0.8, min=0.05, max=1, step=0.05, group="Rain"),
        "dark": number(0.55, min=0, max=1, step=0.05, group="Rain", help="How much of the picture is taken back."),
    },
)
def frame(f):
    c, signs = f.canvas, SIGNS[f.params.signs]
    size = f.params.size * c.unit
    step, rows = size * 0.78, int(f.height / size) + 2
    c.rect(0, 0, f.width, f.height, fill="#000a04", opacity=f.params.dark)
    style = {"font": "Mono", "size": size, "weight": 700, "align": "center", "line_height": 1}
    for column in range(int(f.width / step) + 1):
        if chance(column, 1) > f.params.dense:
            continue
        long = 6 + int(chance(column, 2) * rows * 0.6)
        pace = (7 + chance(column, 3) * 12) * f.params.speed
        fallen = int(f.t * pace + chance(column, 4) * (rows + long))
        head = fallen % (rows + long)
        # Of the tail, what is near the head is bright: three texts of several lines are drawn sooner than a text a sign.
        x, end = column * step + step / 2, head - long
        for first, last, opacity in ((head - 2, head, 0.95), (head - long // 2, head - 2, 0.7), (end, head - long // 2, 0.3)):
            first, last = max(0, first), min(rows, last)
            if first < last:
                words = "\n".join(sign(signs, column, row, f.t) for row in range(first, last))
                c.text(words, x, (first + 0.8) * size, fill=f.params.color, opacity=opacity, **style)
        if head < rows:
            glow = {"color": f.params.color, "blur": size * 0.5}
            c.text(sign(signs, column, head, f.t), x, (head + 0.8) * size, fill="#ecfff0", shadow=glow, **style)


def sign(signs, column, row, t):
    # Some change now and then.
    turn = int(t * 5) if chance(column * 131 + row, 5) > 0.85 else 0
    return signs[int(chance(column * 977 + row * 31 + turn * 7, 6) * len(signs))]


def chance(at, salt):
    """From 0 up to 1, and always the same for the same place."""
    mixed = (at * 2654435761 + salt * 40503 * 65537) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 15)) * 2246822519) & 0xFFFFFFFF
    return ((mixed ^ (mixed >> 13)) & 0xFFFFFF) / 0x1000000
