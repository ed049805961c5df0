import { Controller, Get, UseGuards } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  BindingPassportGuard,
  LimeSitesModule,
  PassportException,
  PassportGuard,
  PassportPolicy,
} from 'nestjs-lime-sites';
import { bearer, ownLogin } from '../support/own-login.js';
import { HTTP_PLATFORMS, useStarter } from '../support/start-site.js';

@Controller()
@UseGuards(PassportGuard)
class Routes {
  @Get('me')
  me() {
    return {};
  }

  @Get('denied')
  @PassportPolicy({ allow: () => false })
  denied() {
    return {};
  }

  @Get('for-one')
  @PassportPolicy({ requestId: { query: 'id' } })
  forOne() {
    return {};
  }

  @Get('shop')
  @PassportPolicy({ site: 'shop' })
  shop() {
    return {};
  }
}

@Controller('callback')
@UseGuards(BindingPassportGuard)
class Callbacks {
  @Get()
  callback() {
    return {};
  }
}

const METADATA = 'https://your.app/.well-known/oauth-protected-resource';

describe.each(HTTP_PLATFORMS)('The option challenge on %s', (platform) => {
  const start = useStarter();

  async function startSite(challenge?: Record<string, string>) {
    const started = await start.site({
      platform,
      controllers: [Routes, Callbacks],
      imports: [
        LimeSitesModule.forRoot({
          name: 'shop',
          siteToken: 'st_shop',
          dispatcher: false,
          baseUrl: 'http://127.0.0.1:9',
        }),
      ],
      options: { challenge },
    });
    const challengeOf = async (path: string, passport?: string) => {
      const headers = passport === undefined ? {} : bearer(passport);
      const answer = await fetch(`${started.url}/${path}`, { headers });
      return [answer.status, answer.headers.get('www-authenticate')];
    };
    return { ...started, challengeOf };
  }

  it('adds its parameters to each refusal that has a challenge', async () => {
    const started = await startSite({ resource_metadata: METADATA, realm: 'shop' });
    const { challengeOf } = started;
    const { passport } = await ownLogin(started);
    const added = `resource_metadata="${METADATA}", realm="shop"`;
    expect(await challengeOf('me')).toEqual([401, `Bearer ${added}`]);
    const invalid = [401, `Bearer error="invalid_token", ${added}`];
    expect(await challengeOf('me', 'no.passport.atall')).toEqual(invalid);
    const unclear = [400, `Bearer error="invalid_request", ${added}`];
    expect(await challengeOf('for-one', passport)).toEqual(unclear);
    const denied = [403, `Bearer error="insufficient_scope", ${added}`];
    expect(await challengeOf('denied', passport)).toEqual(denied);
    expect(await challengeOf('callback')).toEqual([401, `Bearer ${added}`]);
  });

  it.each<[string, string, string]>([
    ['quotes and backslashes', 'a "b" \\c', '"a \\"b\\" \\\\c"'],
    ['a quote that would end the value', '", error="x', '"\\", error=\\"x"'],
    ['an empty text', '', '""'],
  ])('escapes the value as a quoted-string: %s', async (_, value, quoted) => {
    const { challengeOf } = await startSite({ realm: value });
    expect(await challengeOf('me')).toEqual([401, `Bearer realm=${quoted}`]);
  });

  it('belongs to the site of the route', async () => {
    const { challengeOf } = await startSite({ realm: 'forum' });
    expect(await challengeOf('shop')).toEqual([401, 'Bearer']);
  });

  it('does not change after the start', async () => {
    const challenge = { realm: 'before' };
    const { challengeOf } = await startSite(challenge);
    challenge.realm = 'after';
    expect(await challengeOf('me')).toEqual([401, 'Bearer realm="before"']);
  });

  it('adds nothing to a 503, which has no challenge', async () => {
    const lime = await start.lime();
    lime.faults.respond('jwks', { status: 500 });
    const options = { challenge: { realm: 'shop' } };
    const { url } = await start.site({ platform, lime, controllers: [Callbacks, Me], options });
    const answer = await fetch(`${url}/me`, { headers: bearer(await lime.signPassport()) });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([503, null]);
  });
});

@Controller('me')
@UseGuards(PassportGuard)
class Me {
  @Get()
  me() {
    return {};
  }
}

describe('A PassportException of the application', () => {
  it('has the challenge of its code', () => {
    expect(new PassportException('missing_token').challenge).toBe('Bearer');
    expect(new PassportException('invalid_token').challenge).toBe('Bearer error="invalid_token"');
    expect(new PassportException('keys_unavailable').challenge).toBeUndefined();
  });
});
