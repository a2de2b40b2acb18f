// Every number that bounds strangers' code, and the sentences that explain them to whoever wrote it.

export interface Limits {
  /** From the call to its answer, whatever happens in between. */
  readonly wallMs: number;
  /** Time in which the program itself runs. */
  readonly cpuMs: number;
  /** What the program may keep in memory. */
  readonly memoryMb: number;
  /** What it may print. More is cut off, and said so. */
  readonly printBytes: number;
  /** Its answer, as JSON. */
  readonly valueBytes: number;
  /** Calls to what it was given. */
  readonly calls: number;
  /** Of one such call's argument or answer, as JSON. */
  readonly callBytes: number;
}

const DEFAULT_LIMITS: Limits = {
  wallMs: 5_000,
  cpuMs: 2_000,
  memoryMb: 128,
  printBytes: 64 * 1024,
  valueBytes: 1024 * 1024,
  calls: 100,
  callBytes: 256 * 1024,
};

/** Nobody may ask for more. */
const LARGEST_LIMITS: Limits = {
  wallMs: 600_000,
  cpuMs: 600_000,
  memoryMb: 512,
  printBytes: 1024 * 1024,
  valueBytes: 16 * 1024 * 1024,
  calls: 10_000,
  callBytes: 4 * 1024 * 1024,
};

/** One frame of an effect, and what comes once before the first. */
export const FRAME_MS = 1_000;
export const SETUP_MS = 5_000;
/** One block of sound: 21 ms of it at 48 kHz. */
export const BLOCK_MS = 500;
export const SOURCE_BYTES = 1024 * 1024;
/** What is worked out for each pixel: in how many steps, from how many pictures, and how many of such loops are kept. */
export const KERNEL_STEPS = 2_000;
export const KERNEL_PICTURES = 4;
export const KERNELS_KEPT = 64;
/** What the copies of one frame take, with what operations need beside them. */
export const SCRATCH_MB = 96;
/** Python brings an interpreter: this is what an empty program of it holds already. */
export const PYTHON_BASE_MB = 128;
/** An interpreter starts within this, even when nothing of it is warm and the machine is busy. */
export const PYTHON_START_MS = 20_000;
/** A program that is stopped has so long to say where it was. */
export const STOP_WITHIN_MS = 120;
/** A process is killed when it has not answered so long after the wall-clock limit: its own clock should have done it. */
export const KILL_AFTER_MS = 250;
/** Programs that one process keeps loaded; the one that was used longest ago makes room. */
export const GUESTS_PER_PROCESS = 4;
/** Effects of one chain. */
export const CHAIN_EFFECTS = 16;
/** An isolate reserves room for its code, which the system counts whether it is used or not. */
const ISOLATE_MB = 520;
/** Beside its guests a process has its watch, an isolate that waits, and one that compiles Python for all. */
const ISOLATES_BESIDE = 3;
/**
 * Writable memory of a whole process, by the system's count, with an interpreter that waits beside its guests: the last
 * bound, for what is faster than the process's own watch over what it really uses.
 */
export const PROCESS_MB =
  700 +
  ISOLATES_BESIDE * ISOLATE_MB +
  (GUESTS_PER_PROCESS + 1) * (ISOLATE_MB + PYTHON_BASE_MB) +
  LARGEST_LIMITS.memoryMb;
/** What a process may use beyond its guest's limit before it is taken for a guest that found a way around the limit. */
export const MEMORY_SLACK_MB = 64;
/** Memory that may be addressed through WebAssembly, in pages of 64 KB. Only our own Python's is a program's. */
export const WASM_PAGES = (PYTHON_BASE_MB + LARGEST_LIMITS.memoryMb) * 16;
/** How deep calls may go, well within what systems give a process. Python needs more than JavaScript does. */
export const STACK_KB = 3_500;
export const OPEN_FILES = 128;
/** One thing that a process says: an answer of the largest size, whatever its letters. One that says more is ended. */
export const MESSAGE_BYTES = 3 * LARGEST_LIMITS.valueBytes + 64 * 1024;
/** Processes at once, and those that wait for work so that a kill costs nobody a start. */
export const PROCESSES = 4;
export const SPARES = 1;
/** An unused program is forgotten, and an unused process ended, after so long. */
export const IDLE_MS = 60_000;
/** A process of another party that was unused for so long makes room for a spare. */
export const YIELD_MS = 5_000;
/** Calls that may wait for a process. */
export const QUEUE = 1_000;

