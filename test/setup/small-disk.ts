/** A disk that can be filled: some megabytes of memory, mounted where a test wants them. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface SmallDisk {
  /** On the disk, empty. */
  readonly folder: string;
  fill(): void;
  free(): void;
  unmount(): void;
}

/**
 * 4 MB.
 * @param owner of the folder; default whoever runs the test
 * @returns null where mounting is not allowed
 */
export function mountSmallDisk(owner?: string): SmallDisk | null {
  const root = mkdtempSync(path.join(tmpdir(), 'evervec-small-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=0777', 'tmpfs', root]);
  if (mounted.status !== 0) {
    rmSync(root, { recursive: true });
    return null;
  }
  const folder = path.join(root, 'space');
  spawnSync('install', ['-d', ...(owner === undefined ? [] : ['-o', owner]), '-m', '0700', folder]);
  chmodSync(root, 0o777);
  const filler = path.join(root, 'filler');
  return {
    folder,
    fill: () => {
      for (let part = 0; ; part++)
        try {
          writeFileSync(`${filler}${part}`, Buffer.alloc(4_096));
        } catch {
          return;
        }
    },
    free: () => void spawnSync('sh', ['-c', `rm -f ${filler}*`]),
    unmount: () => {
      spawnSync('umount', [root]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}
