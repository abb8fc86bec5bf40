/**
 * The process that reads files for an extractor, one after another, several small ones in one message. Whatever a file does to
 * it stays in it: it holds no secret, is ended at the limits, and ends with the program that started it.
 */
import { Worker } from 'node:worker_threads';
import type { ReadAnswer, ReadRequest, ReadResult } from './messages.ts';
import { tellFault } from './messages.ts';
import { read } from './read.ts';

const send = (answer: ReadAnswer) => void process.send?.(answer);

async function answer({ inputs, limits }: ReadRequest): Promise<ReadAnswer> {
  const results: ReadResult[] = [];
  for (const input of inputs)
    try {
      results.push({ extracted: await read(input, limits) });
    } catch (error) {
      results.push({ fault: tellFault(error) });
    }
  return { type: 'read', results, rss: process.memoryUsage.rss() };
}

// A terminal signals all processes of a program at once: the program decides when this one ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
// A reader that is busy, or lost in a file, hears of nothing: a thread beside it sees that the program is gone.
const WATCH = `
  const { workerData: parent } = require('node:worker_threads');
  setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 500);`;
new Worker(WATCH, { eval: true, workerData: process.ppid }).unref();

process.on('message', (request: ReadRequest) => void answer(request).then(send));
process.on('disconnect', () => process.exit());
send({ type: 'ready' });
