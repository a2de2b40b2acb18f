import type { Verb } from './verb.ts';

/** Every verb. What a verb does is loaded when it is called: help should not wait for a kernel. */
export const verbs: Readonly<Record<string, Verb>> = {
  up: {
    summary: 'Start the kernel here, with a PostgreSQL of its own unless DATABASE_URL names one.',
    usage: '[--port N]',
    options: { port: { type: 'string' } },
    run: async (typed, print) => (await import('./up.ts')).up(typed, print),
  },
  tenant: {
    summary: 'Make a site with its owner, whose password is read from standard input; or list all sites.',
    usage:
      'list | create NAME --owner EMAIL [--name TITLE] [--owner-name NAME] [--locale L] [--zone Z] [--plugins A,B] [--hosts A,B] [--platform]',
    options: {
      ...{ name: { type: 'string' }, owner: { type: 'string' }, 'owner-name': { type: 'string' } },
      ...{
        locale: { type: 'string' },
        zone: { type: 'string' },
        plugins: { type: 'string' },
        hosts: { type: 'string' },
      },
      platform: { type: 'boolean' },
    },
    run: async (typed, print) => (await import('./tenant.ts')).tenant(typed, print),
  },
  db: {
    summary: 'Bring the database up to date; save everything in one file; put such a file into an empty database.',
    usage: 'migrate | backup FILE [--without-objects] | restore FILE',
    options: { 'without-objects': { type: 'boolean' } },
    run: async (typed, print) => (await import('./db.ts')).db(typed, print),
  },
  ledger: {
    summary: 'Recompute every book, or one; or list what came to an account and went.',
    usage: 'verify [--site NAME] | statement ACCOUNT --site NAME --currency C [--cursor C]',
    options: { site: { type: 'string' }, currency: { type: 'string' }, cursor: { type: 'string' } },
    run: async (typed, print) => (await import('./ledger.ts')).ledger(typed, print),
  },
  plugin: {
    summary: 'List, install, upgrade and remove plugins while nodes run; or hold one against the contract.',
    usage: 'list | install DIR | upgrade ID | remove ID | check DIR',
    options: {},
    run: async (typed, print) => (await import('./plugin.ts')).plugin(typed, print),
  },
  sandbox: {
    summary: 'Run one file of JavaScript, TypeScript or Python where it can reach nothing, and show its value.',
    usage: 'eval FILE [--input JSON] [--memory MB] [--cpu MS] [--wall MS]',
    options: {
      ...{ input: { type: 'string' }, memory: { type: 'string' }, cpu: { type: 'string' }, wall: { type: 'string' } },
    },
    run: async (typed, print) => (await import('./sandbox.ts')).sandbox(typed, print),
  },
  effect: {
    summary: 'Begin an effect, check it, or render it over a clip. No server is needed.',
    usage:
      'new FILE [--lang ts|js|py] | check FILE [--params JSON] [--images JSON] [--data JSON] | frame FILE… --input CLIP --output PNG [--at S] | render FILE… --input CLIP --output MP4 [--params JSON] [--images JSON] [--data JSON] [--from S] [--to S] [--size WxH] [--seed N] [--segments N] [--explain] | inspect MP4',
    options: {
      ...{
        lang: { type: 'string' },
        input: { type: 'string' },
        output: { type: 'string' },
        params: { type: 'string' },
      },
      ...{
        images: { type: 'string' },
        data: { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
        size: { type: 'string' },
      },
      ...{
        seed: { type: 'string' },
        at: { type: 'string' },
        explain: { type: 'boolean' },
        segments: { type: 'string' },
      },
    },
    run: async (typed, print) => (await import('./effect.ts')).effect(typed, print),
  },
  c2pa: {
    summary:
      'Make certificates to try signing results with; or say whether a signed one was changed, and how it was made.',
    usage: 'certificates [DIR] | verify FILE [--authority PEM]',
    options: { authority: { type: 'string' } },
    run: async (typed, print) => (await import('./c2pa.ts')).c2pa(typed, print),
  },
  diagnose: {
    summary: 'Show how this place is set up, and what is wrong with it.',
    usage: '',
    options: {},
    run: async (typed, print) => (await import('./diagnose.ts')).diagnose(typed, print),
  },
};
