// The stream of WatchPlans, again and again from where its reader is. Needs no page: it runs in a worker too.

import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Plan } from "../gen/waybill/analytics/v1/analytics_pb.js";
import { analytics } from "./calls.js";
import { Link, silent, type LinkState } from "./link.js";
import { Position } from "./position.js";
import { ROWS } from "./recent.js";

/** Who is told what comes. */
export type Reader = {
  /** The next plan; `gap`: others before it were passed over. */
  plan: (plan: Plan, gap: boolean) => void;
  /** Everything up to this sequence has come. */
  heartbeat: (sequence: bigint) => void;
  /** The store is another one, and goes as far as this sequence: what came before is no part of it. */
  otherStore: (newest: bigint) => void;
  /** Somebody looks again: nothing is known of the store until it has been caught up with. */
  resumed: () => void;
  /** The state of the connection may have changed. */
  changed: () => void;
};

export class Watch {
  private readonly link = new Link(Date.now());
  private readonly position = new Position(ROWS);
  private readonly reader: Reader;
  private stream: AbortController | undefined;

  constructor(reader: Reader) {
    this.reader = reader;
    this.link.pause();
  }

  get state(): LinkState {
    return this.link.state;
  }

  /** Whether anybody looks; nothing is asked for nobody. */
  want(wanted: boolean): void {
    if (wanted === (this.state.phase !== "paused")) return;
    if (wanted) {
      this.reader.resumed();
      this.hurry();
    } else {
      this.stop();
      this.link.pause();
      this.reader.changed();
    }
  }

  /** There is a reason to think that a try would succeed now. */
  hurry(): void {
    if (this.stream === undefined) this.link.hurry(Date.now());
    this.tick();
  }

  /** To be called a few times a second. */
  tick(): void {
    const now = Date.now();
    if (silent(this.state, now)) {
      this.stop();
      this.link.lost(now);
      this.reader.changed();
    }
    if (this.link.due(now)) void this.watch();
  }

  private stop(): void {
    this.stream?.abort();
    this.stream = undefined;
  }

  private async watch(): Promise<void> {
    const abort = new AbortController();
    this.stream = abort;
    this.link.connecting(Date.now());
    this.reader.changed();
    try {
      const { signal } = abort;
      for await (const { item } of analytics.watchPlans(this.position.request(), { signal })) {
        // An answer that was on its way when the stream was given up is of no use.
        if (this.stream !== abort) return;
        if (item.case === "plan") this.plan(item.value);
        if (item.case === "heartbeat") {
          const { sequence, interval } = item.value;
          this.link.message(Date.now(), interval === undefined ? undefined : durationMs(interval));
          if (this.position.otherStore(sequence)) {
            this.reader.otherStore(sequence);
            abort.abort();
          } else {
            this.reader.heartbeat(sequence);
          }
        }
        this.reader.changed();
      }
    } catch {
      // Whatever it was, the answer is the same: try again.
    }
    if (this.stream === abort) {
      this.stream = undefined;
      this.link.lost(Date.now());
      this.reader.changed();
    }
  }

  private plan(plan: Plan): void {
    this.link.message(Date.now());
    const step = this.position.plan(plan.sequence);
    if (step.kind === "next") this.reader.plan(plan, step.unseen > 0n);
  }
}
