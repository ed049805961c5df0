import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('The public types', () => {
  it('accept right uses and refuse wrong ones', () => {
    const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, (path) =>
      ts.sys.readFile(path),
    ) as {
      config: object;
    };
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
    const file = `${ROOT}test/types/public-types.ts`;
    const program = ts.createProgram([file], options);
    const source = program.getSourceFile(file);
    const faults = ts.getPreEmitDiagnostics(program, source).map(({ messageText, start = 0 }) => {
      const line = (source?.getLineAndCharacterOfPosition(start).line ?? -1) + 1;
      return `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
    expect(source).toBeDefined();
    expect(faults).toEqual([]);
  });
});
