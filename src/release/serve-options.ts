/** What a configuration says of a release that the server shows, tells of and hears of, and what holds where it says nothing. */
import { z } from 'zod';

const origin = z
  .string()
  .refine((text) => URL.parse(text)?.origin === text && /^https?:/.test(text), {
    error: 'an origin is like https://app.example.org, without a path',
  });

const haltOptions = z.strictObject({
  /** False: it is only told of. Default true. */
  halt: z.boolean().optional(),
  /** Networks from which it must fail before anything happens, 5 to 100,000; default 20. */
  minimum: z.int().min(5).max(100_000).optional(),
  /** Part of the networks that tried it, above 0 to 1; default 0.2. */
  share: z.number().gt(0).max(1).optional(),
  /** How far back reports count, hours, 1 to 168; default 24. */
  windowHours: z.int().min(1).max(168).optional(),
});

export const serveOptions = z.strictObject({
  /** Origins whose pages may read it, be told of it and report on it; `'*'`: any. Default the server's own alone. */
  origins: z.union([z.literal('*'), z.array(origin).min(1).max(50)]).optional(),
  /** Whether open clients are told of a new release; default true. */
  push: z.boolean().optional(),
  /** Whether clients may report how it does, and when that halts a roll-out; default false. */
  reports: z.union([z.boolean(), haltOptions]).optional(),
  /** The folder of the keys, for halting a roll-out; default `release-keys`. */
  keys: z.string().min(1).optional(),
  /** How often the target is looked at, 1 to 3,600; default 1 for a folder, which is watched too, and 10 for a bucket. */
  pollSeconds: z.int().min(1).max(3_600).optional(),
});

export type ServeOptions = z.infer<typeof serveOptions>;

export interface HaltRule {
  readonly halt: boolean;
  readonly minimum: number;
  readonly share: number;
  readonly windowHours: number;
}

export interface ServeSettings {
  readonly origins: '*' | readonly string[];
  readonly push: boolean;
  /** Null: nobody may report. */
  readonly reports: HaltRule | null;
  /** Undefined: where keys are by default. */
  readonly keys: string | undefined;
  readonly pollSeconds: number | undefined;
}

const RULE: HaltRule = { halt: true, minimum: 20, share: 0.2, windowHours: 24 };

/** @returns null where the server has nothing to do with it */
export function serveSettings(options: boolean | ServeOptions | undefined): ServeSettings | null {
  if (options === undefined || options === false) return null;
  const {
    origins = [],
    push = true,
    reports = false,
    keys,
    pollSeconds,
  } = options === true ? {} : options;
  return { origins, push, reports: ruleOf(reports), keys, pollSeconds };
}

function ruleOf(reports: NonNullable<ServeOptions['reports']>): HaltRule | null {
  if (reports === false) return null;
  if (reports === true) return RULE;
  const { halt, minimum, share, windowHours } = { ...RULE, ...reports };
  return {
    halt: halt ?? RULE.halt,
    minimum: minimum ?? RULE.minimum,
    share: share ?? RULE.share,
    windowHours: windowHours ?? RULE.windowHours,
  };
}
