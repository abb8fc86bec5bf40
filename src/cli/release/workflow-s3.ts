/** A bucket: the release is published where it lies, and nothing is deployed. */
import type { TargetOptions } from '../../release/index.ts';
import { HEAD, INSTALL, publishStep, secret } from './workflow-parts.ts';

export type S3Workflow = Extract<TargetOptions, { type: 's3' }> & {
  readonly name: string;
  /** Folder of the keys. */
  readonly keys: string;
};

export function s3Workflow({ name, keys }: S3Workflow): string {
  const access = `          AWS_ACCESS_KEY_ID: ${secret('AWS_ACCESS_KEY_ID')}
          AWS_SECRET_ACCESS_KEY: ${secret('AWS_SECRET_ACCESS_KEY')}
`;
  return `${HEAD}
jobs:
  release:
    runs-on: ubuntu-latest
    steps:
${INSTALL}      - name: Build, which finds out whether anything changed
        env:
          DATABASE_URL: ${secret('DATABASE_URL')}
          KEYS: ${JSON.stringify(keys)}
${access}        run: npx evervec release build ${name} --keys "$KEYS"
${publishStep(name, keys, access)}`;
}
