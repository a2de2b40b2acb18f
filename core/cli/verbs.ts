import type { Verb } from './verb.ts';

/** Every verb. What a verb does is loaded when it is called: help should not wait for a kernel. */
export const verbs: Readonly<Record<string, Verb>> = {
  up: {
    summary: 'Start the kernel here, with a PostgreSQL of its own unless DATABASE_URL names one.',
    usage: '[--port N]',
    options: { port: { type: 'string' } },
    run: async (typed, print) => (await import('./up.ts')).up(typed, print),
  },
};
