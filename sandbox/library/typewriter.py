from plinth import choice, color, effect, font, number, text


@effect(
    title="Typewriter",
    summary="A text that is typed letter by letter, with a cursor that blinks.",
    params={
        "text": text("Once upon a time there was a kernel that knew no product.", max_length=600, group="Words"),
        "font": font("Mono", group="Looks"),
        "size": number(42, min=10, max=160, group="Looks", help="In a picture whose shorter side is 720; smaller if it would not fit."),
        "color": color("#ffffff", group="Looks"),
        "panel": color("#0b0f1499", group="Looks", label="Panel behind"),
        "place": choice(["middle", "top", "bottom"], group="Looks"),
        "pace": number(18, min=1, max=100, group="Time", label="Letters a second"),
        "start": number(0.3, min=0, max=3600, group="Time", label="Seconds until it starts"),
    },
)
def frame(f):
    c, safe, words = f.canvas, f.canvas.safe, f.params.text.strip()
    if not words:
        return
    # All of it is set once, so that no word jumps to the next line while it is typed.
    size, room = f.params.size * c.unit, 44 * c.unit
    style = {"font": f.params.font, "max_width": safe.width - 2 * room}
    lines = c.measure(words, size=size, **style).lines
    while len(lines) * size * 1.4 > safe.height - 2 * room and size > 4:
        size *= 0.92
        lines = c.measure(words, size=size, **style).lines
    tall = len(lines) * size * 1.4
    spare = safe.height - tall - 2 * room
    top = safe.y + spare * {"top": 0, "middle": 0.5, "bottom": 1}[f.params.place]
    c.rect(safe.x, top, safe.width, tall + 2 * room, fill=f.params.panel, radius=18 * c.unit)
    left = int(max(0, f.t - f.params.start) * f.params.pace)
    done = left >= sum(len(line) for line in lines)
    x = y = 0
    for row, line in enumerate(lines):
        typed, x, y = line[:left], safe.x + room, top + room + row * size * 1.4
        c.text(typed, x, y + size * 1.05, font=f.params.font, size=size, fill=f.params.color)
        x += c.measure(typed, font=f.params.font, size=size).width if typed else 0
        left -= len(line)
        if left < 0:
            break
    if not done or f.t % 1 < 0.55:
        c.rect(x + size * 0.08, y + size * 0.18, size * 0.09, size * 1.1, fill=f.params.color)
