import { generateKeyPairSync, type KeyObject } from 'node:crypto';
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
import { LimeSandbox } from 'nestjs-lime-sites/testing';
import { CapturedLogs } from '../../support/captured-logs.js';
import { failureOf } from '../../support/failure-of.js';
import { ManualClock } from '../../support/manual-clock.js';
import { until } from '../../support/until.js';
import { assertExplained, type JosePlatform, readByJose } from './jose-reference.js';
import { NOW } from './now.js';
import { type RawPart, signParts } from './raw-jws.js';

/** What an attack is aimed at: a site that only verifies, and the platform's key, with which an attack can sign. */
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
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const lime = await LimeSandbox.start({ signingKey: privateKey });
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
    // The keys are at hand, so that no attack waits for them.
    await until(() => lime.callCount('jwks') === 1 && clock.waits.length === 0);
    return new Target(lime, app.get(LimeSiteService), clock, privateKey, app);
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.lime.stop();
  }

  /** What jose has to know of the platform. */
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

  /** A login passport that is genuine but for the changes: the platform's own key signed it. */
  token(changes: { header?: RawPart; payload?: RawPart; key?: KeyObject } = {}): string {
    const { header = this.header(), payload = this.claims(), key = this.key } = changes;
    return signParts(header, payload, key);
  }

  /**
   * Why the site refuses what it has to refuse. Fails when it does not, or fails in another way; and when jose accepts
   * the passport, and no rule by which we are stricter says why we do not.
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
