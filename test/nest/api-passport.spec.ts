import { readFile, readdir } from 'node:fs/promises';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { describe, expect, it, jest } from '@jest/globals';
import { PassportGuard } from 'nestjs-lime-sites';
import { ApiPassport, LIME_PASSPORT_SCHEME, limePassportScheme } from 'nestjs-lime-sites/swagger';
import { HTTP_PLATFORMS, useStarter } from '../support/start-site.js';

@Controller('all')
@UseGuards(PassportGuard)
@ApiPassport()
class AllController {
  @Get('one')
  one() {
    return {};
  }

  @Get('two')
  two() {
    return {};
  }
}

@Controller('some')
class SomeController {
  @Get('guarded')
  @UseGuards(PassportGuard)
  @ApiPassport()
  guarded() {
    return {};
  }

  @Get('open')
  open() {
    return {};
  }
}

describe.each(HTTP_PLATFORMS)('@ApiPassport() on %s', (platform) => {
  const start = useStarter();

  async function documentOf() {
    const { app } = await start.site({ platform, controllers: [AllController, SomeController] });
    const config = new DocumentBuilder()
      .addBearerAuth(limePassportScheme, LIME_PASSPORT_SCHEME)
      .build();
    return SwaggerModule.createDocument(app, config);
  }

  it.each(['/all/one', '/all/two', '/some/guarded'])(
    'documents the passport and the refusals of %s',
    async (path) => {
      const { paths } = await documentOf();
      expect(paths[path]?.get).toMatchObject({
        security: [{ 'lime-passport': [] }],
        responses: {
          401: { description: 'The passport is missing or not valid for this site' },
          403: { description: 'The passport does not meet the policy of the route' },
          503: { description: 'Passports cannot be verified at the moment' },
        },
      });
    },
  );

  it('does not change other routes', async () => {
    const { paths } = await documentOf();
    const { security, responses } = paths['/some/open']?.get ?? {};
    expect(security).toBeUndefined();
    expect(Object.keys(responses ?? {})).toEqual(['200']);
  });

  it('references the security scheme of the document', async () => {
    const { components } = await documentOf();
    expect(components?.securitySchemes).toEqual({
      'lime-passport': {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: expect.stringContaining('LIME login passport'),
      },
    });
  });
});

/** The optional peers. */
const OPTIONAL = [
  '@nestjs/swagger',
  '@nestjs/websockets',
  '@nestjs/microservices',
  '@nestjs/graphql',
  '@nestjs/event-emitter',
];

describe('The package without its optional peers', () => {
  it.each(OPTIONAL)('loads without %s', async (name) => {
    await withoutPackage(name, async () => {
      const { PassportGuard: guard, BindingPassportGuard } = await import('nestjs-lime-sites');
      expect([guard.name, BindingPassportGuard.name]).toEqual([
        'PassportGuard',
        'BindingPassportGuard',
      ]);
    });
  });

  it('needs @nestjs/swagger only for its own entry point', async () => {
    await withoutPackage('@nestjs/swagger', async () => {
      await expect(import('nestjs-lime-sites/swagger')).rejects.toThrow('not installed');
    });
  });

  it('imports none of them statically outside of their own entry points', async () => {
    const files = (await readdir('lib', { recursive: true }))
      .filter((name) => name.endsWith('.ts'))
      .filter((name) => !/^swagger\W/.test(name));
    const found: string[] = [];
    for (const file of files) {
      for (const name of staticImportsOf(await readFile(`lib/${file}`, 'utf8'))) {
        if (OPTIONAL.some((one) => name === one || name.startsWith(`${one}/`))) {
          found.push(`${file}: ${name}`);
        }
      }
    }
    expect(files.length).toBeGreaterThan(50);
    expect(found).toEqual([]);
  });
});

/** The modules that code imports when it loads: neither types nor `import()`. */
function staticImportsOf(code: string): string[] {
  const statement = /^(?:import|export)\s(?!type\b)(?:[^;'"]*?\sfrom\s)?\s*['"]([^'"]+)['"]/gm;
  return [...code.matchAll(statement)].map(([, name = '']) => name);
}

async function withoutPackage(name: string, work: () => Promise<void>): Promise<void> {
  jest.resetModules();
  jest.unstable_mockModule(name, () => {
    throw new Error(`${name} is not installed`);
  });
  try {
    await work();
  } finally {
    jest.unstable_unmockModule(name);
    jest.resetModules();
  }
}
