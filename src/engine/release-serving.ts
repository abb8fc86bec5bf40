/** Releases that the server shows: watches what is offered, counts what clients report, and stops a roll-out that fails. */
import type { Database } from '../database/index.ts';
import { SCHEMA_VERSION, schemaVersion } from '../database/index.ts';
import type { ChannelDocument } from '../format/index.ts';
import type { ReportMessage } from '../format/report.ts';
import { takeTurn } from '../queue/index.ts';
import {
  CHANNEL_LIFETIME_MS,
  DEFAULT_KEYS,
  halt,
  judge,
  keysOf,
  PointerWatch,
  raiseAlert,
  readOwn,
  readTrust,
  type ReleaseTarget,
  ReportCounts,
  type ServeSettings,
} from '../release/index.ts';
import { type Logger, systemClock, VERSION } from '../runtime/index.ts';
import { errorLabel } from '../worker/index.ts';

export interface ServedRelease {
  readonly name: string;
  readonly settings: ServeSettings;
  readonly target: ReleaseTarget;
  /** Where its files lie; null for a bucket, which shows them itself. */
  readonly folder: string | null;
  readonly watch: PointerWatch;
}

export interface ServingOptions {
  readonly database: Database;
  readonly releases: readonly Omit<ServedRelease, 'watch'>[];
  readonly logger: Logger;
  /** The secret of the channel; without, that in the folder of the keys. */
  readonly channelKey?: string | undefined;
  /** How long history is kept. */
  readonly retentionDays: number;
}

const WRITE_AFTER_MS = 1_000;
const JUDGE_EVERY_MS = 15_000;
const TIDY_MINUTES = 24 * 60;
const FOLDER_POLL_S = 1;
const BUCKET_POLL_S = 10;

/** By which servers of one database tell each other to look. */
const CHANNEL = 'evervec_releases';
const NOTIFY = `notify ${CHANNEL}`;

const FORGET = `
delete from evervec.release_reports where hour < now() - $1 * interval '1 day'`;

export class ReleaseServing {
  readonly #options: ServingOptions;
  readonly #releases: ReadonlyMap<string, ServedRelease>;
  readonly #counts = new ReportCounts();
  readonly #end = new AbortController();
  #rounds: Promise<void> | undefined;
  #unlisten = async () => {};
  #writing: Promise<void> | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isDown = false;
  /** Failures were reported since the last judgement. */
  #hasFailures = false;

  constructor(options: ServingOptions) {
    this.#options = options;
    this.#releases = new Map(
      options.releases.map((release) => [
        release.name,
        { ...release, watch: this.#watch(release) },
      ]),
    );
  }

  /** Resolves when each target was looked at once. */
  async start(): Promise<void> {
    if (this.#rounds !== undefined) return;
    this.#rounds = this.#run();
    this.#unlisten = await this.#options.database.listen(CHANNEL, () => void this.#lookAtAll());
    await Promise.all(this.all.map(({ watch }) => watch.start()));
  }

  /** Looks at once at what is offered, and has the other servers on this database do so. Who has just published may say so. */
  async announce(): Promise<void> {
    await this.#options.database.query(NOTIFY);
    await this.#lookAtAll();
  }

  async #lookAtAll(): Promise<void> {
    await Promise.all(this.all.map(({ watch }) => watch.look()));
  }

  get all(): ServedRelease[] {
    return [...this.#releases.values()];
  }

  find(name: string): ServedRelease | undefined {
    return this.#releases.get(name);
  }

  /**
   * Counts it; written a second later.
   * @param network where it came from, as far as networks are told apart
   * @returns false where it tells of a release or a channel that there is not
   */
  async report(release: ServedRelease, message: ReportMessage, network: string): Promise<boolean> {
    const newest = Math.max(...message.reports.map(({ sequence }) => sequence));
    // A client may have seen what this server has not yet.
    if (newest > newestOf(release.watch.channel)) await release.watch.look();
    const { channel } = release.watch;
    if (channel?.channel !== message.channel || newest > newestOf(channel)) return false;
    this.#counts.add(release.name, message, newestOf(channel), network);
    this.#hasFailures ||= message.reports.some(
      ({ kind, sequence }) =>
        (kind === 'failed' || kind === 'rolledBack') && sequence === channel.candidate?.sequence,
    );
    this.#writing ??= systemClock
      .sleep(WRITE_AFTER_MS, this.#end.signal)
      .then(() => this.#afterReports());
    return true;
  }

  /** Writes what was counted, and judges the roll-outs that are under way. */
  async look(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#write();
      await this.#judgeAll();
    });
  }

