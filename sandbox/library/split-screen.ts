import { boolean, choice, color, effect, number, point } from '@plinth/sdk/effect';

const TINTS = ['#ff5d8f', '#4cc9f0', '#ffd166', '#7ae582'];
export default effect({
  title: 'Split screen',
  summary: 'The clip several times at once, each pane in a colour of its own if you like.',
  params: {
    layout: choice(['3 in a row', '2 in a row', '4 panes', '9 panes'], { help: 'A row goes along the longer side.' }),
    line: color('#ffffff', { group: 'Lines' }),
    thick: number(6, { min: 0, max: 60, group: 'Lines', help: 'In a picture whose shorter side is 720.' }),
    tint: number(0.5, { min: 0, max: 1, step: 0.05, group: 'Panes' }),
    middle: point(0.5, 0.5, { group: 'Panes', help: 'What is in the middle of each.' }),
    mirror: boolean(false, { group: 'Panes', help: 'Every second pane is mirrored.' }),
  },
  frame({ canvas, pixels, width, height, params }) {
    const count = Number.parseInt(params.layout, 10);
    const side = Math.round(Math.sqrt(count));
    const [columns, rows] = count >= 4 ? [side, side] : width > height ? [count, 1] : [1, count];
    const [wide, tall] = [width / columns, height / rows];
    // The largest part of the clip that has a pane's shape.
    const near = Math.min(width / wide, height / tall);
    const within = (part: number, length: number, seen: number) =>
      Math.max(seen / 2, Math.min(length - seen / 2, part * length));
    const [x0, y0] = [within(params.middle.x, width, wide * near), within(params.middle.y, height, tall * near)];
    pixels.map(({ x, y, sample, where }) => {
      const column = x.div(wide).floor();
      const place = x.sub(column.mul(wide));
      const turned = params.mirror ? where(column.mod(2), place.neg().add(wide), place) : place;
      return sample(
        turned
          .sub(wide / 2)
          .mul(near)
          .add(x0),
        y
          .mod(tall)
          .sub(tall / 2)
          .mul(near)
          .add(y0),
        { smooth: true },
      );
    });
    for (let pane = 0; pane < columns * rows; pane++) {
      const [column, row] = [pane % columns, Math.floor(pane / columns)];
      const fill = TINTS[(column + row * 2) % TINTS.length] ?? '#ffffff';
      if (params.tint > 0)
        canvas.group({ blend: 'overlay', opacity: params.tint * 0.7 }, () =>
          canvas.rect(column * wide, row * tall, wide, tall, { fill }),
        );
    }
    const lineWidth = params.thick * canvas.unit;
    const style = { stroke: params.line, lineWidth };
    for (let column = 1; column < columns; column++) canvas.line(column * wide, 0, column * wide, height, style);
    for (let row = 1; row < rows; row++) canvas.line(0, row * tall, width, row * tall, style);
  },
});
