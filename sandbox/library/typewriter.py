from plinth import choice, color, effect, number, text


@effect(
    title="Typewriter",
    summary="A text that is typed letter by letter, with a cursor that blinks.",
    params={
        "text": text("Once upon a time there was a kernel that knew no product.", max_length=400),
        "font": choice(["Mono", "Sans", "Serif"]),
        "size": number(40, min=10, max=120),
        "pace": number(18, min=1, max=100, label="Letters a second"),
        "color": color("#ffffff"),
    },
)
def frame(f):
    size = f.params.size * f.height / 720
    typed = f.params.text[: int(f.t * f.params.pace)]
    left, top, wide = f.width * 0.1, f.height * 0.3, f.width * 0.8
    style = {"font": f.params.font, "size": size, "max_width": wide}
    lines = f.canvas.measure(typed, **style).lines if typed else [""]
    for row, line in enumerate(lines):
        f.canvas.text(line, left, top + row * size * 1.4, fill=f.params.color, **{**style, "max_width": f.width})
    if int(f.t * 2) % 2 == 0 or len(typed) < len(f.params.text):
        x = left + (f.canvas.measure(lines[-1], **style).width if lines[-1] else 0)
        f.canvas.rect(x + size * 0.1, top + (len(lines) - 1) * size * 1.4 - size * 0.8, size * 0.1, size, fill=f.params.color)
