import { describe, expect, test } from 'vitest';
import { Signal } from '../setup/signal.ts';
import { ManualClock } from './manual-clock.ts';
import {
  failure,
  fetcher,
  redirect,
  type Route,
  tcpServer,
  text,
  webServer,
} from './web-server.ts';

const PAGES = { '/': text('home'), '/private/a': text('a'), '/open': text('open') };

async function site(robots: Route) {
  return await webServer({ ...PAGES, '/robots.txt': robots });
}

describe('robots.txt', () => {
  test('keeps away from what it disallows, before it is asked for', async () => {
    const server = await site(text('User-agent: *\nDisallow: /private\n'));
    const web = fetcher();
    expect(await failure(web.fetch(`${server.origin}/private/a`))).toMatchObject({
      reason: 'ROBOTS',
      isRetryable: false,
    });
    expect(await web.fetch(server.origin)).toMatchObject({ status: 'changed' });
    expect(server.asked).toEqual(['/robots.txt', '/']);
    expect(await fetcher({ respectRobots: false }).fetch(`${server.origin}/private/a`)).toEqual(
      expect.objectContaining({ status: 'changed' }),
    );
  });

  test('has words for one program', async () => {
    const server = await site(
      text('User-agent: other\nUser-agent: Evervec\nDisallow: /open\n\nUser-agent: *\nDisallow: /'),
    );
    expect(await fetcher().fetch(server.origin)).toMatchObject({ status: 'changed' });
    expect((await failure(fetcher().fetch(`${server.origin}/open`))).reason).toBe('ROBOTS');
    const other = fetcher({ userAgent: 'another/2' });
    expect((await failure(other.fetch(server.origin))).reason).toBe('ROBOTS');
  });

  test('is asked of each host that a redirect leads to', async () => {
    const target = await site(text('User-agent: *\nDisallow: /'));
    const server = await webServer({ '/': redirect(`${target.origin}/open`) });
    expect((await failure(fetcher().fetch(server.origin))).reason).toBe('ROBOTS');
    expect(target.asked).toEqual(['/robots.txt']);
  });

  test('may be elsewhere, but not at a private address', async () => {
    const rules = await webServer({ '/rules': text('User-agent: *\nDisallow: /private') });
    const server = await site(redirect(`${rules.origin}/rules`));
    expect((await failure(fetcher().fetch(`${server.origin}/private/a`))).reason).toBe('ROBOTS');
    expect(await fetcher().fetch(server.origin)).toMatchObject({ status: 'changed' });
    const inside = await site(redirect('http://169.254.169.254/'));
    expect((await failure(fetcher().fetch(inside.origin))).reason).toBe('ADDRESS');
  });

  test.each([401, 403, 404, 410])('that is answered with %i allows all', async (status) => {
    const server = await site((_, response) => response.writeHead(status).end());
    expect(await fetcher().fetch(server.origin)).toMatchObject({ status: 'changed' });
  });

  test.each([
    [500, 'SERVER'],
    [503, 'BUSY'],
    [429, 'BUSY'],
  ])('that is answered with %i allows nothing for now', async (status, reason) => {
    const clock = new ManualClock();
    let isDown = true;
    const server = await site((_, response) => response.writeHead(isDown ? status : 404).end());
    const web = fetcher({ clock });
    expect(await failure(web.fetch(server.origin))).toMatchObject({ reason, isRetryable: true });
    isDown = false;
    expect((await failure(web.fetch(server.origin))).reason).toBe(reason);
    expect(server.asked).toEqual(['/robots.txt']);
    clock.advance(60_000);
    expect(await web.fetch(server.origin)).toMatchObject({ status: 'changed' });
  });

  test.each([
    [{}, 3_600_000],
    [{ 'cache-control': 'public, max-age=600' }, 600_000],
  ])('with %o is kept for %i ms', async (headers, keptMs) => {
    const clock = new ManualClock();
    const server = await site(text('', headers));
    const web = fetcher({ clock });
    const readings = () => server.asked.filter((path) => path === '/robots.txt').length;
    await Promise.all([web.fetch(server.origin), web.fetch(`${server.origin}/open`)]);
    clock.advance(keptMs - 1);
    await web.fetch(server.origin);
    expect(readings()).toBe(1);
    clock.advance(1);
    await web.fetch(server.origin);
    expect(readings()).toBe(2);
  });

  test('is read up to 512 KiB', async () => {
    const long = `User-agent: *\nDisallow: /private\n#${'x'.repeat(524_288)}\nDisallow: /open`;
    const server = await site(text(long));
    const web = fetcher();
    expect(await web.fetch(`${server.origin}/open`)).toMatchObject({ status: 'changed' });
    expect((await failure(web.fetch(`${server.origin}/private/a`))).reason).toBe('ROBOTS');
    await server.idle();
  });

  test.each([
    ['many names', 'User-agent: a\n'.repeat(18_000) + 'Disallow: /open\n'.repeat(18_000), true],
    ['many own names', 'User-agent: *\n'.repeat(18_000) + 'Disallow: /x\n'.repeat(18_000), true],
    ['many wildcards', `User-agent: *\n${`Disallow: /${'*a'.repeat(500)}\n`.repeat(500)}`, false],
  ])('of %s neither fills the memory nor holds up', async (_, robots, isAllowed) => {
    const server = await site(text(robots));
    const url = `${server.origin}/open?${'a'.repeat(1_900)}`;
    const started = performance.now();
    const before = process.memoryUsage().rss;
    const work = fetcher().fetch(url);
    if (isAllowed) expect(await work).toMatchObject({ status: 'changed' });
    else expect((await failure(work)).reason).toBe('ROBOTS');
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
  });
});

