// What a render is asked, and what it answers.
import type { Limits } from '../limits.ts';
import type { Sign } from './c2pa/sign.ts';
import type { EffectUse } from './effect-use.ts';
import type { FFmpeg } from './ffmpeg.ts';
import type { LookedAt } from './look-at.ts';
import type { ChainPlan } from './plan.ts';
import type { ClipFacts } from './probe.ts';
import type { Progress } from './progress.ts';
import type { Seen } from './protocol.ts';
import type { Provenance } from './provenance.ts';
import type { RenderInputs } from './render-inputs.ts';
import type { StagedEffect } from './stages.ts';
import type { Size, Span } from './window.ts';

export interface RenderOptions {
  readonly input: string;
  /** An MP4 file. What is there is replaced when the render succeeds. */
  readonly output: string;
  /** In order: each sees the picture that the one before it made. */
  readonly effects: readonly EffectUse[];
  /** Answers what the effects' inputs say of the clip, once it is known what the clip is and which frames are rendered. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** Of effects without one of their own. */
  readonly seed?: number;
  /** Seconds. */
  readonly from?: number;
  readonly to?: number;
  readonly size?: Size;
  /** Only these frames of what is asked for: as they are in all of it. */
  readonly span?: Span;
  /** A PNG of the first frame instead of a video. */
  readonly still?: boolean;
  readonly limits?: Partial<Limits>;
  readonly threads?: number;
  /** Written into the result, beside its provenance. */
  readonly about?: Readonly<Record<string, string>>;
  /** What the result says of when it was made; now, if absent. */
  readonly made?: Date;
  /** The input's sha256 where it is known already, as of an object in a store; and what the input is. */
  readonly inputHash?: string;
  readonly clip?: ClipFacts;
  readonly ffmpeg?: FFmpeg;
  /** Signs the result, and says in it how it was made. */
  readonly sign?: Sign;
  /** All of that, found out while the effects' processes start. */
  readonly looked?: Promise<LookedAt>;
  /** What was found out for the effects already. */
  readonly inputs?: RenderInputs;
  /** Its pictures alone, to be joined with others of the same render. */
  readonly part?: Part;
  readonly signal?: AbortSignal;
  readonly onPlan?: (plan: ChainPlan, why: string) => void;
  readonly onProgress?: (progress: Progress) => void;
  readonly onPrint?: (text: string) => void;
}

/** One of several parts of a render. */
export interface Part {
  /**
   * Told what each effect does in this part, answers what it does in all of them, so that all are made in the same way.
   * Absent, each part is made as is best for it: where some parts look at the picture and others only draw, the drawings
   * may differ by a shade from part to part.
   */
  agree?(seen: readonly Seen[]): Promise<readonly Seen[]>;
}

export interface Rendered extends Size {
  readonly output: string;
  readonly clip: ClipFacts;
  readonly frames: number;
  readonly fps: number;
  readonly plan: ChainPlan;
  /** Why that plan. */
  readonly why: string;
  /** What each effect is, and what it was seen to do. */
  readonly effects: readonly StagedEffect[];
  readonly provenance: Provenance;
  /** Of the whole, and of the encoding alone. */
  readonly wallMs: number;
  readonly encodeMs: number;
}
