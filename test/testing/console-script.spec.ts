import { expect, it } from '@jest/globals';
import ts from 'typescript';
import { CONSOLE_SCRIPT } from '../../lib/testing/console/console-script.js';

const FILE = 'console-script.js';

it('the script of the console page passes the type checker', () => {
  const options: ts.CompilerOptions = {
    allowJs: true,
    checkJs: true,
    noEmit: true,
    strict: true,
    noUnusedLocals: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const ofLibrary = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version) =>
    name === FILE ? ts.createSourceFile(FILE, CONSOLE_SCRIPT, version) : ofLibrary(name, version);
  const program = ts.createProgram([FILE], options, host);
  const findings = ts.getPreEmitDiagnostics(program).map((finding) => {
    const { line } = finding.file?.getLineAndCharacterOfPosition(finding.start ?? 0) ?? { line: 0 };
    return `${line + 1}: ${ts.flattenDiagnosticMessageText(finding.messageText, ' ')}`;
  });

  expect(findings).toEqual([]);
});

it('the script of the console page is in the page unchanged', () => {
  expect(CONSOLE_SCRIPT).not.toMatch(/<\/|<!--/);
});
