// What `bench/render-effects.ts` draws with our canvas, on the browser's.
export function draw(context, width, height, t) {
  const top = height * 0.62;
  const unit = width / 14;
  context.clearRect(0, 0, width, height);
  const say = (text, x, y, size, align, weight = 400) => {
    context.font = `${weight} ${size}px sans-serif`;
    context.textAlign = align;
    context.fillStyle = '#ffffff';
    context.fillText(text, x, y);
  };
  say('Listeners now', 40, 60, height / 24, 'left', 700);
  say(t.toFixed(2), width - 40, 60, height / 24, 'right');
  context.fillStyle = '#101418cc';
  context.fillRect(0, top, width, height - top);
  for (let bar = 0; bar < 14; bar++) {
    const rise = (0.16 + 0.08 * Math.sin(t * 2 + bar)) * height;
    const paint = context.createLinearGradient(0, height - rise, 0, height);
    paint.addColorStop(0, '#ff3b6be6');
    paint.addColorStop(1, '#3b6bff80');
    context.fillStyle = paint;
    context.beginPath();
    context.roundRect((bar + 0.15) * unit, height - rise, 0.7 * unit, rise, 8);
    context.fill();
  }
  context.fillStyle = '#ffd23b';
  for (let disc = 0; disc < 20; disc++) {
    const y = top + height * (0.09 + 0.03 * Math.sin(t * 3 + disc));
    context.beginPath();
    context.arc(((disc + 0.5) * width) / 20, y, height / 90, 0, 2 * Math.PI);
    context.fill();
  }
  context.beginPath();
  for (let at = 0; at < 60; at++)
    context.lineTo((at * width) / 59, top + height * (0.2 + 0.05 * Math.sin(at / 3 + t * 3)));
  context.strokeStyle = '#00ff88';
  context.lineWidth = 3;
  context.stroke();
  for (let word = 0; word < 12; word++)
    say((50 + 40 * Math.sin(t + word)).toFixed(1), (word + 0.5) * unit, height - 12, height / 36, 'center');
}
