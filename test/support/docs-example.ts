import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { transform } from '@swc/core';
import ts from 'typescript';

/** A code block of a document. Its first line is a comment with its file name. */
export class DocsExample {
  private constructor(
    private readonly name: string,
    readonly code: string,
  ) {}

  static async read(document: string, name: string): Promise<DocsExample> {
    const text = await readFile(document, 'utf8');
    const blocks = text.matchAll(/^```ts\n(\/\/ (\S+)\n.*?)^```$/gms);
    const code = [...blocks].find(([, , found]) => found === name)?.[1];
    if (code === undefined) throw new Error(`${document} has no code block "// ${name}"`);
    return new DocsExample(name, code);
  }

  /** The code without its types. */
  async toJavaScript(): Promise<string> {
    const { code } = await transform(this.code, {
      jsc: { parser: { syntax: 'typescript', decorators: true }, target: 'es2022' },
      module: { type: 'es6' },
      swcrc: false,
    });
    return code;
  }

  /** The compiler's errors, with the settings of this repository. */
  faults(): string[] {
    const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as {
      config: object;
    };
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, resolve('.'));
    const file = resolve('docs', this.name); // for the packages
    const disk = ts.createCompilerHost(options);
    const host: ts.CompilerHost = {
      ...disk,
      fileExists: (path) => path === file || disk.fileExists(path),
      readFile: (path) => (path === file ? this.code : disk.readFile(path)),
      getSourceFile: (path, settings, ...rest) =>
        path === file
          ? ts.createSourceFile(path, this.code, settings)
          : disk.getSourceFile(path, settings, ...rest),
    };
    const program = ts.createProgram([file], options, host);
    return ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
  }
}
