import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { findFFmpeg } from '../render/ffmpeg.ts';
import { findJail, type Jail, type JailedRun, startJailed, withoutNetwork } from '../render/jail.ts';
import { aDirectory, descendants, ffmpeg, H264, isAlive, pattern } from './clips.ts';

const directory = aDirectory();
const at = (name: string) => join(directory, name);
const bounds = { wallMs: 10_000, cpuSeconds: 5, memoryMb: 2_048, fileMb: 1 };
const programs = await findFFmpeg();
const REDUCED: Jail = { ...findJail(), kind: 'reduced', offline: withoutNetwork() };

beforeAll(() => {
  ffmpeg(...pattern('64x64'), ...H264, at('clip.mp4'));
  writeFileSync(at('secret.txt'), 'secret');
  mkdirSync(at('out'));
});

/** Runs a shell where FFmpeg would be: what a broken FFmpeg could do. */
async function insider(script: string, run: Partial<JailedRun> = {}, jail?: Jail) {
  const [reads, writes] = [[at('clip.mp4')], at('out')];
  const args = () => ['-c', script];
  const jailed = startJailed({ program: '/bin/sh', args, reads, writes, stdout: 'pipe', bounds, ...run }, jail);
  const [said, end] = await Promise.all([jailed.stdout ? text(jailed.stdout) : '', jailed.ended]);
  return { said, ...end };
}

it('is the good one where bubblewrap is installed', () => {
  expect(findJail()).toMatchObject({ kind: 'bubblewrap', bounded: true });
});

describe('from inside the jail', () => {
  it('the clip can be read, and nothing beside it', async () => {
    // The shell has no other programs here, not even to list a directory.
    const { said } = await insider(
      `read -r line < /in/0; echo "clip $?"; for f in /* /in/* /home/*; do echo "$f"; done`,
    );
    const seen = said.split('\n').filter((path) => path.startsWith('/'));
    expect(said).toMatch(/^clip 0/m);
    expect(seen.filter((path) => !/^\/(dev|etc|in|lib|lib64|out|proc|sh|usr|in\/0|home\/\*|tmp)$/.test(path))).toEqual(
      [],
    );
    const secret = await insider(`read -r line < ${at('secret.txt')}; read -r line < /etc/passwd; echo "$line"`);
    expect([secret.said, secret.words]).toEqual(['\n', expect.stringMatching(/secret.txt.*\n.*passwd/)]);
  });

  it('the clip cannot be written, and only the one directory can', async () => {
    const { words } = await insider('echo x > /in/0; echo x > /usr/lib/x; echo fine > /out/fine');
    expect(words.split('\n')).toHaveLength(2);
    expect(readFileSync(at('out/fine'), 'utf8')).toBe('fine\n');
  });

  it.each([
    ['bubblewrap', undefined],
    ['its reduced form', REDUCED],
  ])('there is no network and no environment (%s)', async (_, jail) => {
    process.env.PLINTH_CANARY = 'canary';
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const args = () => ['-v', 'error', '-i', `tcp://127.0.0.1:${port}`];
    const { ended } = startJailed({ program: programs.ffprobe, args, bounds }, jail);
    expect((await ended).words).toMatch(/Network is unreachable|Connection refused|Cannot assign/);
    server.close();
    expect((await insider('export -p; echo "$PLINTH_CANARY"', {}, jail)).said).not.toMatch(/canary/i);
  });

  it('files, memory and time are bounded', async () => {
    const big = await insider(
      'x=0123456789; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do x=$x$x; done; echo $x > /out/big',
    );
    expect(readFileSync(at('out/big')).length).toBeLessThanOrEqual(1024 * 1024);
    expect(big.code).not.toBe(0);
    const spun = await insider('while :; do :; done', { bounds: { ...bounds, cpuSeconds: 1 } });
    expect([spun.late, spun.code]).toEqual([false, 137]);
    const grown = await insider('x=0123456789; while :; do x=$x$x; done', { bounds: { ...bounds, memoryMb: 64 } });
    expect([grown.late, grown.code === 0]).toEqual([false, false]);
  });

  it('a playlist that calls itself a clip opens nothing', async () => {
    writeFileSync(at('list.mp4'), `#EXTM3U\n#EXTINF:1,\n${at('clip.mp4')}\n`);
    const args = ({ input }: { input(index: number): string }) => [
      '-v',
      'error',
      '-protocol_whitelist',
      'file',
      '-format_whitelist',
      'mov,mp4',
      '-i',
      input(0),
    ];
    const { ended } = startJailed({ program: programs.ffprobe, args, reads: [at('list.mp4')], bounds }, REDUCED);
    expect((await ended).code).not.toBe(0);
  });
});

