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
      'list | create NAME --owner EMAIL [--name TITLE] [--owner-name NAME] [--locale L] [--zone Z] [--plugins A,B] [--platform]',
    options: {
      ...{ name: { type: 'string' }, owner: { type: 'string' }, 'owner-name': { type: 'string' } },
      ...{ locale: { type: 'string' }, zone: { type: 'string' }, plugins: { type: 'string' } },
      platform: { type: 'boolean' },
    },
    run: async (typed, print) => (await import('./tenant.ts')).tenant(typed, print),
  },
};
