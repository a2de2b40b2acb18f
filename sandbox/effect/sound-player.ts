// Plays what an effect does to sound: block by block and in order, with a state that may be changed on the way.
import type { Effect, SoundScene } from '@plinth/sdk/effect.ts';
import { soundTools } from '../audio/tools.ts';
import { deepFrozen } from './frozen.ts';
import { Inputs } from './inputs.ts';
import type { SceneFacts } from './player.ts';
import { randomOf } from './random.ts';

/** Samples that an effect is given at once, for each channel. */
export const BLOCK_LENGTH = 1024;

/** What the sound of a render is, beside the scene that it goes with. */
export interface SoundFacts extends SceneFacts {
  readonly sampleRate: number;
  readonly channelCount: number;
}

/** Chance in sound is another than in the pictures of the same seed. */
const APART = 0x5eed;

export class SoundPlayer {
  readonly #effect: Effect;
  readonly #channels: readonly Float32Array[];
  readonly #scene: Omit<SoundScene, 'random'>;
  readonly #seed: number;
  readonly #state: unknown;

  /** `samples`: a block of each channel, one after the other, shared with whoever fills and empties it. */
  constructor(effect: Effect, facts: SoundFacts, samples: Float32Array) {
    const { sampleRate, channelCount, duration, seed } = facts;
    this.#effect = effect;
    this.#seed = seed ^ APART;
    this.#channels = Array.from({ length: channelCount }, (_, at) =>
      samples.subarray(at * BLOCK_LENGTH, (at + 1) * BLOCK_LENGTH),
    );
    this.#scene = {
      ...{ sampleRate, channelCount, duration, blockLength: BLOCK_LENGTH },
      params: deepFrozen(facts.params) as SoundScene['params'],
      data: new Inputs(effect.inputs ?? [], facts).data as SoundScene['data'],
      tools: soundTools(sampleRate, channelCount),
    };
    this.#state = effect.audioSetup?.({ ...this.#scene, random: randomOf(this.#seed, -1) });
  }

  /** The next block, changed where it is. */
  block(index: number): void {
    const [random, t] = [randomOf(this.#seed, index), (index * BLOCK_LENGTH) / this.#scene.sampleRate];
    this.#effect.audio?.({ ...this.#scene, random, index, t, channels: this.#channels, state: this.#state });
  }
}
