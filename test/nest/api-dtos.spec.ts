import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiOkResponse,
  DocumentBuilder,
  type OpenAPIObject,
  SwaggerModule,
} from '@nestjs/swagger';
import { describe, expect, it } from '@jest/globals';
import {
  LimeSiteService,
  Passport,
  PassportGuard,
  PassportPolicy,
  type PassportVerificationResult,
} from 'nestjs-lime-sites';
import {
  ApiPassport,
  BindingRequestDto,
  LIME_PASSPORT_SCHEME,
  limePassportScheme,
  LoginRequestDto,
  PassportClaimsDto,
  type PassportErrorDto,
} from 'nestjs-lime-sites/swagger';
import { bearer, ownLogin } from '../support/own-login.js';
import { HTTP_PLATFORMS, useStarter } from '../support/start-site.js';

@Controller()
class Routes {
  constructor(private readonly site: LimeSiteService) {}

  @Post('login')
  @ApiCreatedResponse({ type: LoginRequestDto })
  login(): Promise<LoginRequestDto> {
    return this.site.createLoginRequest();
  }

  @Post('binding')
  @ApiCreatedResponse({ type: BindingRequestDto })
  binding(): Promise<BindingRequestDto> {
    return this.site.createBindingRequest({ redirectUri: 'https://your.app/callback' });
  }

  @Get('me')
  @UseGuards(PassportGuard)
  @ApiPassport()
  @ApiOkResponse({ type: PassportClaimsDto })
  me(@Passport() { claims }: PassportVerificationResult): PassportClaimsDto {
    return claims;
  }

  @Get('denied')
  @UseGuards(PassportGuard)
  @PassportPolicy({ allow: () => false })
  @ApiPassport()
  denied() {
    return {};
  }

  @Get('articles')
  @UseGuards(PassportGuard)
  @PassportPolicy({ optional: true })
  @ApiPassport({ optional: true })
  articles() {
    return [];
  }
}

interface Schema {
  readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly required: readonly string[];
}

describe.each(HTTP_PLATFORMS)('The OpenAPI document of a site on %s', (platform) => {
  const start = useStarter();

  async function startSite() {
    const started = await start.site({ platform, controllers: [Routes] });
    const config = new DocumentBuilder().addBearerAuth(limePassportScheme, LIME_PASSPORT_SCHEME);
    const document = SwaggerModule.createDocument(started.app, config.build());
    const ask = async (method: string, path: string, passport?: string) => {
      const headers = passport === undefined ? {} : bearer(passport);
      const answer = await fetch(started.url + path, { method, headers });
      return (await answer.json()) as Record<string, unknown>;
    };
    return { ...started, document, ask };
  }

  it.each([
    ['/login', 'LoginRequestDto'],
    ['/binding', 'BindingRequestDto'],
  ])('describes every field that POST %s answers with', async (path, name) => {
    const { document, ask } = await startSite();
    expect(document.paths[path]?.post?.responses['201']).toMatchObject({
      content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
    });
    const { properties, required } = schemaOf(document, name);
    const fields = Object.keys(await ask('POST', path)).toSorted();
    expect(Object.keys(properties).toSorted()).toEqual(fields);
    expect(required.toSorted()).toEqual(fields);
    expect(properties['expiresAt']).toMatchObject({ type: 'string', format: 'date-time' });
  });

  it('describes the claims of a passport', async () => {
    const started = await startSite();
    const { passport } = await ownLogin(started);
    const { properties, required } = schemaOf(started.document, 'PassportClaimsDto');
    const claims = await started.ask('GET', '/me', passport);
    expect(Object.keys(claims)).toEqual(expect.arrayContaining([...required]));
    for (const [name, { type }] of Object.entries(properties)) {
      if (type !== undefined && name in claims)
        expect([name, typeof claims[name]]).toEqual([name, type]);
    }
  });

  it('describes the body of each refusal', async () => {
    const started = await startSite();
    const { document, ask } = started;
    const { passport } = await ownLogin(started);
    const { properties, required } = schemaOf(document, 'PassportErrorDto');
    const bodies = [
      await ask('GET', '/me'),
      await ask('GET', '/me', 'a.b.c'),
      await ask('GET', '/denied', passport),
    ] as unknown as PassportErrorDto[];
    expect(bodies.map(({ code }) => code)).toEqual([
      'missing_token',
      'invalid_token',
      'access_denied',
    ]);
    for (const body of bodies) {
      expect(Object.keys(body).toSorted()).toEqual(required.toSorted());
      expect(properties['code']?.['enum']).toContain(body.code);
    }
  });

  it.each(['401', '403', '503'])('refers to that body for %s', async (status) => {
    const { document } = await startSite();
    for (const path of ['/me', '/denied', '/articles']) {
      expect(document.paths[path]?.get?.responses[status]).toMatchObject({
        content: {
          'application/json': { schema: { $ref: '#/components/schemas/PassportErrorDto' } },
        },
        ...(status !== '503' && {
          headers: { 'WWW-Authenticate': { schema: { type: 'string' } } },
        }),
      });
    }
  });

  it('says that a passport is optional', async () => {
    const { document } = await startSite();
    const { security, responses } = document.paths['/articles']?.get ?? {};
    expect(security).toHaveLength(2);
    expect(security).toEqual(expect.arrayContaining([{}, { 'lime-passport': [] }]));
    expect(responses?.['401']).toMatchObject({
      description: 'The passport is not valid for this site',
    });
    expect(document.paths['/me']?.get?.security).toEqual([{ 'lime-passport': [] }]);
  });
});

function schemaOf({ components }: OpenAPIObject, name: string): Schema {
  const schema = components?.schemas?.[name];
  expect(schema).toMatchObject({ type: 'object' });
  return schema as unknown as Schema;
}
