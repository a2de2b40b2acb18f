from plinth import effect, number


@effect(
    title="Glitch",
    summary="Now and then rows of the picture slip aside.",
    params={
        "often": number(0.4, min=0, max=1, step=0.05, label="How often"),
        "far": number(0.08, min=0, max=0.5, step=0.01, label="How far", help="Of the width."),
    },
)
def frame(f):
    if f.random() > f.params.often:
        return
    data, row = f.pixels.data, f.width * 4
    for _ in range(1 + int(f.random() * 5)):
        top = int(f.random() * f.height)
        tall = 1 + int(f.random() * f.height * 0.08)
        slip = 4 * int((f.random() - 0.5) * 2 * f.params.far * f.width)
        for y in range(top, min(f.height, top + tall)):
            line = data[y * row : (y + 1) * row]
            data[y * row : (y + 1) * row] = line[slip:] + line[:slip]
