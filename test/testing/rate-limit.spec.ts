import { describe, expect, it } from '@jest/globals';
import { SiteClient } from './support/site-client.js';
import { ManualClock } from '../support/manual-clock.js';
import { startSandbox } from '../support/start-sandbox.js';

describe('The rate limit of the sandbox', () => {
  it('counts login and binding requests together and answers 429 with Retry-After', async () => {
    const lime = await startSandbox({ rateLimit: { max: 2, windowMs: 2_500 } });
    const site = new SiteClient(lime);
    expect((await site.create()).status).toBe(201);
    expect((await site.bind('https://site.example/')).status).toBe(201);

    for (const reply of [await site.create(), await site.bind('https://site.example/')]) {
      expect(reply.status).toBe(429);
      expect(reply.body.error['code']).toBe('RATE_LIMIT_EXCEEDED');
      expect(reply.headers.get('retry-after')).toBe('3');
    }
    expect((await site.status('lr_none')).status).toBe(404);

    await lime.stop();
  });

  it('starts over with the next window', async () => {
    const clock = new ManualClock();
    const lime = await startSandbox({ clock, rateLimit: { max: 1, windowMs: 1_000 } });
    const site = new SiteClient(lime);
    await site.create();
    const refused = await site.create();
    expect(refused.headers.get('retry-after')).toBe('1');
    clock.advance(1_000);

    expect((await site.create()).status).toBe(201);

    await lime.stop();
  });
});
