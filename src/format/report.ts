/** What a client may tell a server of how releases do, and no more than that. Owns the words; must not send or count. */

export const REPORT_STAGES = ['check', 'download', 'verify', 'install'] as const;

/** Why a release was left: `asked` by the user, `search` and `opening` by its own fault. */
export const REPORT_REASONS = ['asked', 'search', 'opening'] as const;

/** Of errors, without what they have in common; `OTHER` for all that is not listed. */
export const REPORT_CODES = [
  'UNREACHABLE',
  'TIME_LIMIT',
  'DAMAGED',
  'TOO_LARGE',
  'REFUSED',
  'CANARY',
  'UNUSABLE',
  'FORMAT',
  'WORKER',
  'QUOTA',
  'STORE',
  'OTHER',
] as const;

export type ReportStage = (typeof REPORT_STAGES)[number];
export type ReportReason = (typeof REPORT_REASONS)[number];
export type ReportCode = (typeof REPORT_CODES)[number];

/** `sequence`: what is installed, of `failed` what was being installed, of `rolledBack` what was left; 0 for none. */
export type ReportEntry =
  | { readonly kind: 'checked' | 'installed'; readonly sequence: number }
  | { readonly kind: 'downloaded'; readonly sequence: number; readonly bytes: number }
  | {
      readonly kind: 'failed';
      readonly sequence: number;
      readonly stage: ReportStage;
      readonly code: ReportCode;
    }
  | { readonly kind: 'rolledBack'; readonly sequence: number; readonly why: ReportReason };

/** One message: its JSON is the body of a POST, as `text/plain`, which browsers send to other origins without asking first. */
export interface ReportMessage {
  /** Evervec's version, three numbers. */
  readonly client: string;
  readonly channel: string;
  /** 1 to 32. */
  readonly reports: readonly ReportEntry[];
}

export const MAX_REPORTS = 32;
/** Of a message. */
export const MAX_REPORT_BYTES = 8_192;

/** @param code of an EvervecError */
export function reportCode(code: string): ReportCode {
  const short = code.replace(/^EVERVEC_(CLIENT_)?/, '');
  return REPORT_CODES.find((one) => one === short) ?? 'OTHER';
}
