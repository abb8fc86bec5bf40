import { UnknownSourceError } from '../errors/index.ts';

export function unknownSource(
  name: string,
  known: readonly { name: string }[],
): UnknownSourceError {
  return new UnknownSourceError(`There is no source "${name}".`, {
    remedy: `Known are: ${known.map((source) => source.name).join(', ') || 'none'}.`,
    isUsage: true,
  });
}
