import { S3, S3ServiceException } from '@aws-sdk/client-s3';
import { errors } from './errors.ts';

export interface S3Options {
  readonly bucket: string;
  /** Absent: Amazon's own. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Absent: what the SDK finds in its surroundings. */
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
}

/** A client for one bucket that is known to be there, and that says «missing» and «full» as every driver does. */
export async function openS3(options: S3Options): Promise<S3> {
  const { bucket, endpoint, region = 'us-east-1', accessKeyId, secretAccessKey } = options;
  const s3 = new S3({
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(accessKeyId && secretAccessKey ? { credentials: { accessKeyId, secretAccessKey } } : {}),
    // Other servers than Amazon's take the default, a checksum after the body, for part of the body.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Every reader of an object keeps a connection, so the SDK's 50 would be 50 readers.
    requestHandler: { connectionTimeout: 5_000, httpAgent: { maxSockets: 1024 }, httpsAgent: { maxSockets: 1024 } },
  });
  try {
    await s3.headBucket({ Bucket: bucket });
  } catch (error) {
    const why = error instanceof S3ServiceException ? `status ${error.$metadata.httpStatusCode}` : String(error);
    const message = `The S3 bucket "${bucket}" cannot be used: ${why}. Create it, or mend the S3_ settings.`;
    throw new Error(message, { cause: error });
  }
  s3.middlewareStack.add((next) => async (given) => next(given).catch(translated), { step: 'initialize' });
  return s3;
}

function translated(error: unknown): never {
  if (!(error instanceof S3ServiceException)) throw error;
  const status = error.$metadata.httpStatusCode;
  if (status === 404 && error.name !== 'NoSuchUpload') throw errors.object_missing({ cause: error });
  throw status === 507 || error.name === 'QuotaExceeded' ? errors.storage_full({ cause: error }) : error;
}
