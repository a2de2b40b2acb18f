// `plinth effect`: makes, checks and renders effects. Neither a database nor a server is needed.
import { existsSync, writeFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { CompileError } from '@plinth/sandbox/javascript/compile.ts';
import { signer } from '@plinth/sandbox/render/c2pa/sign.ts';
import { signingFrom } from '@plinth/sandbox/render/c2pa/signing.ts';
import { inWords, slowness } from '@plinth/sandbox/render/embedded.ts';
import { findFFmpeg, locateFFmpeg } from '@plinth/sandbox/render/ffmpeg.ts';
import { type Inspected, inspect } from '@plinth/sandbox/render/inspect.ts';
import type { Rendered, RenderOptions } from '@plinth/sandbox/render/pipeline.ts';
import type { Progress } from '@plinth/sandbox/render/progress.ts';
import { readProvenance } from '@plinth/sandbox/render/read-provenance.ts';
import { renderFrame } from '@plinth/sandbox/render/render-frame.ts';
import { renderInSegments } from '@plinth/sandbox/render/render-in-segments.ts';
import { compile } from '@plinth/sandbox/supervisor/compile.ts';
import { dataOption, inputLines } from './effect-inputs.ts';
import { templates } from './effect-templates.ts';
import { errors } from './errors.ts';
import { fileText, jsonOption, numberOption } from './options.ts';
import type { Result, Typed } from './verb.ts';

type Print = (result: Result) => void;

export async function effect(typed: Typed, print: Print): Promise<void> {
  const [action, file, ...more] = typed.words;
  const act = action !== undefined && Object.hasOwn(actions, action) ? actions[action] : undefined;
  const chained = action === 'render' || action === 'frame';
  if (!act || file === undefined || (more.length > 0 && !chained))
    throw errors.wrong_usage({
      detail: `Write "effect ${Object.keys(actions).join(' | ')} FILE"; render and frame take several files.`,
    });
  await act(file, typed.options, print, more);
}

/** `more`: effects that follow the first. */
type Act = (file: string, options: Typed['options'], print: Print, more: readonly string[]) => Promise<void>;

const actions: Readonly<Record<string, Act>> = {
  new: create,
  check,
  frame: showFrame,
  render: renderFile,
  inspect: showProvenance,
};

async function create(file: string, { lang }: Typed['options'], print: Print): Promise<void> {
  const ending = extname(file).slice(1) || String(lang ?? 'ts');
  const template = Object.hasOwn(templates, ending) ? templates[ending] : undefined;
  if (template === undefined)
    throw errors.wrong_usage({ detail: `--lang takes ${Object.keys(templates).join(', ')}.` });
  const path = extname(file) === '' ? `${file}.${ending}` : file;
  if (existsSync(path)) throw errors.file_there({ detail: `It is ${path}.` });
  writeFileSync(path, template);
  print({ file: path, text: `${path} is there. Try it: plinth effect check ${path}` });
}

/** A second of a small picture: enough to see what it draws, and where it fails. */
const SCENE = { width: 640, height: 360, fps: 30, duration: 1, frames: 30, seed: 1 } as const;

async function check(file: string, options: Typed['options'], print: Print): Promise<void> {
  const effect = await compiled(file);
  const facts = { ...SCENE, params: objectOption(options, 'params'), data: dataOption(options) };
  const images = pathsIn(objectOption(options, 'images'));
  const inspected = await inspect(effect, facts, { images, rehearse: true, onPrint: toErrors });
  const { description, seen, inputs, soundBlocks } = inspected;
  const params = Object.entries(description.params).map(
    ([name, param]) => `  ${name}  ${param.kind}, ${JSON.stringify(param.default)} unless given`,
  );
  const does = [
    ...(description.has.filters ? ['asks FFmpeg for filters'] : []),
    ...(seen.drawnFrames > 0 ? [`draws in ${seen.drawnFrames} of ${seen.frames} frames`] : []),
    ...(seen.pixelFrames > 0 ? [`touches the pixels of ${seen.pixelFrames} of ${seen.frames} frames`] : []),
    ...(description.has.audio ? [`changes sound, tried on ${soundBlocks} blocks`] : []),
  ];
  const text = [
    `${description.title}: ${does.join(', ') || 'does nothing in its first second'}.`,
    ...(params.length > 0 ? ['Params:', ...params] : []),
    ...inputLines(inspected),
    ...notesOf(inspected, images),
  ].join('\n');
  const { madeUp, empty } = inputs;
  print({
    ...description,
    seen,
    madeUp,
    empty,
    soundBlocks,
    frameMs: inspected.frameMs,
    unwritten: inspected.unwritten,
    text,
  });
}

/** What is not wrong, and may still not be what was meant. */
function notesOf(
  { description: { params }, frameMs = 0, unwritten }: Inspected,
  images: Readonly<Record<string, string>>,
): readonly string[] {
  const missing = Object.keys(params).filter((name) => params[name]?.kind === 'image' && !Object.hasOwn(images, name));
  const slow = frameMs > 1_000 / SCENE.fps ? [frameMs.toFixed(0)] : [];
  const strange = unwritten === '' ? [] : [[...unwritten].join(' ')];
  return [
    ...strange.map((signs) => `Note: no font has ${signs} here: boxes are drawn for what cannot be written.`),
    ...missing.map(
      (name) =>
        `Note: "${name}" has no picture, so nothing is drawn for it. Give one: --images '{ "${name}": "FILE" }'.`,
    ),
    ...slow.map(
      (ms) => `Note: a frame of ${SCENE.width}x${SCENE.height} takes ${ms} ms here, longer than it is shown.`,
    ),
  ];
}

/** One frame as a picture. */
async function showFrame(
  file: string,
  options: Typed['options'],
  print: Print,
  more: readonly string[],
): Promise<void> {
  const { at = 0 } = numberOption(options, 'at');
  const asked = { ...filesOf(options), ...askedOf(options), at };
  const { output, width, height } = await renderFrame({ ...asked, effects: await chainOf([file, ...more], options) });
  print({ output, width, height, at, text: `${output}: ${width}x${height}, ${at} s into the clip.` });
}

function filesOf({ input, output }: Typed['options']) {
  if (typeof input !== 'string' || typeof output !== 'string')
    throw errors.wrong_usage({ detail: 'Name the clip with --input and the result with --output.' });
  if (!existsSync(input)) throw errors.file_missing({ detail: `It is ${input}.` });
  return { input, output };
}

const askedOf = (options: Typed['options']) => ({
  ...{ data: dataOption(options), onPrint: toErrors },
  ...numberOption(options, 'seed'),
  ...sizeOption(options.size),
});

async function renderFile(
  file: string,
  options: Typed['options'],
  print: Print,
  more: readonly string[],
): Promise<void> {
  const files = filesOf(options);
  const stop = new AbortController();
  const cancel = () => stop.abort();
  process.once('SIGINT', cancel).once('SIGTERM', cancel);
  try {
    await tellOfFFmpeg(options);
    const signing = signingFrom(process.env);
    const sign = signing && (await signer(signing));
    const done = await renderInSegments({
      ...{
        ...files,
        ...askedOf(options),
        effects: await chainOf([file, ...more], options),
        ...(sign && { sign }),
        signal: stop.signal,
      },
      ...numberOption(options, 'from'),
      ...numberOption(options, 'to'),
      ...numberOption(options, 'segments'),
      onPlan: (_plan, why) => options.explain && toErrors(why),
      onProgress: reporter(Boolean(options.json)),
    });
    print({ ...factsOf(done), text: textOf(done) });
  } finally {
    process.off('SIGINT', cancel).off('SIGTERM', cancel);
  }
}

async function tellOfFFmpeg({ explain }: Typed['options']): Promise<void> {
  const slow = slowness(locateFFmpeg());
  if (slow) toErrors(slow);
  if (explain) toErrors(`${inWords(await findFFmpeg())}.`);
}

function factsOf({ output, frames, fps, width, height, plan, why, wallMs, encodeMs }: Rendered) {
  return { output, frames, fps, width, height, way: plan.way, why, wallMs, encodeMs };
}

function textOf({ output, frames, width, height, wallMs, why }: Rendered): string {
  const seconds = wallMs / 1000;
  return `${output}: ${frames} frames of ${width}x${height} in ${seconds.toFixed(1)} s (${(frames / seconds).toFixed(0)} a second).\n${why}`;
}

/** For people one line that changes, for programs a line of JSON each time. */
function reporter(json: boolean): NonNullable<RenderOptions['onProgress']> {
  const line = ({ frame, frames, fps, secondsLeft }: Progress) =>
    `\r${Math.round((100 * frame) / frames)} %  ${frame} of ${frames} frames  ${fps.toFixed(0)} a second  ${secondsLeft.toFixed(0)} s left   `;
  if (json) return (progress) => void process.stdout.write(`${JSON.stringify({ progress })}\n`);
  if (!process.stderr.isTTY) return () => {};
  return (progress) => void process.stderr.write(progress.frame === progress.frames ? '\r\x1b[K' : line(progress));
}

async function chainOf(files: readonly string[], options: Typed['options']) {
  const params = eachOption(options, 'params', files.length);
  const images = eachOption(options, 'images', files.length).map(pathsIn);
  return Promise.all(
    files.map(async (file, at) => ({
      ...{ compiled: await compiled(file), params: params[at] ?? {}, images: images[at] ?? {} },
    })),
  );
}

/** An object for one effect, and a list of objects for several. */
function eachOption(options: Typed['options'], name: string, count: number): readonly Record<string, unknown>[] {
  const given = jsonOption(options, name);
  const list = Array.isArray(given) ? given : [objectOption(options, name)];
  if (list.length > count || list.some((one) => typeof one !== 'object' || one === null))
    throw errors.wrong_usage({
      detail: `--${name} takes an object, or for several effects a list of as many: '[{ "size": 40 }, {}]'.`,
    });
  return list;
}

function pathsIn(images: Record<string, unknown>): Record<string, string> {
  if (Object.values(images).every((path) => typeof path === 'string')) return images as Record<string, string>;
  throw errors.wrong_usage({ detail: `--images takes a file for each param: '{ "logo": "logo.png" }'.` });
}

/** How a result was made, as it says itself. */
async function showProvenance(file: string, _options: Typed['options'], print: Print): Promise<void> {
  if (!existsSync(file)) throw errors.file_missing({ detail: `It is ${file}.` });
  const provenance = await readProvenance(file);
  if (!provenance) return print({ file, text: `${file} does not say how it was made.` });
  const { effects, made, source } = provenance;
  const lines = effects.map(
    ({ title, id, version, seed, params }) => `  ${title} (${id}@${version}), seed ${seed}, ${JSON.stringify(params)}`,
  );
  const of = `Frames ${source.first} to ${source.first + source.frames - 1} of the clip with sha256 ${source.sha256}.`;
  print({ file, provenance, text: [`${file} says that it was made ${made} with:`, ...lines, of].join('\n') });
}

const toErrors = (text: string) => void process.stderr.write(`${text}\n`);

async function compiled(file: string) {
  const text = fileText(file);
  try {
    return await compile(basename(file), text);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    const { file: name = file, line, column } = error.place ?? {};
    throw errors.effect_unsound({ detail: `${name}${line ? `:${line}:${column}` : ''}: ${error.message}` });
  }
}

function objectOption(options: Typed['options'], name: string): Record<string, unknown> {
  const value = jsonOption(options, name) ?? {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  throw errors.wrong_usage({ detail: `--${name} takes a JSON object, such as '{ "size": 40 }'.` });
}

function sizeOption(given: string | boolean | undefined) {
  if (given === undefined) return {};
  const [, width, height] = /^(\d+)x(\d+)$/.exec(String(given)) ?? [];
  if (!width) throw errors.wrong_usage({ detail: '--size takes a width and a height, such as 1280x720.' });
  return { size: { width: Number(width), height: Number(height) } };
}
