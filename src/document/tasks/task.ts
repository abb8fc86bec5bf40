/** What a task is: work on documents that was accepted, and is done after the answer. Pure; the table is `sql/migrations/000014`. */
import type { OnDuplicate } from '../save.ts';

export type TaskKind = 'upload' | 'jsonl' | 'csv';
export type TaskState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

/** What was asked for beside the files; stored as JSON. */
export interface TaskOptions {
  /** Of items that name none. */
  collection: string;
  /** `upload`: told of these very files; else of items that don't tell it otherwise. Checked. */
  fields: Record<string, unknown>;
  /** `upload` of one file: what it is known by; default its name. */
  origin?: string | undefined;
  onDuplicate?: OnDuplicate | undefined;
  summary?: string | undefined;
}

export interface TaskFile {
  /** Null for a body that has none. */
  name: string | null;
  mediaType: string | null;
  bytes: Uint8Array;
}

export interface NewTask {
  kind: TaskKind;
  /** Who asked, as the audit log would name them. */
  madeBy: string;
  options: TaskOptions;
  files: readonly TaskFile[];
}

export interface TaskError {
  code: string;
  message: string;
  remedy: string | null;
}

/** What became of one item. */
export interface TaskResult {
  /** From 1, in the order they came. */
  number: number;
  label: string;
  outcome: 'added' | 'version' | 'updated' | 'unchanged' | 'skipped' | 'failed';
  id: string | null;
  version: number | null;
  warnings: string[];
  error: TaskError | null;
}

export type TaskCounts = Record<TaskResult['outcome'], number>;

/** How far it is: written in the transaction that takes the next items in. */
export interface TaskProgress {
  /** Items that are over; the next attempt begins after them. */
  finished: number;
  counts: TaskCounts;
  results: readonly TaskResult[];
}

export interface TaskStatus {
  id: string;
  kind: TaskKind;
  state: TaskState;
  made_by: string;
  collection: string;
  /** How many there are; null where that is seen at the end. */
  items: number | null;
  finished: number;
  counts: TaskCounts;
  /** Of the first that failed and the first that did not, as many as are kept; in order. */
  results: TaskResult[];
  error: TaskError | null;
  attempts: number;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
}

export const NO_COUNTS: Readonly<TaskCounts> = {
  added: 0,
  version: 0,
  updated: 0,
  unchanged: 0,
  skipped: 0,
  failed: 0,
};
