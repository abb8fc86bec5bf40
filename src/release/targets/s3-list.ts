/** The objects of a bucket below a prefix, page by page. */
import { load } from 'cheerio';
import type { TargetFile } from '../target.ts';
import type { S3Request } from './s3-request.ts';

/** The most that servers give. */
const PAGE = 1_000;

/** @param folder that the target's paths are relative to; empty for the bucket's root */
export async function listBucket(
  request: S3Request,
  folder: string,
  below: string,
  page = PAGE,
): Promise<TargetFile[]> {
  const base = folder === '' ? '' : `${folder}/`;
  const prefix = below === '' ? base : `${base}${below}/`;
  const files: TargetFile[] = [];
  let token: string | undefined;
  do {
    const query = {
      'list-type': '2',
      prefix,
      'max-keys': String(page),
      ...(token !== undefined && { 'continuation-token': token }),
    };
    const { bytes } = await request('GET', '', { query }, [200]);
    const answer = load(Buffer.from(bytes).toString(), { xml: true });
    for (const entry of answer('ListBucketResult > Contents').toArray()) {
      const text = (name: string) => answer(entry).children(name).text();
      files.push({
        path: text('Key').slice(base.length),
        bytes: Number(text('Size')),
        writtenAt: Date.parse(text('LastModified')),
      });
    }
    const isCut = answer('ListBucketResult > IsTruncated').text() === 'true';
    token = isCut ? answer('ListBucketResult > NextContinuationToken').text() : undefined;
  } while (token !== undefined && token !== '');
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
