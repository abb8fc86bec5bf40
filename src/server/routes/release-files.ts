/** The files of a release as any web server shows them, from the folder that it is published to. */
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeStream } from 'node:stream/web';
import { z } from '@hono/zod-openapi';

import type { ReleaseServing } from '../../engine/index.ts';
import { cacheControlOf, contentTypeOf, isReleasePath } from '../../release/index.ts';
import { nothingHere, servedRelease } from '../release-access.ts';
import { type App, failures } from './route.ts';

export function addReleaseFiles(app: App, serving: ReleaseServing | undefined): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/releases/{name}/{file}',
    summary: 'A file of a release',
    description:
      'Of a release with `serve` in the configuration. What is published is public: needs no token.',
    security: [],
    request: { params: z.object({ name: z.string(), file: z.string() }) },
    responses: {
      200: {
        description: 'The file.',
        content: { 'application/octet-stream': { schema: z.string() } },
      },
      304: { description: 'It is what `If-None-Match` names.' },
      ...failures,
    },
  });
  app.get('/releases/:name/*', async (context) => {
    const release = servedRelease(serving, context.req.param('name'));
    if (release.folder === null)
      throw nothingHere('This release lies in a bucket, which shows it itself.');
    const file = context.req.path.slice(`/releases/${release.name}/`.length);
    const found = isReleasePath(file)
      ? await openFile(path.join(release.folder, ...file.split('/')))
      : undefined;
    if (found === undefined) throw nothingHere('This release has no such file.');
    const { handle, etag, bytes } = found;
    const headers = {
      etag,
      'cache-control': cacheControlOf(file),
      'content-type': contentTypeOf(file),
    };
    const isKnown = isNamed(context.req.header('if-none-match'), etag);
    if (isKnown || context.req.method === 'HEAD') {
      await handle.close();
      return new Response(null, {
        status: isKnown ? 304 : 200,
        headers: isKnown ? headers : { ...headers, 'content-length': String(bytes) },
      });
    }
    const body = Readable.toWeb(handle.createReadStream()) as NodeStream<Uint8Array<ArrayBuffer>>;
    return new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>, {
      headers: { ...headers, 'content-length': String(bytes) },
    });
  });
}

interface Found {
  readonly handle: FileHandle;
  /** Files are replaced by renaming: another content is another file. */
  readonly etag: string;
  readonly bytes: number;
}

async function openFile(file: string): Promise<Found | undefined> {
  const handle = await open(file).catch(() => undefined);
  if (handle === undefined) return undefined;
  const found = await handle.stat({ bigint: true });
  if (found.isFile()) {
    const { ino, size, mtimeNs } = found;
    const etag = `"${[ino, size, mtimeNs].map((part) => part.toString(36)).join('-')}"`;
    return { handle, etag, bytes: Number(size) };
  }
  await handle.close();
  return undefined;
}

function isNamed(header: string | undefined, etag: string): boolean {
  const names = (header ?? '').split(',').map((name) => name.trim().replace(/^W\//, ''));
  return names.some((name) => name === etag || name === '*');
}