describe('at one host', () => {
  test('a second passes between requests, first come, first served', async () => {
    const clock = new ManualClock();
    const server = await webServer({ '/1': text('1'), '/2': text('2'), '/3': text('3') });
    const web = fetcher({ clock, perHostIntervalMs: 1_000 });
    const work = ['/1', '/2', '/3'].map((path) => web.fetch(server.origin + path));
    await work[0];
    await clock.asleep(1_000);
    expect(server.asked).toEqual(['/robots.txt', '/1']);
    clock.advance(1_000);
    await work[1];
    await clock.asleep(1_000);
    expect(server.asked).toEqual(['/robots.txt', '/1', '/2']);
    clock.advance(1_000);
    await work[2];
    expect(server.asked.at(-1)).toBe('/3');
  });

  test.each([
    ['20', 20_000],
    ['3600', 60_000],
  ])('a Crawl-delay of %s s makes %i ms', async (delay, ms) => {
    const clock = new ManualClock();
    const server = await site(text(`User-agent: *\nCrawl-delay: ${delay}`));
    const web = fetcher({ clock, perHostIntervalMs: 1_000 });
    await web.fetch(server.origin);
    const second = web.fetch(server.origin);
    await clock.asleep(ms);
    clock.advance(ms);
    expect(await second).toMatchObject({ status: 'changed' });
  });

  test('only so many run at a time, and another host is not held up', async () => {
    const asked = new Signal('the first request');
    const go = new Signal('the answer');
    const slow = await webServer({
      '/slow': (_, response) => {
        asked.fire();
        void go.fired().then(() => response.end('slow'));
      },
      '/next': text('next'),
      '/other': text('other'),
    });
    const lookup = async () => [{ address: '127.0.0.1', family: 4 }];
    const web = fetcher({}, { lookup });
    const first = web.fetch(`${slow.origin}/slow`);
    const second = web.fetch(`${slow.origin}/next`);
    await asked.fired();
    await web.fetch(`http://other.test:${slow.port}/other`);
    expect(slow.asked).not.toContain('/next');
    go.fire();
    await Promise.all([first, second]);
    expect(slow.asked.at(-1)).toBe('/next');
  });

  test('who waits for the pause is told that the host wants to be left alone', async () => {
    const clock = new ManualClock();
    const server = await webServer({
      '/': text('first'),
      '/busy': (_, response) => response.writeHead(429, { 'retry-after': '60' }).end(),
    });
    const web = fetcher({ clock, perHostIntervalMs: 1_000, perHostConcurrency: 3 });
    await web.fetch(server.origin);
    const busy = failure(web.fetch(`${server.origin}/busy`));
    await clock.asleep(1_000);
    const next = failure(web.fetch(`${server.origin}/next`));
    await clock.asleep(2_000);
    clock.advance(1_000);
    expect(await busy).toMatchObject({ reason: 'BUSY', status: 429 });
    clock.advance(1_000);
    expect(await next).toMatchObject({ reason: 'BUSY', status: null, retryAfterMs: 59_000 });
    expect(server.asked).not.toContain('/next');
  });

  test('two that redirect to each other do not wait for ever', async () => {
    const lookup = async () => [{ address: '127.0.0.1', family: 4 }];
    const server = await webServer({
      '/a': (request, response) =>
        redirect(`http://b.test:${request.socket.localPort}/end`)(request, response),
      '/b': (request, response) =>
        redirect(`http://a.test:${request.socket.localPort}/end`)(request, response),
      '/end': text('end'),
    });
    const web = fetcher({}, { lookup });
    const both = ['a', 'b'].map((host) => web.fetch(`http://${host}.test:${server.port}/${host}`));
    expect(await Promise.all(both)).toMatchObject([{ status: 'changed' }, { status: 'changed' }]);
  });
});

