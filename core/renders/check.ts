// A look at an effect without a clip: a second of a small picture, enough to see what it draws, and where it fails.

import { inspect } from '@plinth/sandbox/render/inspect.ts';
import { Problem } from '@plinth/sdk';
import type { RenderEffect, Renders } from '@plinth/sdk/services/renders.ts';
import type { Static } from 'typebox';
import { fewAtOnce } from '../work/few-at-once.ts';
import { workErrorOf } from '../work/item.ts';
import { compiled } from './material.ts';

type Checked = Static<(typeof Renders)['methods']['check']['output']>;

const SCENE = { width: 640, height: 360, fps: 30, duration: 1, frames: 30 } as const;
/** Each takes a core for a moment. */
const FEW = { atOnce: 2, waiting: 20, busy: 'Many effects are being checked.' };

export function checkDesk() {
  const inTurn = fewAtOnce(FEW);
  return async (
    tenantId: string,
    effect: RenderEffect,
    data: Readonly<Record<string, unknown>> = {},
  ): Promise<Checked> => {
    try {
      return await inTurn(tenantId, () => check(effect, data));
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'render.effect_failed') throw error;
      return { ok: false, error: workErrorOf(error) };
    }
  };
}

async function check(effect: RenderEffect, data: Readonly<Record<string, unknown>>): Promise<Checked> {
  const { params = {}, seed = 1 } = effect;
  const { description, seen } = await inspect(
    await compiled(effect),
    { ...SCENE, params, data, seed },
    { rehearse: true },
  );
  const { title, summary, params: declared, inputs } = description;
  return {
    ...{ ok: true, title, params: { ...declared }, inputs: [...inputs] },
    ...(summary === undefined ? {} : { summary }),
    ...{ drawnFrames: seen.drawnFrames, pixelFrames: seen.pixelFrames },
  };
}
