/** The chain of roots that lies on a target, followed from the one that is pinned. */
import { ReleaseError } from '../errors/index.ts';
import {
  readRoot,
  type RootDocument,
  type TrustAnchor,
  type Verdict,
  verifyNextRoot,
  verifyRoot,
} from '../format/index.ts';
import { explain } from './explain.ts';
import type { ReadableTarget } from './target.ts';
import { isEqual } from './targets/path.ts';

export function rootPath(version: number): string {
  return `root.${version}.json`;
}

/**
 * @param own by version, before what lies on the target
 * @returns oldest first; none where there is no first one
 * @throws ReleaseError at the first that does not follow
 */
export async function readRoots(
  target: ReadableTarget,
  anchor: TrustAnchor | undefined,
  own: ReadonlyMap<number, Uint8Array>,
): Promise<RootDocument[]> {
  const roots: RootDocument[] = [];
  const first = anchor?.version ?? 1;
  for (let version = first; ; version++) {
    const bytes = await readRootFile(target, version, own.get(version));
    if (bytes === undefined) return roots;
    const before = roots.at(-1);
    const verdict: Verdict<RootDocument> = before
      ? await verifyNextRoot(bytes, before)
      : await verifyRoot(bytes, anchor ?? selfAnchor(bytes));
    if (!verdict.accepted)
      throw new ReleaseError(
        'published',
        `${rootPath(version)} of ${target.name} is refused: ${explain(verdict.refusal)}.`,
        { remedy: 'Check that these are the keys of this target.' },
      );
    roots.push(verdict.value);
  }
}

async function readRootFile(target: ReadableTarget, version: number, own: Uint8Array | undefined) {
  const found = await target.get(rootPath(version));
  if (found === undefined || own === undefined) return found ?? own;
  if (isEqual(found, own)) return own;
  throw new ReleaseError(
    'published',
    `${rootPath(version)} of ${target.name} is another than that of your keys.`,
    { remedy: 'These are the keys of another product, or somebody else replaced keys meanwhile.' },
  );
}

/** What the file says of itself: who has nothing to check it by can only see whether it is whole. */
function selfAnchor(bytes: Uint8Array): TrustAnchor {
  const { product, version, roles } = peekRoot(bytes);
  return { product, version, root: roles.root };
}

/** @throws FormatError */
function peekRoot(bytes: Uint8Array): RootDocument {
  let signed: unknown;
  try {
    ({ signed } = JSON.parse(Buffer.from(bytes).toString()));
  } catch {
    signed = undefined;
  }
  return readRoot(signed, '$.signed');
}
