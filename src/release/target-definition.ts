/** How a configuration names the place that a release is published to. Its shape only; what writes there is `targets/`. */
import { z } from 'zod';

const folderTarget = z.strictObject({
  type: z.literal('folder'),
  /** That a web server shows; made when it isn't there. Relative to where the command runs. */
  path: z.string().min(1),
});

const s3Target = z.strictObject({
  type: z.literal('s3'),
  bucket: z.string().min(1).max(255),
  /** Put before each path; default none. */
  prefix: z.string().max(500).optional(),
  /** Default `us-east-1`. */
  region: z.string().min(1).max(100).optional(),
  /** Of another server than Amazon's. */
  endpoint: z.url({ protocol: /^https?$/, error: 'not an http address' }).optional(),
  /** The bucket in the path and not in the host's name; default true with `endpoint`, else false. */
  pathStyle: z.boolean().optional(),
  /** Better in the environment. */
  accessKeyId: z.string().min(1).optional(),
  secretAccessKey: z.string().min(1).optional(),
  sessionToken: z.string().min(1).optional(),
});

export const targetOptions = z.discriminatedUnion('type', [folderTarget, s3Target]);

export type TargetOptions = z.infer<typeof targetOptions>;
export type FolderTargetOptions = z.infer<typeof folderTarget>;
export type S3TargetOptions = z.infer<typeof s3Target>;
