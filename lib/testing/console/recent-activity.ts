import { type ActivityLine, activityLine } from '../activity-line.js';
import type { SandboxActivity } from '../sandbox-activity.js';

/** A line of the sandbox's story that can be told from all others. */
export interface RecentLine extends ActivityLine {
  readonly id: string;
  readonly at: Date;
}

/** Remembers the end of the sandbox's story. */
export class RecentActivity {
  private recent: { readonly number: number; readonly activity: SandboxActivity }[] = [];
  private told = 0;

  constructor(private readonly remembered: number) {}

  /** How many there ever were. */
  get total(): number {
    return this.told;
  }

  add(activity: SandboxActivity): void {
    this.told += 1;
    this.recent.push({ number: this.told, activity });
    if (this.recent.length >= 2 * this.remembered)
      this.recent = this.recent.slice(-this.remembered);
  }

  /** Newest first. */
  lines(): RecentLine[] {
    return this.recent
      .slice(-this.remembered)
      .toReversed()
      .map(({ number, activity }) => ({
        id: `activity-${number}`,
        at: activity.at,
        ...activityLine(activity),
      }));
  }
}
