import { describe, expect, test } from 'vitest';
import { failure, fetcher, redirect, text, webServer } from './web-server.ts';

describe('a redirect to what is not public is refused', () => {
  const ADDRESSES = [
    'http://127.0.0.2:PORT/',
    'http://[::1]:PORT/',
    'http://[::ffff:127.0.0.2]:PORT/',
    'http://2130706434:PORT/',
    'http://0x7f.2:PORT/',
    'http://0177.0.0.2:PORT/',
    'http://127.2:PORT/',
    'http://0:PORT/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    '//10.0.0.1/',
    'https://192.168.1.1/',
  ];
  test.each(ADDRESSES)('%s', async (address) => {
    const target = await webServer({ '/': text('inside') });
    const server = await webServer({ '/': redirect(address.replace('PORT', String(target.port))) });
    const error = await failure(fetcher().fetch(server.origin));
    expect(error).toMatchObject({ reason: 'ADDRESS', isRetryable: false, isUsage: true });
    expect(target.asked).toEqual([]);
    await server.idle();
  });

  const OTHERS = [
    'file:///etc/passwd',
    'ftp://example.com/',
    'gopher://example.com/',
    'javascript:alert(1)',
    'data:text/plain,x',
    'http://name:password@example.com/',
    'http://example.com:25/',
    'http://[fe80::1%25eth0]/',
    'http://999.1.1.1/',
  ];
  test.each(OTHERS)('%s', async (address) => {
    const server = await webServer({ '/': redirect(address) });
    expect((await failure(fetcher().fetch(server.origin))).reason).toBe('URL');
    expect((await failure(fetcher().fetch(address))).reason).toBe('URL');
    await server.idle();
  });
});

describe('a name', () => {
  const lookups = (...answers: string[][]) => {
    const asked: string[] = [];
    const lookup = async (hostname: string) => {
      asked.push(hostname);
      const addresses = answers[Math.min(asked.length, answers.length) - 1] ?? [];
      return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    };
    return { asked, lookup };
  };

  test('that answers otherwise the second time is connected to where it was checked', async () => {
    const server = await webServer({ '/': text('outside') });
    const { asked, lookup } = lookups(['127.0.0.1'], ['127.0.0.2']);
    const web = fetcher({ respectRobots: false }, { lookup });
    const url = `http://rebind.test:${server.port}/`;
    expect(await web.fetch(url)).toMatchObject({ status: 'changed' });
    // One look-up only: there is no moment between the check and the connection.
    expect(asked).toEqual(['rebind.test']);
    expect((await failure(web.fetch(url))).reason).toBe('ADDRESS');
    expect(server.asked).toEqual(['/']);
  });

  test('that changes between robots.txt and the page is refused', async () => {
    const server = await webServer({ '/': text('outside') });
    const web = fetcher({}, { lookup: lookups(['127.0.0.1'], ['169.254.169.254']).lookup });
    const error = await failure(web.fetch(`http://rebind.test:${server.port}/`));
    expect(error.reason).toBe('ADDRESS');
    expect(error.message).not.toContain('169.254');
    expect(server.asked).toEqual(['/robots.txt']);
  });

  test.each([
    [['127.0.0.1', '10.0.0.1']],
    [['10.0.0.1', '127.0.0.1']],
    [['127.0.0.1', 'fe80::1%eth0']],
    [['127.0.0.1', '::ffff:192.168.0.1']],
    [['127.0.0.1', 'nonsense']],
    [['127.0.0.2']],
  ])('with the addresses %o is refused whole', async (addresses) => {
    const server = await webServer({ '/': text('outside') });
    const web = fetcher({}, { lookup: lookups(addresses).lookup });
    const error = await failure(web.fetch(`http://two.test:${server.port}/`));
    expect(error.reason).toBe('ADDRESS');
    expect(server.asked).toEqual([]);
  });

  test('that is not found, or has no address, is said to be', async () => {
    const none = fetcher({}, { lookup: lookups([]).lookup });
    expect(await failure(none.fetch('http://none.test/'))).toMatchObject({
      reason: 'DNS',
      isRetryable: true,
    });
    const lookup = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }));
    expect((await failure(fetcher({}, { lookup }).fetch('http://none.test/'))).reason).toBe('DNS');
  });

  test('that is allowed may be private, and its neighbours may not', async () => {
    const server = await webServer({ '/': text('inside') });
    const { lookup } = lookups(['127.0.0.1']);
    const web = fetcher({ allow: ['wiki.test'] }, { lookup });
    expect(await web.fetch(`http://WIKI.test.:${server.port}/`)).toMatchObject({
      status: 'changed',
    });
    for (const host of ['wiki.test.evil.test', 'evil-wiki.test', 'a.wiki.test', '127.0.0.1'])
      expect((await failure(web.fetch(`http://${host}:${server.port}/`))).reason).toBe('ADDRESS');
    const metadata = fetcher({ allow: ['wiki.test'] }, lookups(['169.254.169.254']));
    expect((await failure(metadata.fetch('http://wiki.test/'))).reason).toBe('ADDRESS');
  });
});

test('a fault of the program is not taken for one of the network', async () => {
  const lookup = () => Promise.reject(new TypeError('a bug'));
  await expect(fetcher({}, { lookup }).fetch('http://a.test/')).rejects.toThrow(TypeError);
});

test('a port that is closed is a connection that fails', async () => {
  const server = await webServer({});
  const error = await failure(fetcher().fetch(`http://127.0.0.1:${server.port === 2 ? 3 : 2}/`));
  expect(error).toMatchObject({ reason: 'CONNECTION', isRetryable: true });
});

test('a proxy of the environment is not used', async () => {
  const proxy = await webServer({});
  const server = await webServer({ '/': text('direct') });
  const names = ['http_proxy', 'HTTP_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'];
  const before = names.map((name) => process.env[name]);
  for (const name of names) process.env[name] = proxy.origin;
  try {
    expect(await fetcher().fetch(server.origin)).toMatchObject({ status: 'changed' });
    expect(proxy.asked).toEqual([]);
  } finally {
    for (const [i, name] of names.entries()) {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    }
  }
});

test('what is allowed is checked at once', () => {
  for (const entry of ['http://a.test', '10.0.0.0/33', 'a b', '', '*.test', 'a/8', 'a:80'])
    expect(() => fetcher({ allow: [entry] })).toThrow('allow');
});
