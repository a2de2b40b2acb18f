from plinth import boolean, effect, number


@effect(
    title="Glitch",
    summary="Now and then rows of the picture slip aside and its colours part.",
    params={
        "often": number(0.5, min=0, max=1, step=0.05, label="How often"),
        "far": number(0.06, min=0, max=0.5, step=0.01, label="How far", help="Of the width."),
        "split": number(0.4, min=0, max=1, step=0.05, label="Parted colours"),
        "held": boolean(True, help="Each lasts a moment, instead of changing with every frame."),
    },
)
def frame(f):
    # An eighth of a second looks like the same fault; chance is asked anew for each.
    moment = int(f.t * 8) if f.params.held else f.index
    def chance(salt):
        mixed = (moment * 2654435761 + salt * 2246822519 + 374761393) & 0xFFFFFFFF
        mixed = ((mixed ^ (mixed >> 15)) * 2246822519) & 0xFFFFFFFF
        mixed = ((mixed ^ (mixed >> 13)) * 3266489917) & 0xFFFFFFFF
        return (mixed ^ (mixed >> 16)) / 0x100000000

    if chance(1) >= f.params.often:
        return
    px, reach = f.pixels, f.params.far * f.width
    for band in range(2 + int(chance(2) * 6)):
        top = int(chance(10 + band) * f.height)
        tall = 2 + int(chance(30 + band) * f.height * 0.09)
        px.region(0, top, f.width, tall).displace((chance(50 + band) - 0.5) * 2 * reach, 0)
    aside = f.params.split * f.width * 0.02 * (0.4 + chance(3))
    if aside >= 0.5:
        red, blue = px.sample(px.x - aside, px.y), px.sample(px.x + aside, px.y)
        px.rgb = (red.r, px.g, blue.b)