describe('ending', () => {
  test('who waits in line leaves it, and the others go on', async () => {
    const clock = new ManualClock();
    const server = await webServer({ '/1': text('1'), '/2': text('2'), '/3': text('3') });
    const web = fetcher({ clock, perHostIntervalMs: 1_000 });
    await web.fetch(`${server.origin}/1`);
    const pausing = new AbortController();
    const inLine = new AbortController();
    const second = web.fetch(`${server.origin}/2`, undefined, pausing.signal);
    const third = web.fetch(`${server.origin}/2`, undefined, inLine.signal);
    const last = web.fetch(`${server.origin}/3`);
    await clock.asleep(1_000);
    inLine.abort(new Error('enough'));
    await expect(third).rejects.toThrow('enough');
    pausing.abort(new Error('no more'));
    await expect(second).rejects.toThrow('no more');
    await clock.asleep(1_000);
    clock.advance(1_000);
    expect(await last).toMatchObject({ status: 'changed' });
    expect(server.asked).toEqual(['/robots.txt', '/1', '/3']);
  });

  test('a call that is aborted while it reads closes its connection', async () => {
    const stop = new AbortController();
    const asked = new Signal('the request');
    const server = await webServer({
      '/': (_, response) => {
        response.write('a');
        asked.fire();
      },
    });
    const work = fetcher().fetch(server.origin, undefined, stop.signal);
    await asked.fired();
    stop.abort(new Error('enough'));
    await expect(work).rejects.toThrow('enough');
    await server.idle();
    const aborted = fetcher().fetch(server.origin, undefined, AbortSignal.abort(new Error('was')));
    await expect(aborted).rejects.toThrow('was');
  });

  test.each(['connects', 'is looked up'])('a call that %s is aborted at once', async (stage) => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const connected = new Signal('the connection');
    const silent = await tcpServer((socket) => {
      socket.resume();
      connected.fire();
    }, 'https');
    const lookup = () => new Promise<never>(() => connected.fire());
    const web = fetcher({ clock, respectRobots: false }, { lookup });
    const url = stage === 'connects' ? silent.origin : 'https://slow.test/';
    const work = web.fetch(url, undefined, stop.signal);
    await connected.fired();
    stop.abort(new Error('enough'));
    await expect(work).rejects.toThrow('enough');
    await silent.idle();
    expect(clock.sleeping).toBe(0);
  });

  test('closing ends what runs and what waits, and nothing is left open', async () => {
    const clock = new ManualClock();
    const asked = new Signal('the request');
    const server = await webServer({ '/': () => asked.fire() });
    const web = fetcher({ clock });
    const work = [failure(web.fetch(server.origin)), failure(web.fetch(`${server.origin}/next`))];
    await asked.fired();
    await web.close();
    await server.idle();
    expect(await Promise.all(work)).toMatchObject([{ reason: 'CLOSED' }, { reason: 'CLOSED' }]);
    expect(clock.sleeping).toBe(0);
    expect((await failure(web.fetch(server.origin))).reason).toBe('CLOSED');
    await web.close();
  });

  test('closing ends the reading of a robots.txt', async () => {
    const asked = new Signal('the request');
    const server = await site(() => asked.fire());
    const web = fetcher();
    const work = failure(web.fetch(server.origin));
    await asked.fired();
    await web.close();
    expect((await work).reason).toBe('CLOSED');
    await server.idle();
  });
});
