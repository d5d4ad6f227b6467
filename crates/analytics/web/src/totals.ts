// Totals over a window of time, of the same moment as the list below them: as the service said them last,
// and the plans that came since.

import type { Plan, Summary } from "../gen/waybill/analytics/v1/analytics_pb.js";

/** Plans kept between two answers at most. */
const KEPT = 5_000;

export type Sums = { plans: bigint; shipments: bigint; drivers: bigint; assigned: bigint; total: number; greedyTotal: number; lastSequence: bigint };

export class Totals {
  /** What the service said last, and what it said since and the list has not reached yet. */
  private base: Summary | undefined;
  private next: Summary | undefined;
  /** The oldest first, without a gap. */
  private since: Plan[] = [];

  plan(plan: Plan): void {
    const last = this.since.at(-1);
    if (last !== undefined && plan.sequence !== last.sequence + 1n) this.since = [];
    this.since.push(plan);
    if (this.since.length > 2 * KEPT) this.since = this.since.slice(-KEPT);
  }

  answer(summary: Summary): void {
    this.next = summary;
  }

  /**
   * `cursor`: the last plan in the list, undefined where there is none to wait for. `gap`: what can be
   * told is not of the list, so that the service should be asked.
   */
  at(cursor: bigint | undefined): { said: Summary; sums: Sums; gap: boolean } | undefined {
    if (this.next !== undefined && (this.base === undefined || cursor === undefined || cursor >= this.next.lastSequence)) {
      this.base = this.next;
      this.next = undefined;
    }
    // The list of another store may have been further.
    if (cursor !== undefined) this.since = this.since.filter(({ sequence }) => sequence <= cursor);
    const said = this.base;
    if (said === undefined) return undefined;
    const { plans, shipments, drivers, assigned, total, greedyTotal, lastSequence } = said;
    const sums: Sums = { plans, shipments, drivers, assigned, total, greedyTotal, lastSequence };
    this.since = this.since.filter(({ sequence }) => sequence > lastSequence);
    // The list is of another store by now, or was left behind: what was said is not what is there.
    if (cursor !== undefined && cursor < lastSequence) return { said, sums, gap: true };
    // With a gap between them nothing is added: the next answer has all of it.
    const first = this.since[0]?.sequence;
    if (first !== lastSequence + 1n) return { said, sums, gap: first !== undefined };
    for (const plan of this.since) {
      sums.plans += 1n;
      sums.shipments += BigInt(plan.shipments);
      sums.drivers += BigInt(plan.drivers);
      sums.assigned += BigInt(plan.assigned);
      sums.total += plan.total;
      sums.greedyTotal += plan.greedyTotal;
      sums.lastSequence = plan.sequence;
    }
    return { said, sums, gap: false };
  }
}
