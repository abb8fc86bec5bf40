/** The tool for the AI SDK, with the SDK itself and a model over OpenAI's wire format. */
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, isStepCount } from 'ai';
import { expect, test } from 'vitest';
import { searchTool } from '../../src/adapters/ai.ts';
import type { ContextAnswer } from '../../src/search/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { keep } from '../source/fixture.ts';
import { startChatServer } from './chat-server.ts';

describeEachDatabase('a tool of the AI SDK', (databases) => {
  async function openNotes() {
    const database = await databases.open();
    await database.query('create table notes (id integer primary key, body text, tier text)');
    await database.query(`insert into notes values
      (1, 'The harbour is full at spring tide.', 'free'), (2, 'The harbour has secret berths.', 'staff')`);
    const source = { table: 'notes', text: ['body'], tier: 'tier' };
    return (await keep(database, { notes: source })).evervec;
  }

  const ask = async (url: string, search: ReturnType<typeof searchTool>) =>
    await generateText({
      model: createOpenAI({ apiKey: 'sk-test', baseURL: url }).chat('gpt-test'),
      prompt: 'When is the harbour full?',
      tools: { search },
      stopWhen: isStepCount(3),
    });

  test('a model asks, reads marked passages and nothing it may not see; the program has the citations', async () => {
    const evervec = await openNotes();
    await using server = await startChatServer('{"query": "harbour"}');
    const search = searchTool(evervec, {
      sources: ['notes'],
      mode: 'text',
      tiers: ['free'],
      tokens: 300,
      description: 'Notes of the harbour.',
    });
    const { text, steps } = await ask(server.url, search);
    expect(text).toBe('The harbour is full at spring tide [1].');
    expect(server.asked).toHaveLength(2);
    expect(server.asked[0]?.tools[0]?.function).toMatchObject({
      name: 'search',
      description: 'Notes of the harbour.',
      parameters: { type: 'object', required: ['query'] },
    });
    const output = steps[0]?.toolResults[0]?.output as ContextAnswer;
    expect(output.citations).toMatchObject([{ n: 1, source: 'notes', key: '1' }]);
    const told = server.asked[1]?.messages.findLast(({ role }) => role === 'tool');
    expect(told?.content).toBe(output.text);
    expect(JSON.stringify(server.asked)).not.toContain('secret');
  });

  test('where there is nothing the model is told so', async () => {
    const evervec = await openNotes();
    await using server = await startChatServer('{"query": "zeppelin"}');
    await ask(server.url, searchTool(evervec, { mode: 'text' }));
    const told = server.asked[1]?.messages.findLast(({ role }) => role === 'tool');
    expect(told?.content).toBe('Nothing found.');
  });

  test('what the model writes wrongly is no search', async () => {
    const evervec = await openNotes();
    await using server = await startChatServer('{"query": "harbour", "tiers": ["staff"]}');
    await ask(server.url, searchTool(evervec, { mode: 'text', tiers: ['free'] }));
    expect(JSON.stringify(server.asked)).not.toContain('secret');
    await using empty = await startChatServer('{"query": ""}');
    const { steps } = await ask(empty.url, searchTool(evervec));
    expect(steps[0]?.toolResults).toEqual([]);
  });
});
