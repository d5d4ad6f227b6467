// The newest plans, at most so many, and how fast they come: what the table and the chart show.

import type { Plan } from "../gen/waybill/analytics/v1/analytics_pb.js";

/** Plans on the page at most: rows of the table, and points of the chart. */
export const ROWS = 200;

/** Seconds over which the rate is taken. */
const RATE_OVER = 30;

export class Recent {
  /** The oldest first. */
  plans: Plan[] = [];

  add(plan: Plan): void {
    this.plans.push(plan);
    // Cut off in one go now and then rather than moved one by one.
    if (this.plans.length > 2 * ROWS) this.plans = this.plans.slice(-ROWS);
  }

  /** The newest, at most ROWS, the oldest first. */
  newest(): Plan[] {
    return this.plans.slice(-ROWS);
  }

  clear(): void {
    this.plans = [];
  }
}

/**
 * Plans a second over the last RATE_OVER seconds, by the service's own times of record in milliseconds: so
 * what is caught up after a pause counts for when it was recorded, and not for when it came.
 */
export class Rate {
  private readonly counts = new Array<number>(RATE_OVER).fill(0);
  private second = 0;
  private since: number | undefined;
  /** The service's clock, less this machine's. */
  private ahead = 0;

  count(recorded: number, now: number): void {
    this.since ??= recorded;
    // The newest plan was recorded at the latest just now.
    this.ahead = recorded - now;
    const second = Math.floor(recorded / 1_000);
    this.advance(second);
    if (second <= this.second - RATE_OVER) return;
    const at = second % RATE_OVER;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
  }

  /** Undefined until there is something to tell a rate by. */
  perSecond(now: number): number | undefined {
    const there = now + this.ahead;
    if (this.since === undefined || there - this.since < 2_000) return undefined;
    this.advance(Math.floor(there / 1_000));
    const at = this.second % RATE_OVER;
    // The second that is not over counts for nothing yet.
    const sum = this.counts.reduce((total, count, i) => (i === at ? total : total + count), 0);
    const seconds = this.second - Math.floor(this.since / 1_000);
    return sum / Math.min(RATE_OVER - 1, seconds);
  }

  /** What came before says nothing about now. */
  restart(): void {
    this.counts.fill(0);
    this.since = undefined;
  }

  private advance(second: number): void {
    for (let i = Math.max(this.second + 1, second - RATE_OVER + 1); i <= second; i++) {
      this.counts[i % RATE_OVER] = 0;
    }
    this.second = Math.max(this.second, second);
  }
}
