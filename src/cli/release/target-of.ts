/** Opens the target that a configuration names; keys of a bucket may be in the environment, under the names that all tools for S3 read. */
import { ConfigError } from '../../errors/index.ts';
import {
  folderTarget,
  type ReleaseTarget,
  type S3Credentials,
  s3Target,
  type TargetOptions,
} from '../../release/index.ts';
import { environmentOf } from '../session.ts';

/** @throws ConfigError where a bucket has no keys */
export function targetOf(options: TargetOptions): ReleaseTarget {
  if (options.type === 'folder') return folderTarget(options.path);
  const { AWS_REGION: region, AWS_ENDPOINT_URL_S3: endpoint } = environmentOf();
  const usual = {
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
  };
  return s3Target({ ...usual, ...options }, credentialsOf(options));
}

function credentialsOf(options: TargetOptions & { type: 's3' }): S3Credentials {
  const accessKeyId = options.accessKeyId ?? process.env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = options.secretAccessKey ?? process.env['AWS_SECRET_ACCESS_KEY'];
  const sessionToken = options.sessionToken ?? process.env['AWS_SESSION_TOKEN'];
  if (accessKeyId !== undefined && secretAccessKey !== undefined)
    return { accessKeyId, secretAccessKey, sessionToken };
  throw new ConfigError(`There are no keys for the bucket ${options.bucket}.`, {
    remedy: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    isUsage: true,
  });
}

/**
 * @param text of `--target`: a folder, or `s3://bucket/prefix`
 * @throws ConfigError
 */
export function parseTarget(text: string): TargetOptions {
  if (!/^[a-z0-9]+:\/\//i.test(text)) return { type: 'folder', path: text };
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(text) ?? [];
  if (bucket !== undefined) return { type: 's3', bucket, ...(prefix !== '' && { prefix }) };
  throw new ConfigError('--target is neither a folder nor s3://bucket/prefix.', {
    remedy: 'Name a folder, or a bucket as s3://bucket/prefix.',
    isUsage: true,
  });
}
