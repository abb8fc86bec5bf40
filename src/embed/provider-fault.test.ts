import { describe, expect, test } from 'vitest';
import { providerFault, retryAfter } from './provider-fault.ts';

const failure = (fields: object) => Object.assign(new Error('said the provider'), fields);

describe('providerFault', () => {
  test.each([
    [failure({ statusCode: 429 }), false],
    [failure({ statusCode: 503 }), false],
    [failure({ statusCode: 401 }), true],
    [failure({ status: 402 }), true],
    [failure({ code: 'ECONNREFUSED' }), false],
    [failure({ cause: failure({ code: 'UND_ERR_CONNECT_TIMEOUT' }) }), false],
    [failure({ name: 'TimeoutError' }), false],
    [failure({ errors: [failure({ statusCode: 400 }), failure({ statusCode: 500 })] }), false],
    [failure({ lastError: failure({ statusCode: 429 }) }), false],
  ])('%o is the provider’s', (error, isRefusal) => {
    expect(providerFault(error, 'acme')).toMatchObject({ isRefusal, retryAfterMs: null });
  });

  test.each([
    [failure({ statusCode: 400 })],
    [failure({ statusCode: 413 })],
    [failure({ statusCode: 422 })],
    [failure({ code: 'EVERVEC_MODEL_ANSWER' })],
    [new TypeError('x is undefined')],
    ['a string'],
  ])('%o may be a text’s', (error) => {
    expect(providerFault(error, 'acme')).toBeNull();
  });

  test('says when to come back, if the provider did', () => {
    const error = failure({ statusCode: 429, responseHeaders: { 'Retry-After': '7' } });
    expect(providerFault(error, 'acme')?.retryAfterMs).toBe(7_000);
  });

  test('keeps what the provider wrote out of the message', () => {
    expect(providerFault(failure({ statusCode: 500 }), 'acme')?.message).toBe('acme answered 500.');
  });
});

describe('retryAfter', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  test.each([
    [{ 'retry-after': '2.5' }, 2_500],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }, 60_000],
    [{ 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }, 0],
    [{ 'retry-after-ms': '150', 'retry-after': '9' }, 150],
    [{ 'retry-after': '31536000' }, 900_000],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': '' }, null],
    [{}, null],
    [undefined, null],
  ])('%o', (headers, expected) => {
    expect(retryAfter(headers, now)).toBe(expected);
  });
});
