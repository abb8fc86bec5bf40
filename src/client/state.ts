/** What a client keeps between two starts, but for the indexes themselves, as one text. Owns its shape and the changes to it; must not store. */
import { FormatError } from '../errors/format-error.ts';
import { integer, list, only, type Reader, shape, text } from '../format/checked-json.ts';
import type { ChannelFloor } from '../format/index.ts';

/** A release that is on this device. */
export interface Installed {
  /** `local`: made on this device, because none could be had. */
  readonly origin: 'release' | 'local';
  /** 0 for a local one. */
  readonly sequence: number;
  readonly version: string;
  /** SHA-256 of the manifest's file; empty for a local one. */
  readonly manifest: string;
  /** Whose signatures of the manifest counted. */
  readonly keyIds: readonly string[];
  /** Of the plain file; the blob's name is the hash. */
  readonly index: { readonly sha256: string; readonly bytes: number };
  readonly model: {
    readonly fingerprint: string;
    /** Of the model's file, where the release brings one and it was fetched; else null. */
    readonly sha256: string | null;
  };
  readonly canaries: readonly { readonly query: string; readonly expects: readonly string[] }[];
  /** Milliseconds since 1970. */
  readonly installedAt: number;
  /** Answered its first queries. */
  readonly isConfirmed: boolean;
  /** How often it was being opened and that did not come to an end. */
  readonly openings: number;
}

export interface StoredState {
  readonly format: 1;
  /** Random; decides which part of a roll-out this is. Never sent. */
  readonly installId: string;
  readonly product: string;
  /** That the floor is of. */
  readonly channel: string;
  /** SHA-256 of what the app pins; another one starts again from there. */
  readonly anchor: string;
  /** `root.N.json`, the last one that was verified. */
  readonly root: string | null;
  readonly floor: ChannelFloor | null;
  readonly active: Installed | null;
  readonly previous: Installed | null;
  /** Downloaded and verified, but not in use. */
  readonly staged: Installed | null;
  /** SHA-256 of manifests that did not do here. */
  readonly quarantined: readonly string[];
  /** Milliseconds since 1970. */
  readonly checkedAt: number | null;
}

const MAX_QUARANTINED = 100;
const MAX_STATE = 4_000_000;
const anyText = text(MAX_STATE);
const isTrue: Reader<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw new FormatError(path, 'is neither true nor false');
  return value;
};
const isOne: Reader<1> = (value, path) => {
  if (value !== 1) throw new FormatError(path, 'is of another version');
  return value;
};
function nullable<T>(reader: Reader<T>): Reader<T | null> {
  return (value, path) => (value === null ? null : reader(value, path));
}

const installed = shape({
  origin: only('release', 'local'),
  sequence: integer(0),
  version: anyText,
  manifest: anyText,
  keyIds: list(anyText, 64),
  index: shape({ sha256: anyText, bytes: integer(0) }),
  model: shape({ fingerprint: anyText, sha256: nullable(anyText) }),
  canaries: list(shape({ query: anyText, expects: list(anyText, 100) }), 64),
  installedAt: integer(0),
  isConfirmed: isTrue,
  openings: integer(0),
});
const readState = shape({
  format: isOne,
  installId: anyText,
  product: anyText,
  channel: anyText,
  anchor: anyText,
  root: nullable(anyText),
  floor: nullable(
    shape({
      version: integer(1),
      digest: anyText,
      sequence: integer(1),
      keyIds: list(anyText, 64),
    }),
  ),
  active: nullable(installed),
  previous: nullable(installed),
  staged: nullable(installed),
  quarantined: list(anyText, MAX_QUARANTINED),
  checkedAt: nullable(integer(0)),
});

/** Whom a client believes, and what it follows. */
export type Following = Pick<StoredState, 'product' | 'channel' | 'anchor'>;

export function freshState(
  { product, channel, anchor }: Following,
  installId: string,
): StoredState {
  return {
    format: 1,
    installId,
    product,
    channel,
    anchor,
    root: null,
    floor: null,
    active: null,
    previous: null,
    staged: null,
    quarantined: [],
    checkedAt: null,
  };
}

/** @returns undefined for a text that is none of a state: as good as none */
export function parseState(spelt: string | undefined): StoredState | undefined {
  if (spelt === undefined) return undefined;
  try {
    return readState(JSON.parse(spelt), '$');
  } catch {
    return undefined;
  }
}

/**
 * What is stored, for a client that follows this. Other pinned keys begin again with the keys, another channel with what was accepted of it; what is installed
 * stays. Of another product nothing does.
 */
export function following(state: StoredState, next: Following): StoredState {
  if (state.product !== next.product) return freshState(next, state.installId);
  const root = state.anchor === next.anchor ? state.root : null;
  const floor = state.channel === next.channel ? state.floor : null;
  return { ...state, ...next, root, floor };
}

/** With what `next` replaces as `previous`, unless that is the same index or was found to be damaged. */
export function withActive(state: StoredState, next: Installed): StoredState {
  const { active, previous } = state;
  const isSame = active !== null && active.index.sha256 === next.index.sha256;
  return { ...state, active: next, previous: isSame ? previous : active, staged: null };
}

/** Back to what was before; what is left is not taken again. */
export function withoutActive(state: StoredState): StoredState {
  const left = state.active;
  const next = { ...state, active: state.previous, previous: null };
  return left === null || left.origin === 'local' ? next : withQuarantined(next, left.manifest);
}

export function withQuarantined(state: StoredState, manifest: string): StoredState {
  const others = state.quarantined.filter((one) => one !== manifest);
  return { ...state, quarantined: [...others, manifest].slice(-MAX_QUARANTINED) };
}

/** Names of the blobs that the state speaks of. */
export function blobsOf({ active, previous, staged }: StoredState): Set<string> {
  const names = [active, previous, staged].flatMap((one) =>
    one === null ? [] : [one.index.sha256, one.model.sha256],
  );
  return new Set(names.filter((name) => name !== null));
}
