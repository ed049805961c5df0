import { describe, expect, it } from '@jest/globals';
import type { SchematicContext, Tree } from '@angular-devkit/schematics';
// jest on Node 20 cannot load the index of the package. check:package runs the schematic with the real CLI.
import { MetadataManager } from '@nestjs/schematics/dist/utils/metadata.manager.js';
import { nestAdd } from '../../lib/schematics/nest-add/nest-add.js';
import { failureOf } from '../support/failure-of.js';

const EMPTY =
  "import { Module } from '@nestjs/common';\n\n@Module({})\nexport class AppModule {}\n";

interface Added {
  readonly files: Map<string, string>;
  readonly logged: string[];
}

/** Runs the schematic on a project of these files. */
async function add(
  files: Record<string, string>,
  options = { sourceRoot: 'src', module: 'app.module.ts' },
): Promise<Added> {
  const texts = new Map(Object.entries(files));
  const tree = {
    exists: (path: string) => texts.has(path),
    readText: (path: string) => texts.get(path),
    overwrite: (path: string, text: string) => texts.set(path, text),
  };
  const logged: string[] = [];
  const context = { logger: { info: (line: string) => logged.push(line) } };
  const change = nestAdd(options, () => Promise.resolve(MetadataManager));
  await change(tree as unknown as Tree, context as unknown as SchematicContext);
  return { files: texts, logged };
}

const textIn = ({ files }: Added, path: string) => files.get(path) ?? '';
const moduleOf = (added: Added) => textIn(added, 'src/app.module.ts');

describe('nest add', () => {
  it('registers LimeSitesModule in an empty module, and logs the next step', async () => {
    const added = await add({ 'src/app.module.ts': EMPTY });
    expect(moduleOf(added)).toBe(
      "import { Module } from '@nestjs/common';\nimport { LimeSitesModule } from 'nestjs-lime-sites';\n\n" +
        '@Module({\n  imports: [LimeSitesModule.forRoot()]\n})\nexport class AppModule {}\n',
    );
    expect(added.logged).toEqual([expect.stringContaining('Set LIME_SITE_TOKEN')]);
  });

  it('adds to existing imports, in the quotes of the file', async () => {
    const text = [
      'import {',
      '  Module,',
      '} from "@nestjs/common"',
      'import { OrdersModule } from "./orders.module.js"',
      '',
      '@Module({ imports: [OrdersModule], providers: [] })',
      'export class AppModule {}',
      '',
    ].join('\n');
    expect(moduleOf(await add({ 'src/app.module.ts': text }))).toBe(
      text
        .replace('common"\n', 'common"\nimport { LimeSitesModule } from "nestjs-lime-sites"\n')
        .replace('[OrdersModule]', '[OrdersModule, LimeSitesModule.forRoot()]'),
    );
  });

  it('changes nothing the second time', async () => {
    const first = await add({ 'src/app.module.ts': EMPTY, '.env.example': 'PORT=3000' });
    const env = textIn(first, '.env.example');
    expect(env).toMatch(/^PORT=3000\n#.*\nLIME_SITE_TOKEN=\n$/);

    const again = await add({ 'src/app.module.ts': moduleOf(first), '.env.example': env });
    expect(moduleOf(again)).toBe(moduleOf(first));
    expect(textIn(again, '.env.example')).toBe(env);
    expect(again.logged[0]).toBe('src/app.module.ts already imports LimeSitesModule.');
  });

  it('does not create .env.example', async () => {
    const { files } = await add({ 'src/app.module.ts': EMPTY });
    expect([...files.keys()]).toEqual(['src/app.module.ts']);
  });

  it('accepts another source root and another module', async () => {
    const options = { sourceRoot: 'apps/site/src', module: 'root.module.ts' };
    const added = await add({ 'apps/site/src/root.module.ts': EMPTY }, options);
    expect(textIn(added, 'apps/site/src/root.module.ts')).toContain('LimeSitesModule.forRoot()');
  });

  it('names the option when the module file does not exist', async () => {
    const { message } = await failureOf(Error, add({}));
    expect(message).toContain('module: src/app.module.ts does not exist.');
    expect(message).toContain('--module=your.module.ts');
  });

  it.each([
    ['no @Module', 'export const nothing = 1;\n'],
    ['imports in a variable', EMPTY.replace('{}', '{ imports: features }')],
    ['imports in shorthand', EMPTY.replace('{}', '{ imports, providers: [] }')],
    ['a require', EMPTY.replace(/^import.*$/m, "const { Module } = require('@nestjs/common');")],
  ])('gives the manual steps for a module with %s', async (_, text) => {
    const { message } = await failureOf(Error, add({ 'src/app.module.ts': text }));
    expect(message).toContain("import { LimeSitesModule } from 'nestjs-lime-sites';");
    expect(message).toContain('imports: [LimeSitesModule.forRoot()]');
  });
});
