import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PARTS = ['lib', 'test', 'jest.config.js', 'package.json', 'tsconfig.json'];

/** A copy of the package in which files may be broken. */
export class Workspace {
  #root;

  constructor(root) {
    this.#root = root;
    this.folder = mkdtempSync(join(tmpdir(), 'lime-mutate-'));
    for (const part of PARTS)
      cpSync(join(root, part), join(this.folder, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
  }

  write(path, text) {
    writeFileSync(join(this.folder, path), text);
  }

  restore(path) {
    cpSync(join(this.#root, path), join(this.folder, path));
  }

  remove() {
    rmSync(this.folder, { recursive: true });
  }
}
