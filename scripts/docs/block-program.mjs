import { basename, dirname, join } from 'node:path';
import ts from 'typescript';
import { ROOT } from './pages.mjs';

/** Where the blocks seem to lie for the compiler: inside the repository, so that they find its packages. */
const PLACE = join(ROOT, '.code-blocks');
const README = join(PLACE, 'README');
const EXTENSIONS = { ts: 'ts', tsx: 'tsx', js: 'mjs' };

/**
 * Compiles code blocks of pages under the repository's own strict settings. Blocks that name their file can import
 * each other within a page, and those of the README from everywhere.
 */
export class BlockProgram {
  #files = new Map();

  /** @throws Error when two blocks of a page have the same file name. */
  add(page, block) {
    const name = block.file ?? `line-${block.line}.${EXTENSIONS[block.language]}`;
    const path = join(PLACE, page.path.replace(/\.md$/, ''), name);
    if (this.#files.has(path))
      throw new Error(`${page.path}:${block.line}: ${name} is there twice`);
    const text = block.lines.map((line) => line.text).join('\n');
    this.#files.set(path, { page, lines: block.lines, text });
  }

  get size() {
    return this.#files.size;
  }

  /** One text for each mistake, with page and line. */
  mistakes() {
    const options = this.#options();
    const program = ts.createProgram([...this.#files.keys()], options, this.#host(options));
    const found = [...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics()];
    for (const path of this.#files.keys()) {
      const source = program.getSourceFile(path);
      found.push(...program.getSyntacticDiagnostics(source));
      found.push(...program.getSemanticDiagnostics(source));
    }
    return found.map((diagnostic) => this.#describe(diagnostic));
  }

  #options() {
    const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
    const { options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
    if (errors.length > 0) throw new Error(ts.flattenDiagnosticMessageText(errors[0].messageText));
    return {
      ...options,
      moduleDetection: ts.ModuleDetectionKind.Force,
      allowJs: true,
      // What a fragment leaves out, it need not use either.
      noUnusedLocals: false,
      noUnusedParameters: false,
    };
  }

  #host(options) {
    const host = ts.createCompilerHost(options);
    const places = new Set();
    for (const path of this.#files.keys()) {
      for (let dir = dirname(path); dir.startsWith(PLACE); dir = dirname(dir)) places.add(dir);
    }
    const { fileExists, readFile, directoryExists, getSourceFile } = host;
    return Object.assign(host, {
      fileExists: (path) => this.#fileAt(path) !== undefined || fileExists(path),
      readFile: (path) => this.#fileAt(path)?.text ?? readFile(path),
      directoryExists: (path) => places.has(path) || directoryExists(path),
      getSourceFile: (path, version, ...others) => {
        const text = this.#fileAt(path)?.text;
        if (text === undefined) return getSourceFile(path, version, ...others);
        return ts.createSourceFile(path, text, version, true);
      },
    });
  }

  #fileAt(path) {
    const ofReadme = path.startsWith(PLACE) ? join(README, basename(path)) : undefined;
    return this.#files.get(path) ?? this.#files.get(ofReadme);
  }

  #describe({ file, start, messageText }) {
    const message = ts.flattenDiagnosticMessageText(messageText, '\n');
    const block = file && this.#files.get(file.fileName);
    if (!block) return message;
    const { line } = file.getLineAndCharacterOfPosition(start);
    const { line: place, text } = block.lines[Math.min(line, block.lines.length - 1)];
    return `${block.page.path}:${place}: ${message}\n  ${text.trim()}`;
  }
}
