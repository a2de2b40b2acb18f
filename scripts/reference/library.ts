// The library of effects as a page: what each does, what may be asked of it, and how it looks.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Description } from '../../sandbox/effect/describe.ts';
import { inspect } from '../../sandbox/render/inspect.ts';
import { compile } from '../../sandbox/supervisor/compile.ts';
import type { Param } from '../../sdk/effect.ts';

const LIBRARY = 'sandbox/library';
/** The smallest that tells what an effect is. */
const SCENE = { width: 64, height: 36, fps: 1, duration: 1, frames: 1, params: {}, data: {}, seed: 1 };

export async function libraryReference(root: string): Promise<string> {
  const files = readdirSync(join(root, LIBRARY)).filter((file) => /\.(ts|py)$/.test(file));
  const entries: string[] = [];
  for (const file of files.sort()) {
    const compiled = await compile(file, readFileSync(join(root, LIBRARY, file), 'utf8'));
    entries.push(entry(file, (await inspect(compiled, SCENE)).description));
  }
  return [
    '# Library of effects',
    '',
    '<!-- Made by npm run generate from sandbox/library. -->',
    '',
    `${files.length} effects to use as they are, or to begin from: each is one file. Try one over a clip of yours:`,
    '',
    '```sh',
    'plinth effect render sandbox/library/lower-third.ts --input clip.mp4 --output out.mp4 --params \'{ "name": "Grace Hopper" }\'',
    '```',
    '',
    'Lengths are in pixels of a picture whose shorter side is 720, and scale with the picture.',
    '',
    entries.join('\n\n'),
    '',
  ].join('\n');
}

function entry(file: string, { title, summary = '', params, inputs }: Description): string {
  const name = file.replace(/\..*$/, '');
  return [
    `## ${title}`,
    '',
    `![${title}](../../${LIBRARY}/posters/${name}.webp)`,
    '',
    `${summary} [${file}](../../${LIBRARY}/${file})${inputs.length > 0 ? `, from ${inputs.map((input) => `\`${input}\``).join(', ')}` : ''}`,
    '',
    '| param | what it is | unless given |',
    '| ----- | ---------- | ------------ |',
    ...Object.entries(params).map(([param, about]) => row(param, about)),
  ].join('\n');
}

function row(name: string, param: Param<unknown>): string {
  const { label, help, group, min, max, options, maxLength } = param;
  const bounds = [
    ...(min === undefined || max === undefined ? [] : [`from ${min} to ${max}`]),
    ...(options ? [`of ${options.join(', ')}`] : []),
    ...(maxLength === undefined ? [] : [`of at most ${maxLength} characters`]),
  ].join(', ');
  const about = [`${param.kind} ${bounds}`.trim(), label, help].filter(Boolean).join('. ');
  return `| ${group ? `${group}: ` : ''}\`${name}\` | ${cell(about)} | ${cell(usual(param))} |`;
}

function usual({ kind, default: value }: Param<unknown>): string {
  if (value === undefined || value === null) return 'none';
  if (kind === 'dataset') return `${(value as readonly unknown[]).length} rows`;
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll(/\.\./g, '.');
