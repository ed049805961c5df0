import type { KeyObject } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  InvalidPassportError,
  LIME_SITES_CLOCK,
  LimeSiteService,
  LimeSitesModule,
  type LimeSitesModuleOptions,
  type PassportErrorCode,
} from 'nestjs-lime-sites';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { CapturedLogs } from '../../support/captured-logs.js';
import { failureOf } from '../../support/failure-of.js';
import { ManualClock } from '../../support/manual-clock.js';
import { sharedKey } from '../../support/shared-key.js';
import { startSandbox } from '../../support/start-sandbox.js';
import { until } from '../../support/until.js';
import { assertExplained, type JosePlatform, readByJose } from './jose-reference.js';
import { NOW } from './now.js';
import { type RawPart, signParts } from './raw-jws.js';

/** The target of an attack: a site that only verifies, and the platform's key, with which an attack can sign. */
export class Target {
  private constructor(
    readonly lime: LimeSandbox,
    readonly site: LimeSiteService,
    readonly clock: ManualClock,
    /** The platform's private key. */
    readonly key: KeyObject,
    private readonly app: INestApplicationContext,
  ) {}

  static async start(options: LimeSitesModuleOptions = {}): Promise<Target> {
    const lime = await startSandbox();
    const clock = new ManualClock(NOW * 1000);
    const limeSites = LimeSitesModule.forRoot({
      ...lime.moduleOptions(),
      dispatcher: false,
      ...options,
    });
    const app = await Test.createTestingModule({ imports: [limeSites] })
      .setLogger(new CapturedLogs())
      .overrideProvider(LIME_SITES_CLOCK)
      .useValue(clock)
      .compile();
    await app.init();
    // Fetches the keys, so that no attack waits for them.
    await until(() => lime.callCount('jwks') === 1 && clock.waits.length === 0);
    return new Target(lime, app.get(LimeSiteService), clock, sharedKey, app);
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.lime.stop();
  }

  /** The platform for jose. */
  get platform(): JosePlatform {
    return { keys: this.lime.publishedKeys(), origin: new URL(this.lime.baseUrl).origin };
  }

  get kid(): string {
    return String(this.lime.publishedKeys().keys[0]?.kid);
  }

  /** The header of a genuine passport, with changes; `undefined` removes a member. */
  header(changes: object = {}): object {
    return { alg: 'RS256', typ: 'JWT', kid: this.kid, ...changes };
  }

  /** The claims of a genuine login passport, with changes; `undefined` removes one. */
  claims(changes: object = {}): object {
    return {
      iss: new URL(this.lime.baseUrl).origin,
      sub: this.lime.agent.agentId,
      aud: 'lime-site-login',
      request_id: 'lr_1',
      user_id: this.lime.agent.userId,
      passport_version: '5',
      iat: NOW,
      exp: NOW + 60,
      ...changes,
    };
  }

  /** A login passport with changes, signed with the platform's own key. */
  token(changes: { header?: RawPart; payload?: RawPart; key?: KeyObject } = {}): string {
    const { header = this.header(), payload = this.claims(), key = this.key } = changes;
    return signParts(header, payload, key);
  }

  /**
   * The reason for which the site refuses a passport. Fails when the site accepts it or fails in another way, and when
   * jose accepts it and no listed rule explains the difference.
   */
  async refusal(jwt: unknown): Promise<PassportErrorCode> {
    const work = this.site.verifyPassport(jwt as string);
    const { code } = await failureOf(InvalidPassportError, work);
    if (typeof jwt !== 'string') return code; // jose reads bytes, too
    if (await readByJose(jwt, this.platform, this.clock.now())) {
      assertExplained(jwt, code);
    }
    return code;
  }
}

/** One target for all attacks of a suite. */
export function useTarget(options: LimeSitesModuleOptions = {}): () => Target {
  let target: Target | undefined;
  beforeAll(async () => {
    target = await Target.start(options);
  });
  afterAll(() => target?.stop());
  return () => {
    if (target) return target;
    throw new Error('The target is started before the tests');
  };
}
