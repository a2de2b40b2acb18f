import type { Log } from '@plinth/sdk';
import { pino } from 'pino';

/** Structured logs on stderr, a line of JSON per event: stdout belongs to the command line. */
export function createLog(level: string): Log {
  const logger = pino(
    {
      level,
      base: {},
      messageKey: 'event',
      // Whatever slips into a log line, these never do.
      redact: {
        paths: ['password', 'token', 'secret', 'authorization', '*.password', '*.token', '*.secret'],
        censor: '[hidden]',
      },
      serializers: { error: pino.stdSerializers.err },
    },
    pino.destination({ fd: 2, sync: false }),
  );
  const write =
    (at: 'debug' | 'info' | 'warn' | 'error') => (event: string, fields?: Readonly<Record<string, unknown>>) => {
      logger[at]({ ...fields }, event);
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

export const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