describe('when its time is over', () => {
  it.each([
    ['bubblewrap', undefined],
    ['its reduced form', REDUCED],
  ])('it is killed from outside, with whatever it started (%s)', async (_, jail) => {
    const before = descendants();
    const running = insider('while :; do :; done', { bounds: { ...bounds, wallMs: 300 } }, jail);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const inside = descendants().filter((pid) => !before.includes(pid));
    expect(inside.length).toBeGreaterThan(0);
    expect(await running).toMatchObject({ late: true });
    // The system takes a moment to bury them.
    await vi.waitFor(() => expect(inside.filter(isAlive)).toEqual([]));
  });

  it('or when it is called off', async () => {
    const call = new AbortController();
    setTimeout(() => call.abort(), 100);
    const { late, code } = await insider('while :; do :; done', { signal: call.signal });
    expect([late, code]).toEqual([false, undefined]);
  });
});

describe('FFmpeg is found', () => {
  const fake = (name: string, script: string) => {
    mkdirSync(at(name), { recursive: true });
    for (const program of ['ffmpeg', 'ffprobe']) {
      writeFileSync(at(`${name}/${program}`), `#!/bin/sh\n${script}\n`);
      chmodSync(at(`${name}/${program}`), 0o755);
    }
    return at(name);
  };

  it('by FFMPEG_PATH, a directory or the program, before the system', async () => {
    const directoryOf = programs.ffmpeg.replace(/\/ffmpeg$/, '');
    expect(await findFFmpeg({ FFMPEG_PATH: directoryOf })).toMatchObject({
      from: 'FFMPEG_PATH',
      version: programs.version,
    });
    expect(await findFFmpeg({ FFMPEG_PATH: programs.ffmpeg, PATH: '' })).toMatchObject({ from: 'FFMPEG_PATH' });
  });

  it('or it is said that FFMPEG_PATH leads nowhere', () => {
    expect(() => findFFmpeg({ FFMPEG_PATH: at('nowhere') })).toThrow(/FFMPEG_PATH is ".*nowhere"/);
  });

  it('and refused where it is too old, too poor or broken', async () => {
    const copy = (change: string) => `exec ${programs.ffmpeg} "$@" 2>&1 | ${change}`;
    await expect(findFFmpeg({ FFMPEG_PATH: fake('poor', copy('grep -v libx264')) })).rejects.toThrow(
      /lacks the encoder libx264/,
    );
    await expect(
      findFFmpeg({ FFMPEG_PATH: fake('old', copy("sed 's/version [^ ]*/version 4.1.2/'")) }),
    ).rejects.toThrow(/is version 4.1.2/);
    await expect(findFFmpeg({ FFMPEG_PATH: fake('broken', 'exit 7') })).rejects.toThrow(/could not be run/);
  });
});

it('is gone as a whole, however soon after its start it is killed', async () => {
  const killed = Array.from({ length: 24 }, async (_, after) => {
    const args = () => ['-c', 'while :; do :; done'];
    const jailed = startJailed({ program: '/bin/sh', args, bounds: { ...bounds, wallMs: 60_000 } });
    // bubblewrap's two halves take some milliseconds to know of each other.
    await new Promise((resolve) => setTimeout(resolve, after));
    jailed.kill();
    return jailed.ended;
  });
  expect((await Promise.all(killed)).every(({ late }) => !late)).toBe(true);
});
