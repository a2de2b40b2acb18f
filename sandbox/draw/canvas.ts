// The canvas that effects draw on: it draws nothing, it writes down what is to be drawn.
import type {
  BarsStyle,
  Canvas,
  CounterStyle,
  LinesStyle,
  NumberStyle,
  Numbers,
  RadarStyle,
  Series,
  SparklineStyle,
} from '@plinth/sdk/effect.ts';
import { drawBars } from './charts/bars.ts';
import { drawCounter } from './charts/counter.ts';
import { drawLines, drawSparkline } from './charts/lines.ts';
import { formatNumber } from './charts/numbers.ts';
import { drawRadar } from './charts/radar.ts';
import { RecordedShapes } from './shapes.ts';

/**
 * Records into a display list; charts are made of shapes and texts.
 *
 * @example
 * const recorder = new Recorder(new Float64Array(LIST_LENGTH));
 * const canvas = new RecordingCanvas(recorder, 1280, 720);
 * recorder.reset();
 * canvas.circle(640, 360, 100, { fill: 'orange' });
 */
export class RecordingCanvas extends RecordedShapes implements Canvas {
  bars(values: Series, x: number, y: number, width: number, height: number, style: BarsStyle = {}): void {
    drawBars(this, values, { x, y, width, height }, style);
  }

  lines(values: Series, x: number, y: number, width: number, height: number, style: LinesStyle = {}): void {
    drawLines(this, values, { x, y, width, height }, style, false);
  }

  area(values: Series, x: number, y: number, width: number, height: number, style: LinesStyle = {}): void {
    drawLines(this, values, { x, y, width, height }, style, true);
  }

  sparkline(values: Numbers, x: number, y: number, width: number, height: number, style: SparklineStyle = {}): void {
    drawSparkline(this, values, { x, y, width, height }, style);
  }

  radar(values: Series, x: number, y: number, radius: number, style: RadarStyle = {}): void {
    drawRadar(this, values, { x, y, radius }, style);
  }

  counter(value: number, x: number, y: number, style: CounterStyle = {}): void {
    drawCounter(this, value, x, y, style);
  }

  format(value: number, style: NumberStyle = {}): string {
    return formatNumber(value, style);
  }
}
