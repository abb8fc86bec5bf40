/** A server over a real engine and a real database, and the requests that tests of documents make. */
import { onTestFinished } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import type { TaskStatus } from '../../src/document/index.ts';
import type { Config, TaskRunnerChoices } from '../../src/engine/index.ts';
import { createHandler, type HandlerOptions, serve } from '../../src/server/index.ts';
import { eventually } from '../setup/signal.ts';
import { configure } from '../source/fixture.ts';

export const ADMIN = 'admin-token-00001';
export const TOKENS = {
  reader: { scope: 'read', token: 'reader-token-0001' },
  premium: { scope: 'read', token: 'premium-token-001', tiers: ['free', 'premium'] },
  writer: { scope: 'write', token: 'writer-token-0001' },
} as const;

export interface Answer {
  status: number;
  // Tests look into it as they like.
  body: ReturnType<typeof JSON.parse>;
  headers: Headers;
}

export interface Ask {
  token?: string | null;
  json?: unknown;
  body?: RequestInit['body'];
  headers?: Record<string, string>;
}

export async function startServer(
  database: Database,
  {
    config = {},
    handler = {},
    isOpen = false,
  }: { config?: Partial<Config>; handler?: HandlerOptions; isOpen?: boolean } = {},
) {
  const kept = await configure(
    database,
    {},
    { documents: { tiers: ['free', 'premium'] }, ...config },
  );
  onTestFinished(() => kept.evervec.close());
  const { evervec } = kept;
  const server = await serve(
    createHandler(evervec, { ...(!isOpen && { token: ADMIN, tokens: TOKENS }), ...handler }),
    {
      port: 0,
    },
  );
  onTestFinished(() => server.close());
  const ask = async (
    method: string,
    path: string,
    { token = ADMIN, json, body, headers = {} }: Ask = {},
  ): Promise<Answer> => {
    const sent = json === undefined ? body : JSON.stringify(json);
    const response = await fetch(server.url + path, {
      method,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(sent !== undefined && { body: sent }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type') === 'application/json';
    const parsed = isJson ? JSON.parse(text) : { text };
    return { status: response.status, body: parsed, headers: response.headers };
  };
  const upload = (files: Record<string, string>, fields: Record<string, string> = {}) =>
    ask('POST', '/v1/documents', { body: formOf(files, fields) });
  /** Does what is accepted. */
  const runTasks = async (choices: TaskRunnerChoices = {}) => {
    const runner = evervec.tasks.runner({ pollMs: 20, ...choices });
    onTestFinished(() => runner.stop());
    await runner.start();
    return runner;
  };
  const over = async (id: string): Promise<TaskStatus> =>
    await eventually(
      `the end of task ${id}`,
      async () => {
        const task = await evervec.tasks.get(id);
        return task !== null && task.finished_at !== null ? task : undefined;
      },
      60_000,
    );
  return { ...kept, url: server.url, ask, upload, runTasks, over };
}

export function formOf(
  files: Record<string, string>,
  fields: Record<string, string> = {},
): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  for (const [name, text] of Object.entries(files)) form.append('file', new Blob([text]), name);
  return form;
}

const BOUNDARY = 'XxX';
export const FORM = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };

/** As a program writes it that checks nothing. */
export const part = (disposition: string, text: string) =>
  `--${BOUNDARY}\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n${text}\r\n`;
export const END = `--${BOUNDARY}--\r\n`;