  /** What was counted is written before this resolves. */
  async stop(): Promise<void> {
    this.#end.abort();
    await this.#unlisten();
    await Promise.all(this.all.map(({ watch }) => watch.close()));
    await this.#rounds;
    await this.#writing;
    await this.#inTurn(() => this.#write());
  }

  #watch({ name, target, folder, settings }: Omit<ServedRelease, 'watch'>): PointerWatch {
    const seconds = settings.pollSeconds ?? (folder === null ? BUCKET_POLL_S : FOLDER_POLL_S);
    return new PointerWatch({
      target,
      folder: folder ?? undefined,
      pollMs: seconds * 1_000,
      onFault: (error) =>
        this.#options.logger.warn(
          { release: name, error: errorLabel(error) },
          'what is offered can not be read',
        ),
    });
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      await systemClock.sleep(JUDGE_EVERY_MS, signal);
      if (signal.aborted) return;
      await this.#try(async () => {
        await this.look();
        await this.#tidy();
      });
    }
  }

  async #write(): Promise<void> {
    await this.#try(async () => {
      if (!this.#counts.isEmpty && (await this.#isSetUp()))
        await this.#counts.write(this.#options.database);
    });
  }

  async #afterReports(): Promise<void> {
    this.#writing = undefined;
    await this.#inTurn(async () => {
      await this.#write();
      if (this.#hasFailures && !this.#end.signal.aborted) await this.#try(() => this.#judgeAll());
    });
  }

  /** Who looks sees what was begun before. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    await turn;
  }

  async #isSetUp(): Promise<boolean> {
    return (await schemaVersion(this.#options.database)) >= SCHEMA_VERSION;
  }

  /** Told once, until it works again. */
  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#isDown = false;
    } catch (error) {
      if (!this.#isDown)
        this.#options.logger.warn({ error: errorLabel(error) }, 'reports on releases wait');
      this.#isDown = true;
    }
  }

  async #judgeAll(): Promise<void> {
    this.#hasFailures = false;
    for (const release of this.all) await this.#judge(release);
  }

  async #judge(release: ServedRelease): Promise<void> {
    const { database, logger } = this.#options;
    const { name, settings, watch } = release;
    const candidate = watch.channel?.candidate;
    if (settings.reports === null || candidate === undefined || candidate.rollout === 0) return;
    if (!(await this.#isSetUp())) return;
    const channel = watch.channel?.channel ?? '';
    const { sequence } = candidate;
    const verdict = await judge(database, name, channel, sequence, settings.reports);
    if (!verdict.isFailing) return;
    const failing = { release: name, channel, sequence, verdict };
    const isWanted = settings.reports.halt;
    const told = await raiseAlert(
      database,
      failing,
      isWanted ? () => this.#halt(release, sequence) : null,
    );
    if (told === null) return;
    const { failing: networks, tried } = verdict;
    const what =
      told.outcome === 'halted' ? 'a roll-out was halted' : 'a roll-out fails and was not halted';
    logger.warn({ release: name, sequence, networks, tried, reason: told.reason }, what);
    await this.announce();
  }

  async #halt({ target, settings }: ServedRelease, sequence: number): Promise<void> {
    const { channelKey } = this.#options;
    const trust = await readTrust(settings.keys ?? DEFAULT_KEYS);
    const given =
      channelKey === undefined
        ? {}
        : { channel: { text: channelKey, where: 'EVERVEC_CHANNEL_KEY' } };
    const publisher = { target, trust, keys: keysOf(trust, given), client: VERSION };
    // As long as it was signed for before: a halt must not make the channel expire sooner.
    const { channel } = await readOwn(publisher);
    const { issued = '', expires = '' } = channel?.document ?? {};
    const lifetimeMs = Math.max(CHANNEL_LIFETIME_MS, Date.parse(expires) - Date.parse(issued) || 0);
    await halt({ ...publisher, lifetimeMs }, sequence);
  }

  async #tidy(): Promise<void> {
    const { database, retentionDays } = this.#options;
    if (!(await this.#isSetUp())) return;
    if (await takeTurn(database, 'forget reports on releases', TIDY_MINUTES))
      await database.query(FORGET, [retentionDays]);
  }
}

/** The highest sequence that is offered to anybody. */
function newestOf(channel: ChannelDocument | null): number {
  return channel === null ? 0 : (channel.candidate ?? channel.current).sequence;
}
