import { describe, expect, it } from '@jest/globals';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { LimeError, limeSitesEnvSchema, validateLimeSitesEnv } from 'nestjs-lime-sites';

const TOKEN = 'st_not_to_be_shown';
const GOOD = { LIME_SITE_TOKEN: TOKEN, LIME_API_BASE: 'https://lime.example/api', PORT: '3000' };

/** Validates as any library does that supports Standard Schema. */
const schema: StandardSchemaV1<
  Record<string, unknown>,
  { LIME_SITE_TOKEN: string }
> = limeSitesEnvSchema;

async function issuesOf(env: unknown, options?: StandardSchemaV1.Options) {
  const { issues = [] } = await schema['~standard'].validate(env, options);
  expect(JSON.stringify(issues)).not.toContain(TOKEN);
  return issues.map(({ path = [], message }) => `${path.map(String).join('.')}: ${message}`);
}

describe('limeSitesEnvSchema', () => {
  it('is a Standard Schema of version 1', () => {
    expect(schema['~standard']).toMatchObject({ version: 1, vendor: 'nestjs-lime-sites' });
  });

  it('accepts valid variables and leaves all others unchanged', async () => {
    expect(await schema['~standard'].validate(GOOD)).toEqual({ value: GOOD });
  });

  it.each([undefined, '', '  '])('treats LIME_API_BASE = %p as the default', async (base) => {
    expect(await issuesOf({ ...GOOD, LIME_API_BASE: base })).toEqual([]);
  });

  it.each<[string, unknown, RegExp]>([
    ['LIME_SITE_TOKEN', undefined, /is missing; you find it in the LIME portal/],
    ['LIME_SITE_TOKEN', '  ', /is missing/],
    ['LIME_SITE_TOKEN', 'st with spaces', /must be printable ASCII without spaces$/],
    ['LIME_SITE_TOKEN', 42, /must be a string$/],
    ['LIME_API_BASE', 'lime.pics', /must be an absolute URL such as https:.* got "lime.pics"$/],
    ['LIME_API_BASE', 'ftp://lime.pics', /must start with https:/],
    ['LIME_API_BASE', 'http://lime.internal', /uses plain http: to lime.internal.*allowInsecure/],
    ['LIME_API_BASE', 'https://lime.pics?v=1', /must have no user name, query or fragment$/],
  ])('names %s when it is %p', async (variable, value, message) => {
    const issues = await issuesOf({ ...GOOD, [variable]: value });
    expect(issues).toEqual([expect.stringMatching(message)]);
    expect(issues[0]).toMatch(new RegExp(`^${variable}: `));
  });

  it('names all wrong variables at once', async () => {
    expect(await issuesOf({ LIME_API_BASE: 'nowhere' })).toEqual([
      expect.stringMatching(/^LIME_SITE_TOKEN: /),
      expect.stringMatching(/^LIME_API_BASE: /),
    ]);
  });

  it.each([
    { LIME_SITE_TOKEN: TOKEN, LIME_API_BASE: TOKEN },
    { LIME_SITE_TOKEN: 'https://lime.pics/api/v1', LIME_API_BASE: TOKEN },
    { LIME_API_BASE: ` ${TOKEN}` },
    { LIME_SITE_TOKEN: `${TOKEN} ${TOKEN}` },
    { LIME_SITE_TOKEN: TOKEN, LIME_API_BASE: `${TOKEN}://lime.pics` },
  ])('does not show a token in the wrong variable: case %#', async (env) => {
    expect(await issuesOf(env)).not.toEqual([]);
  });

  it('accepts plain http to another host with allowInsecureHttp', async () => {
    const env = { ...GOOD, LIME_API_BASE: 'http://lime.internal' };
    expect(await issuesOf(env, { libraryOptions: { allowInsecureHttp: true } })).toEqual([]);
    expect(validateLimeSitesEnv(env, { allowInsecureHttp: true })).toEqual(env);
  });

  it.each([undefined, null, 'LIME_SITE_TOKEN=st_1', [GOOD]])('refuses %p', async (env) => {
    expect(await issuesOf(env)).toEqual([': must be an object of environment variables']);
  });

  it('has a function that throws one error for all wrong variables', () => {
    expect(validateLimeSitesEnv(GOOD)).toEqual(GOOD);
    const validate = () => validateLimeSitesEnv({ LIME_API_BASE: 'nowhere' });
    expect(validate).toThrow(LimeError);
    expect(validate).toThrow(/LIME_SITE_TOKEN is missing.*LIME_API_BASE must be an absolute URL/);
  });
});
