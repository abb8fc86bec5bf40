/**
 * `npm run example:pwa`: makes a signed release of this project's documentation, builds the page that installs and searches it, and serves both.
 *
 *     npm run example:pwa                      on http://127.0.0.1:3884; a release is made only when the documentation changed
 *     npm run example:pwa -- --port 8080
 *     npm run example:pwa -- --publish-again   makes one more release and ends; pages that are open hear of it
 *     npm run example:pwa -- --folder DIR      keeps database, keys and releases there (default: examples/pwa/.demo)
 *     npm run example:pwa -- --docs DIR        shows another folder of Markdown
 */
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundlePage } from './bundle.ts';
import { digestOf, foldersIn, makeKeys, publish } from './publish.ts';
import { Refused, say } from './say.ts';
import { serveSite } from './serve.ts';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const DOCS = fileURLToPath(new URL('../../../docs', import.meta.url));
const PORT = 3884;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: String(PORT) },
        folder: { type: 'string', default: path.join(HERE, '.demo') },
        docs: { type: 'string', default: DOCS },
        'publish-again': { type: 'boolean', default: false },
      },
    });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new Error(`--port ${values.port} is no port.`);
    const folder = path.resolve(values.folder);
    return { port, folder, docs: path.resolve(values.docs), isAgain: values['publish-again'] };
  } catch (error) {
    throw new Refused(
      `${error instanceof Error ? error.message : String(error)}\nusage: npm run example:pwa [-- --port N] [--folder DIR] [--docs DIR] [--publish-again]`,
      2,
    );
  }
}

async function run(): Promise<void> {
  const { port, folder, docs, isAgain } = readOptions();
  const folders = foldersIn(folder);
  const digest = await digestOf(docs);
  say('The release of the documentation');
  await makeKeys(folders);
  const [release] = await Promise.all([
    publish({ docs, digest, folders, isAgain }),
    isAgain ? null : bundlePage(folders.app, folders.keys),
  ]);
  say(release);
  if (isAgain) return say('Pages that are open see it within ten seconds.');
  const server = await serveSite({ app: folders.app, kb: folders.kb, port });
  say(`\nThe guide is at ${server.url}  (Ctrl-C ends it)`);
  say('To see an update arrive: npm run example:pwa -- --publish-again');
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await server.close();
}

try {
  await run();
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
