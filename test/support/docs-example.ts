import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { transform } from '@swc/core';
import ts from 'typescript';

/** A code block of a document. Its first line is a comment with its file name. */
export class DocsExample {
  private constructor(
    readonly name: string,
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
}

/** The compiler's errors in each example, with the settings of this repository. One compiler run for all of them. */
export function faultsOf(examples: readonly DocsExample[]): Record<string, string[]> {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, resolve('.'));
  const inDocs = (name: string) => resolve('docs', name); // for the packages
  const codes = new Map(examples.map(({ name, code }) => [inDocs(name), code]));
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (path) => codes.has(path) || disk.fileExists(path),
    readFile: (path) => codes.get(path) ?? disk.readFile(path),
    getSourceFile: (path, settings, ...rest) => {
      const code = codes.get(path);
      return code === undefined
        ? disk.getSourceFile(path, settings, ...rest)
        : ts.createSourceFile(path, code, settings);
    },
  };
  const program = ts.createProgram([...codes.keys()], options, host);
  const faultsIn = (name: string) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(inDocs(name)))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
  return Object.fromEntries(examples.map(({ name }) => [name, faultsIn(name)]));
}
