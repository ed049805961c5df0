import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Inject, Injectable } from '@nestjs/common';
import { siteConfig, type SiteConfig } from '../config/site.config.js';
import { UsageError } from '../config/usage-error.js';

interface Entry {
  readonly json: string;
  /** In milliseconds since the epoch; `undefined` for an entry that stays. */
  readonly expiresAt?: number | undefined;
}

/**
 * What the site keeps: in memory, and over a restart in the file `SITE_DATA`, if that is set. A change is in the file when its method
 * returns, also if the process is killed then. A real site has a database in its place.
 */
@Injectable()
export class SiteData {
  private readonly entries: Map<string, Entry>;
  private readonly file: string | undefined;

  constructor(@Inject(siteConfig.KEY) { dataFile }: SiteConfig) {
    this.file = dataFile;
    try {
      this.entries = new Map(readEntries(dataFile));
      this.save();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UsageError(
        `SITE_DATA must be a file that the site can write, not "${dataFile}": ${reason}`,
      );
    }
  }

  get(key: string): unknown {
    const entry = this.entries.get(key);
    return entry && !isOver(entry) ? JSON.parse(entry.json) : undefined;
  }

  /** @param ttlMs how long it is kept. Default: until it is deleted. */
  set(key: string, value: unknown, ttlMs?: number): void {
    const expiresAt = ttlMs === undefined ? undefined : Date.now() + ttlMs;
    this.entries.set(key, { json: JSON.stringify(value), expiresAt });
    this.save();
  }

  delete(key: string): boolean {
    const existed = this.entries.delete(key);
    if (existed) this.save();
    return existed;
  }

  clear(): void {
    this.entries.clear();
    this.save();
  }

  /** Replaces the file in one step. Only the user of the process can read it: it holds sessions. */
  private save(): void {
    for (const [key, entry] of this.entries) if (isOver(entry)) this.entries.delete(key);
    if (this.file === undefined) return;
    writeFileSync(`${this.file}.new`, JSON.stringify([...this.entries]), { mode: 0o600 });
    renameSync(`${this.file}.new`, this.file);
  }
}

function readEntries(file: string | undefined): [string, Entry][] {
  if (file === undefined || !existsSync(file)) return [];
  return JSON.parse(readFileSync(file, 'utf8')) as [string, Entry][];
}

function isOver({ expiresAt }: Entry): boolean {
  return expiresAt !== undefined && expiresAt <= Date.now();
}
