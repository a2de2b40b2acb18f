import { Problem } from '@plinth/sdk';
import type { FastifyError } from 'fastify';
import { isConnectionFailure } from '../database/database.ts';
import { errors } from '../errors.ts';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** Turns whatever was thrown into what the caller is told. What we did not mean to say is not said. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isConnectionFailure(error)) return errors.unavailable({ cause: error });
  const { code, statusCode, message } = (error ?? {}) as Partial<FastifyError>;
  const known = code === undefined ? undefined : FASTIFY_CODES[code];
  if (known) return known(message);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return errors.bad_request({ detail: message ?? '' });
  return errors.internal({ cause: error });
}

const FASTIFY_CODES: Readonly<Record<string, (message?: string) => Problem>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => errors.too_large({ detail: 'The body is larger than this route takes.' }),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => errors.unsupported_media(),
  FST_ERR_CTP_EMPTY_JSON_BODY: () => errors.bad_request({ detail: 'The body is empty; send a JSON document.' }),
  FST_ERR_CTP_INVALID_JSON_BODY: () => errors.bad_request({ detail: 'The body is not JSON.' }),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    errors.bad_request({ detail: 'The body is not as long as Content-Length says.' }),
};
