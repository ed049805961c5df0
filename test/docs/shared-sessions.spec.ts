import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { useCleanup } from '../support/cleanup.js';
import { DocsExample } from '../support/docs-example.js';
import { startSandbox } from '../support/start-sandbox.js';
import { until } from '../support/until.js';
import { Browser, DOCUMENT, SessionsGuide } from './sessions-guide.js';

/** A store of express-session that processes share, as `connect-redis` is. */
const FILE_STORE = `
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import session from 'express-session';

export class FileStore extends session.Store {
  constructor(private readonly folder: string) {
    super();
  }

  get(id, done) {
    try {
      done(null, JSON.parse(readFileSync(this.#file(id), 'utf8')));
    } catch {
      done(null, null);
    }
  }

  set(id, content, done) {
    writeFileSync(this.#file(id), JSON.stringify(content));
    done?.();
  }

  destroy(id, done) {
    rmSync(this.#file(id), { force: true });
    done?.();
  }

  #file(id) {
    return join(this.folder, Buffer.from(id).toString('hex'));
  }
}
`;

describe('Two processes of the site of docs/sessions.md, with one store of sessions', () => {
  const closeLater = useCleanup();
  let guide: SessionsGuide;
  let lime: LimeSandbox;
  let folder: string;

  beforeAll(async () => {
    [guide, lime] = await Promise.all([SessionsGuide.compile(), startSandbox()]);
    folder = await mkdtemp(join(tmpdir(), 'sessions-'));
    await guide.add('src/file-store.ts', FILE_STORE);
  });

  afterAll(async () => {
    await lime.stop();
    await guide.remove();
    await rm(folder, { recursive: true });
  });

  it.each(['src/main.ts', 'src/main.fastify.ts'])(
    'sign a browser in and out, whichever process gets the request: %s',
    async (main) => {
      const { code } = await DocsExample.read(DOCUMENT, main);
      const store = `saveUninitialized: false, store: new FileStore(${JSON.stringify(folder)})`;
      const withStore = code.replace('saveUninitialized: false', store);
      expect(withStore).not.toBe(code);
      await guide.add(main, `import { FileStore } from './file-store.js';\n${withStore}`);
      const built = main.replace(/ts$/, 'js');
      const [one, other] = await Promise.all([guide.start(lime, built), guide.start(lime, built)]);
      closeLater(() => Promise.all([one.stop(), other.stop()]));
      await lime.whenStreamOpen(2, 20_000); // an event that finds one stream would be known to one process
      const [here, there] = [new Browser(one.url), new Browser(other.url)];

      const requestId = await here.startLogin();
      await lime.approve(requestId, { sub: 'agent-1' });
      there.cookie = here.cookie;
      await until(async () => (await there.untilOutcome()) === 'approved');
      expect(there.cookie).not.toBe(here.cookie);
      expect(await here.send('GET', '/account')).toMatchObject({ status: 401 });
      here.cookie = there.cookie;
      const account = { status: 200, body: { agentId: 'agent-1' } };
      expect(await here.send('GET', '/account')).toMatchObject(account);
      expect(await there.send('GET', '/account')).toMatchObject(account);
      const { cookie } = here;
      expect(await here.send('POST', '/logout')).toMatchObject({ status: 204 });
      there.cookie = cookie;
      expect(await there.send('GET', '/account')).toMatchObject({ status: 401 });
    },
  );
});
