/** Opens the target that a configuration names; keys of a bucket may be in the environment, under the names that all tools for S3 read. */
import path from 'node:path';
import { ConfigError } from '../../errors/index.ts';
import {
  folderTarget,
  type ReleaseTarget,
  type S3Credentials,
  s3Target,
  type TargetOptions,
} from '../../release/index.ts';

/** @throws ConfigError where a bucket has no keys */
export function targetOf(options: TargetOptions): ReleaseTarget {
  if (options.type === 'folder') return folderTarget(path.resolve(options.path));
  return s3Target(options, credentialsOf(options));
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
