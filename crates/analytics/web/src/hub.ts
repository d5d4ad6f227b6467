// Which window is owed what, apart from the ports and the network: a window asks from its own cursor, is
// answered once, as soon as there is something to tell, and asks again. So a window is as slow as it likes,
// takes much at once when it is, and one that is gone without a word is owed nothing.

import type { LinkState } from "./link.js";
import { CATCH_UP } from "./position.js";
import { ROWS } from "./recent.js";

/** Time after its last word at which a window counts as gone, in milliseconds. */
const GONE = 10_000;
/** A window hears at least so often that there is still somebody to hear from, in milliseconds. */
const SIGN = 1_000;

/** What a window says. `after`: the last sequence that it has; `version`: that of the last answer. */
export type FromWindow = { kind: "ask"; after: bigint; version: number } | { kind: "leave" } | { kind: "hurry" };

/** What it is answered. */
export type FromRelay = {
  version: number;
  /** The next plans, the oldest first, as encoded messages. */
  plans: Uint8Array[];
  /** The last sequence in the store; undefined until it is known. */
  newest: bigint | undefined;
  /** Whether everything that is recorded has come once. */
  whole: boolean;
  link: LinkState;
};

type Seat = { after: bigint; version: number; asked: number; owed: boolean };

export class Hub<Window> {
  private readonly seats = new Map<Window, Seat>();
  private kept: { sequence: bigint; body: Uint8Array }[] = [];
  private version = 0;
  private newest: bigint | undefined;
  private whole = false;

  ask(window: Window, after: bigint, version: number, now: number): void {
    this.seats.set(window, { after, version, asked: now, owed: true });
  }

  leave(window: Window): void {
    this.seats.delete(window);
  }

  /** Whether any window looks. */
  watched(now: number): boolean {
    for (const [window, { asked, owed }] of this.seats) if (!owed && now - asked > GONE) this.seats.delete(window);
    return this.seats.size > 0;
  }

  /** The next plan; with a `gap` before it, what came before is of no use to anybody. */
  plan(sequence: bigint, body: Uint8Array, gap: boolean): void {
    if (gap) this.kept = [];
    this.kept.push({ sequence, body });
    // Cut off in one go now and then rather than moved one by one.
    if (this.kept.length > 2 * CATCH_UP) this.kept = this.kept.slice(-CATCH_UP);
    // While the past is caught up with, a window that has seen more of it is no window of another store.
    if (this.whole) this.newest = sequence;
    this.version += 1;
  }

  heartbeat(sequence: bigint): void {
    this.newest = sequence;
    this.whole = true;
    this.version += 1;
  }

  otherStore(newest: bigint): void {
    this.kept = [];
    this.newest = newest;
    this.whole = false;
    this.version += 1;
  }

  /** What was known may be old: a window that knows more since is no window of another store. */
  resumed(): void {
    this.newest = undefined;
    this.whole = false;
    this.version += 1;
  }

  changed(): void {
    this.version += 1;
  }

  /** What is to be answered to whom. */
  answers(link: LinkState, now: number): [Window, FromRelay][] {
    const answers: [Window, FromRelay][] = [];
    for (const [window, seat] of this.seats) {
      if (!seat.owed || (seat.version === this.version && now - seat.asked < SIGN)) continue;
      seat.owed = false;
      // From here on its silence counts.
      seat.asked = now;
      const { version, newest, whole } = this;
      answers.push([window, { version, plans: this.after(seat.after), newest, whole, link }]);
    }
    return answers;
  }

  private after(cursor: bigint): Uint8Array[] {
    const newest = this.kept.at(-1)?.sequence ?? 0n;
    // A window that is further is of a store that is not there any more, and finds out by `newest`.
    if (cursor >= newest) return [];
    // One that begins has no use for more than its table takes. Sequences have no gap in what is kept.
    const most = cursor === 0n ? ROWS : CATCH_UP;
    const owed = newest - cursor > most ? most : Number(newest - cursor);
    return this.kept.slice(-owed).map(({ body }) => body);
  }
}
