import { afterAll, afterEach, beforeAll } from '@jest/globals';
import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  type Clock,
  LIME_SITES_CLOCK,
  LimeSiteService,
  LimeSitesModule,
  type LimeSitesModuleExtras,
  type LimeSitesModuleOptions,
} from 'nestjs-lime-sites';
import type { LimeSandbox, LimeSandboxOptions } from 'nestjs-lime-sites/testing';
import { CapturedLogs } from './captured-logs.js';
import { type Close, useCleanup } from './cleanup.js';
import { secretsIn } from './leaks.js';
import { startSandbox } from './start-sandbox.js';

export type HttpPlatform = 'express' | 'fastify';
export const HTTP_PLATFORMS: readonly HttpPlatform[] = ['express', 'fastify'];

type ModuleParts = Pick<ModuleMetadata, 'imports' | 'providers' | 'controllers'>;

export interface AppSetup extends ModuleParts {
  /** @default 'express' */
  platform?: HttpPlatform;
  /** Replaces the clock of every site of the application. */
  clock?: Clock;
}

export interface StartedApp {
  readonly app: INestApplication;
  /** The base URL of the application, without a trailing slash. */
  readonly url: string;
  readonly logs: CapturedLogs;
}

export interface SiteSetup extends AppSetup {
  /** Options of the site, beside the sandbox's address and token and short backoffs. */
  options?: LimeSitesModuleOptions & LimeSitesModuleExtras;
  sandbox?: LimeSandboxOptions;
  /** A running sandbox. Default: a new one. */
  lime?: LimeSandbox;
}

export interface StartedSite extends StartedApp {
  readonly lime: LimeSandbox;
  readonly site: LimeSiteService;
}

export interface Starter {
  /** A sandbox of LIME. */
  lime(options?: LimeSandboxOptions): Promise<LimeSandbox>;
  /** A listening Nest application. */
  app(setup: AppSetup): Promise<StartedApp>;
  /** A sandbox, and a Nest application with one site. The event stream need not be open yet. */
  site(setup?: SiteSetup): Promise<StartedSite>;
}

/** Starts sandboxes and applications, and closes them after the test. */
export function useStarter(): Starter {
  return createStarter(useCleanup());
}

/** Starts one site for all tests of the `describe` around it: for tests that neither stop nor reconfigure it. */
export function useSharedSite(setup: SiteSetup): () => StartedSite {
  const start = createStarter(useCleanup(afterAll));
  let started: StartedSite | undefined;
  const site = () => {
    if (started) return started;
    throw new Error('The site is started before the tests');
  };
  beforeAll(async () => {
    started = await start.site(setup);
  });
  afterEach(() => assertNoSecrets(site().logs, [site().lime]));
  return site;
}

function createStarter(closeLater: (close: Close) => void): Starter {
  const limes: LimeSandbox[] = [];

  const lime: Starter['lime'] = async (options) => {
    const started = await startSandbox(options);
    closeLater(() => {
      limes.splice(limes.indexOf(started), 1);
      return started.stop();
    });
    limes.push(started);
    return started;
  };

  const app: Starter['app'] = async (setup) => {
    const logs = new CapturedLogs();
    closeLater(() => assertNoSecrets(logs, limes));
    const started = await createApp(setup, logs);
    closeLater(() => started.close());
    await started.listen(0, '127.0.0.1');
    return { app: started, url: await started.getUrl(), logs };
  };

  const site: Starter['site'] = async ({ options, sandbox, lime: given, ...setup } = {}) => {
    const platform = given ?? (await lime(sandbox));
    const limeSites = LimeSitesModule.forRoot({
      ...platform.moduleOptions(),
      sseBackoffBaseMs: 5,
      sseBackoffMaxMs: 50,
      ...options,
    });
    const started = await app({ ...setup, imports: [limeSites, ...(setup.imports ?? [])] });
    return { ...started, lime: platform, site: started.app.get(LimeSiteService) };
  };

  return { lime, app, site };
}

async function createApp(
  { platform, clock, ...parts }: AppSetup,
  logs: CapturedLogs,
): Promise<INestApplication> {
  let builder = Test.createTestingModule(parts).setLogger(logs);
  if (clock) builder = builder.overrideProvider(LIME_SITES_CLOCK).useValue(clock);
  const module = await builder.compile();
  if (platform !== 'fastify') return module.createNestApplication({ logger: logs });
  const { FastifyAdapter } = await import('@nestjs/platform-fastify'); // a tenth of a second that most files save
  return module.createNestApplication(new FastifyAdapter(), { logger: logs });
}

/** A compact JWS with the signature of an RSA key. */
const WHOLE_PASSPORT = /[\w-]{20,}\.[\w-]{20,}\.[\w-]{300,}/;

/** Checks after every test that the log shows neither a site token nor a passport. */
function assertNoSecrets(logs: CapturedLogs, limes: readonly LimeSandbox[]): void {
  const tokens = Object.fromEntries(
    limes.map(({ port, siteToken }) => [`site token of ${port}`, siteToken]),
  );
  const found = secretsIn(logs.toString(), tokens);
  if (WHOLE_PASSPORT.test(logs.toString())) found.push('a passport');
  if (found.length > 0) throw new Error(`The log shows ${found.join(', ')}`);
}
