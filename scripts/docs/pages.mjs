import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Page } from './page.mjs';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PLACES = ['.', 'docs', 'sample', '.github', '.github/ISSUE_TEMPLATE'];

/** Every page that people read; or those named. */
export function readPages(names = allPages()) {
  return names.map((name) => {
    const path = relative(ROOT, resolve(name));
    try {
      return new Page(path, readFileSync(name, 'utf8'));
    } catch (error) {
      throw new Error(`${path}: ${error.message}`, { cause: error });
    }
  });
}

function allPages() {
  return PLACES.filter((place) => existsSync(join(ROOT, place))).flatMap((place) =>
    readdirSync(join(ROOT, place))
      .filter((name) => name.endsWith('.md'))
      .map((name) => relative(process.cwd(), join(ROOT, place, name))),
  );
}
