/** The objects of a bucket below a prefix, page by page. */
import { load } from 'cheerio';
import type { TargetFile } from '../target.ts';
import type { S3Request } from './s3-request.ts';

/** @param folder that the target's paths are relative to; empty for the bucket's root */
export async function listBucket(
  request: S3Request,
  folder: string,
  below: string,
): Promise<TargetFile[]> {
  const base = folder === '' ? '' : `${folder}/`;
  const prefix = below === '' ? base : `${base}${below}/`;
  const files: TargetFile[] = [];
  let token: string | undefined;
  do {
    const query = {
      'list-type': '2',
      prefix,
      ...(token !== undefined && { 'continuation-token': token }),
    };
    const { bytes } = await request('GET', '', { query }, [200]);
    const page = load(Buffer.from(bytes).toString(), { xml: true });
    for (const entry of page('ListBucketResult > Contents').toArray()) {
      const text = (name: string) => page(entry).children(name).text();
      files.push({
        path: text('Key').slice(base.length),
        bytes: Number(text('Size')),
        writtenAt: Date.parse(text('LastModified')),
      });
    }
    const isCut = page('ListBucketResult > IsTruncated').text() === 'true';
    token = isCut ? page('ListBucketResult > NextContinuationToken').text() : undefined;
  } while (token !== undefined && token !== '');
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
