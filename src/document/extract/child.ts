/**
 * The process that reads files for an extractor, one after another. Whatever a file does to it stays in it: it holds no
 * secret, is ended at the limits, and ends with the program that started it.
 */
import type { ReadAnswer, ReadRequest } from './messages.ts';
import { tellFault } from './messages.ts';
import { read } from './read.ts';

const send = (answer: ReadAnswer) => void process.send?.(answer);

async function answer({ input, limits }: ReadRequest): Promise<ReadAnswer> {
  try {
    const extracted = await read(input, limits);
    return { type: 'extracted', extracted, rss: process.memoryUsage.rss() };
  } catch (error) {
    return { type: 'fault', fault: tellFault(error), rss: process.memoryUsage.rss() };
  }
}

process.on('message', (request: ReadRequest) => void answer(request).then(send));
process.on('disconnect', () => process.exit());
send({ type: 'ready' });
