import { type ActivityLine, activityLine } from '../activity-line.js';
import type { SandboxActivity } from '../activity.js';

/** A line with its own id. */
export interface RecentLine extends ActivityLine {
  readonly id: string;
  readonly at: Date;
}

/** The last activities of the sandbox. */
export class RecentActivity {
  private recent: { readonly number: number; readonly activity: SandboxActivity }[] = [];
  private count = 0;

  constructor(private readonly remembered: number) {}

  /** The number of all activities since the start. */
  get total(): number {
    return this.count;
  }

  add(activity: SandboxActivity): void {
    this.count += 1;
    this.recent.push({ number: this.count, activity });
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
