// Plans over WatchPlans, again and again from where the page is, and what is known of the connection.
// One stream for the whole page: a browser opens only six connections to a host without TLS.

import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Plan } from "../gen/waybill/analytics/v1/analytics_pb.js";
import { analytics } from "./calls.js";
import { clock } from "./cells.js";
import { Link, type Words } from "./link.js";
import { Position } from "./position.js";
import { Rate, Recent, ROWS } from "./recent.js";

/** Time between two looks at the watchdog and the countdown, in milliseconds. */
const TICK = 250;

/** What the feed tells: `plans` have come, `words` may have changed. */
export type Told = "plans" | "words";

export class Feed {
  readonly recent = new Recent();
  readonly rate = new Rate();
  /** Plans passed over, because the page was away for too long to show them. */
  unseen = 0n;
  /** Whether everything that is recorded has come once. */
  whole = false;
  private readonly link = new Link(Date.now());
  private readonly position = new Position(ROWS);
  private readonly events = new EventTarget();
  private stream: AbortController | undefined;

  start(): void {
    setInterval(() => this.tick(), TICK);
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => this.look());
    this.look();
  }

  words(): Words {
    return this.link.words(Date.now(), clock);
  }

  /** The last sequence that is on the page. */
  get cursor(): bigint {
    return this.position.cursor;
  }

  /** Calls `listener` until `signal` is aborted. */
  on(told: Told, listener: () => void, signal?: AbortSignal): void {
    this.events.addEventListener(told, listener, signal === undefined ? {} : { signal });
  }

  private look(): void {
    if (document.hidden) {
      this.stop();
      this.link.pause();
      this.tell("words");
    } else {
      this.hurry();
    }
  }

  private hurry(): void {
    if (document.hidden) return;
    if (this.stream === undefined) this.link.hurry(Date.now());
    if (this.stream === undefined && this.link.phase === "connecting") void this.watch();
    this.tick();
  }

  private tick(): void {
    const now = Date.now();
    if (this.link.silent(now)) {
      this.stop();
      this.link.lost(now);
    }
    if (this.link.due(now)) void this.watch();
    this.tell("words");
  }

  private stop(): void {
    this.stream?.abort();
    this.stream = undefined;
  }

  private async watch(): Promise<void> {
    const abort = new AbortController();
    this.stream = abort;
    this.link.connecting(Date.now());
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
            this.recent.clear();
            this.rate.restart();
            this.unseen = 0n;
            abort.abort();
          }
          this.whole = true;
          this.tell("plans");
        }
        this.tell("words");
      }
    } catch {
      // Whatever it was, the answer is the same: try again.
    }
    if (this.stream === abort) {
      this.stream = undefined;
      this.link.lost(Date.now());
      this.tell("words");
    }
  }

  private plan(plan: Plan): void {
    const now = Date.now();
    this.link.message(now);
    const step = this.position.plan(plan.sequence);
    if (step.kind === "repeat") return;
    if (step.unseen > 0n) {
      // The table has no gap that it does not tell of: it begins anew.
      this.unseen += step.unseen;
      this.recent.clear();
      this.rate.restart();
    }
    if (plan.recordTime !== undefined) this.rate.count(timestampMs(plan.recordTime), now);
    this.recent.add(plan);
    this.tell("plans");
  }

  private tell(told: Told): void {
    this.events.dispatchEvent(new Event(told));
  }
}
