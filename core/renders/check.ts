// A look at an effect without a clip: a second of a small picture, enough to see what it draws, and where it fails.

import { inspect } from '@plinth/sandbox/render/inspect.ts';
import { Problem } from '@plinth/sdk';
import type { RenderEffect, Renders } from '@plinth/sdk/services/renders.ts';
import type { Static } from 'typebox';
import { errors as kernel } from '../errors.ts';
import { workErrorOf } from '../work/item.ts';
import { compiled } from './perform.ts';

type Checked = Static<(typeof Renders)['methods']['check']['output']>;

const SCENE = { width: 640, height: 360, fps: 30, duration: 1, frames: 30 } as const;
/** Each takes a process of its own, and a core for a moment. */
const AT_ONCE = 2;
const WAITING = 20;

export function checkDesk() {
  let [running, waiting]: [number, (() => void)[]] = [0, []];

  async function turn(): Promise<void> {
    if (running >= AT_ONCE) {
      if (waiting.length >= WAITING) throw kernel.unavailable({ detail: 'Many effects are being checked.' });
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
  }

  function leave(): void {
    const [next, ...rest] = waiting;
    waiting = rest;
    if (next) next();
    else running -= 1;
  }

  return async (effect: RenderEffect, data: Readonly<Record<string, unknown>> = {}): Promise<Checked> => {
    await turn();
    try {
      return await check(effect, data);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'render.effect_failed') throw error;
      return { ok: false, error: workErrorOf(error) };
    } finally {
      leave();
    }
  };
}

async function check(effect: RenderEffect, data: Readonly<Record<string, unknown>>): Promise<Checked> {
  const { params = {}, seed = 1 } = effect;
  const { description, seen } = await inspect(await compiled(effect), { ...SCENE, params, data, seed });
  const { title, summary, params: declared, inputs } = description;
  return {
    ...{ ok: true, title, params: { ...declared }, inputs: [...inputs] },
    ...(summary === undefined ? {} : { summary }),
    ...{ drawnFrames: seen.drawnFrames, pixelFrames: seen.pixelFrames },
  };
}