/** A clip that may be rendered. */
export const CLIP_BYTES = 4 * 1024 ** 3;
export const CLIP_SECONDS = 3_600;
export const CLIP_FRAMES = 216_000;
/** Of one picture: 4096x4096, and what lies between in other shapes. */
export const CLIP_PIXELS = 16_777_216;
/** Of one picture, where FFmpeg is the embedded one: 4096x2160. Its memory ends at 2 GB. */
export const EMBEDDED_PIXELS = 8_847_360;
/** Reading a file's index. */
export const PROBE_BOUNDS = { wallMs: 30_000, cpuSeconds: 20, memoryMb: 2_048, fileMb: 1 } as const;
export const PROBE_BYTES = 32 * 1024 * 1024;

/** What an effect says of itself: its title, and all of it as JSON, its params' defaults included. */
export const TITLE_LENGTH = 200;
export const DESCRIPTION_LENGTH = 256 * 1024;
/** Pictures that an effect's params name: how many, and all their bytes and pixels together. */
export const IMAGES = 16;
export const IMAGE_BYTES = 24 * 1024 * 1024;
export const IMAGE_PIXELS = 33_554_432;

/** What all frames of an effect draw is kept up to here; what is beyond is drawn from a second playing. */
export const KEPT_LIST_BYTES = 256 * 1024 * 1024;
/** A render that moves on by no frame for so long is ended. */
export const STALL_MS = 30_000;
/** FFmpeg at work: so much for each frame, beside what every render may have. */
export const RENDER_BOUNDS = { wallMs: 60_000, cpuSeconds: 60, memoryMb: 8_192, fileMb: 16_384 } as const;
export const RENDER_FRAME_MS = 4_000;
/** Parts of one clip that are rendered side by side. */
export const SEGMENTS = 8;
/** Of an effect's params, as JSON, in what a result says of itself; of longer ones only their hash. */
export const PARAMS_TOLD_BYTES = 8_192;

/** A line of text is drawn as a watermark within this. */
export const MARK_WITHIN_MS = 20_000;

/** FFmpeg while a clip is analysed: beside what every analysis may have, so much for each second of the clip. */
export const ANALYSE_BOUNDS = { wallMs: 60_000, cpuSeconds: 60, memoryMb: 4_096, fileMb: 1 } as const;
export const ANALYSE_SECOND_MS = 2_000;
/** FFmpeg while it looks for subtitles. */
export const SUBTITLE_BOUNDS = { wallMs: 60_000, cpuSeconds: 60, memoryMb: 2_048, fileMb: 1 } as const;

/** What a creator is told, by the code of the error. */
export const explain = {
  time: ({ wallMs }: Limits) => `It had not answered after ${wallMs} ms, which is the limit.`,
  cpu: ({ cpuMs }: Limits) => `It computed for longer than ${cpuMs} ms, which is the limit.`,
  setup: () => `It took longer than ${SETUP_MS} ms before its first frame, which is the limit.`,
  frame: () => `One frame took longer than ${FRAME_MS} ms, which is the limit.`,
  block: () => `One block of sound took longer than ${BLOCK_MS} ms, which is the limit.`,
  memory: ({ memoryMb }: Limits) => `It needed more memory than ${memoryMb} MB, which is the limit.`,
  value: ({ valueBytes }: Limits) => `Its answer is longer than ${valueBytes} bytes of JSON, which is the limit.`,
  calls: ({ calls }: Limits) => `It called what it was given more than ${calls} times, which is the limit.`,
  callBytes: ({ callBytes }: Limits) => `It passed more than ${callBytes} bytes in one call, which is the limit.`,
  kernel: () =>
    `A kernel has at most ${KERNEL_STEPS} steps, which is the limit: do it in two, and work out once what is used twice.`,
  scratch: () =>
    `The copies of one frame take more than ${SCRATCH_MB} MB, which is the limit: copy a region, or use a copy again.`,
  source: () => `It is longer than ${SOURCE_BYTES} bytes, which is the limit.`,
} as const;

/** Asked-for limits within what may be asked for. */
export function limitsOf(asked: Partial<Limits> = {}): Limits {
  const entries = Object.entries(DEFAULT_LIMITS).map(([name, usual]) => {
    const key = name as keyof Limits;
    return [key, Math.max(1, Math.min(asked[key] ?? usual, LARGEST_LIMITS[key]))];
  });
  return Object.fromEntries(entries) as unknown as Limits;
}
