/** What the commands of `evervec docs` have in common: the options that tell about a document, and how it is shown. */
import { type Command, Option } from 'commander';
import type { OnDuplicate } from '../../document/index.ts';
import { DocumentError } from '../../errors/index.ts';
import { splitNames } from '../queue/list.ts';
import { type CommonOptions, withCommonOptions } from '../session.ts';

export interface FieldOptions extends CommonOptions {
  title?: string;
  author?: string;
  published?: string;
  type?: string;
  tags?: string[];
  tier?: string;
  metadata?: Record<string, unknown>;
}

export function withFields(command: Command): Command {
  return withCommonOptions(command)
    .option('--title <title>', 'its title')
    .option('--author <author>', 'who wrote it')
    .option('--published <date>', 'when, like 2024-01-31')
    .option('--type <type>', 'a word of yours: research, guide')
    .option('--tags <tags>', 'with commas between', splitNames)
    .option('--tier <tier>', 'who may see it: one of documents.tiers')
    .option('--metadata <json>', 'anything else: a JSON object', parseObject);
}

/** Those that were given; '' takes away what may be absent. */
export function toldFields(options: FieldOptions): Record<string, unknown> {
  const { title, author, published, type, tags, tier, metadata } = options;
  const emptied = { author, published, type };
  const told = {
    title,
    tier,
    metadata,
    tags: tags?.filter((tag) => tag !== ''),
    ...Object.fromEntries(
      Object.entries(emptied).map(([name, value]) => [name, value === '' ? null : value]),
    ),
  };
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));
}

/** @throws DocumentError */
function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new DocumentError('The metadata is not a JSON object.', {
    fault: 'field',
    remedy: `Write it like '{"language": "en"}'.`,
  });
}

export interface TakeOptions extends FieldOptions {
  collection: string;
  onDuplicate?: OnDuplicate;
  summary?: string;
  queueOnly?: boolean;
  force?: boolean;
}

export function withTaking(command: Command): Command {
  return withFields(command)
    .option('--collection <name>', 'where it belongs; made when first named', 'default')
    .addOption(
      new Option(
        '--on-duplicate <what>',
        'of what is there already, by origin or bytes (default: another content is a version, the same bytes are left out)',
      ).choices(['skip', 'version', 'error']),
    )
    .option('--summary <text>', 'why, for the versions')
    .option('--force', 'extract also what has not changed')
    .option('--queue-only', 'leave the embedding to a worker');
}
