// Peaks of the sound, for whoever draws it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WaveformRecipe } from '@plinth/sdk/services/media-recipes.ts';
import type { Static } from 'typebox';
import { GUARDED_MEDIA, QUIET } from '../input.ts';
import { type Job, type Made, run, TOLD } from './job.ts';
import { neededTrack } from './sound.ts';

type Recipe = Static<typeof WaveformRecipe>;

const NAME = 'waveform.json';

export async function waveform(job: Job, { points = 1000 }: Recipe): Promise<Made[]> {
  const { stream, sampleRate } = neededTrack(job);
  const { duration } = job.media.facts;
  const perPoint = Math.max(1, Math.ceil((duration * sampleRate) / points));
  const peaks = new Peaks(perPoint);
  await run(job, {
    args: ({ input }) => [
      ...[...QUIET, ...GUARDED_MEDIA, '-vn', '-i', input(0), '-map', `0:${stream}`, '-ac', '1', '-ar', `${sampleRate}`],
      ...['-c:a', 'pcm_s16le', ...TOLD, '-f', 's16le', 'pipe:1'],
    ],
    seconds: duration,
    take: async (output) => {
      for await (const bytes of output) peaks.add(bytes as Buffer);
    },
  });
  const data = peaks.end();
  const drawn = { version: 2, channels: 1, sample_rate: sampleRate, samples_per_pixel: perPoint, bits: 8 };
  await writeFile(join(job.workspace, NAME), JSON.stringify({ ...drawn, length: data.length / 2, data }));
  return [{ name: NAME, type: 'application/json', main: true, duration }];
}

/** Lowest and highest of each so many samples, from 16 bits to 8. */
class Peaks {
  readonly #perPoint: number;
  readonly #data: number[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #seen = 0;
  #low = 0;
  #high = 0;

  constructor(perPoint: number) {
    this.#perPoint = perPoint;
  }

  add(bytes: Buffer): void {
    const all = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    for (let at = 0; at + 1 < all.length; at += 2) {
      const sample = all.readInt16LE(at);
      if (sample < this.#low) this.#low = sample;
      if (sample > this.#high) this.#high = sample;
      this.#seen += 1;
      if (this.#seen === this.#perPoint) this.#close();
    }
    this.#rest = all.subarray(all.length - (all.length % 2));
  }

  end(): readonly number[] {
    if (this.#seen > 0) this.#close();
    return this.#data;
  }

  #close(): void {
    this.#data.push(Math.floor(this.#low / 256), Math.floor(this.#high / 256));
    [this.#seen, this.#low, this.#high] = [0, 0, 0];
  }
}
