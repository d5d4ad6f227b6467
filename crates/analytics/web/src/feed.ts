// Plans as they come, and what is known of the connection. The stream is the relay's, one for all windows of
// a browser; this window asks it from where it is.

import { fromBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { PlanSchema, type Plan } from "../gen/waybill/analytics/v1/analytics_pb.js";
import { answered } from "./answered.js";
import { clock } from "./cells.js";
import type { FromRelay, FromWindow } from "./hub.js";
import { port } from "./line.js";
import { words, type LinkState, type Words } from "./link.js";
import { Position } from "./position.js";
import { Rate, Recent, ROWS } from "./recent.js";

/** Time between two looks at the watchdog and the countdown, in milliseconds. */
const TICK = 250;
/** Looks without a word of the relay after which it is given up, and that many before its first: it may have to be loaded. */
const LOOKS = 24;
const FIRST_LOOKS = 80;

/** `plans` have come, `words` of the connection may be others. */
export type Change = "plans" | "words";

export class Feed {
  readonly recent = new Recent();
  readonly rate = new Rate();
  /** Plans passed over, because the page was away for too long to show them. */
  unseen = 0n;
  /** Whether everything that is recorded has come once. */
  whole = false;
  private link: LinkState = { phase: "connecting", current: undefined, heartbeat: 0, heard: Date.now(), retryAt: 0 };
  private readonly position = new Position(ROWS);
  private readonly events = new EventTarget();
  private readonly listeners = new Set<(plan: Plan) => void>();
  private relay: MessagePort | undefined;
  private attempt = 0;
  private version = -1;
  /** Looks since the relay last said something, or was asked for the first time. */
  private looks = 0;
  private most = FIRST_LOOKS;

  start(): void {
    setInterval(() => this.look(), TICK);
    addEventListener("online", () => this.hurry());
    // Whatever was answered says that a try would succeed.
    answered.addEventListener("answered", () => this.hurry());
    document.addEventListener("visibilitychange", () => this.turn());
    addEventListener("pagehide", () => this.say({ kind: "leave" }));
    addEventListener("pageshow", ({ persisted }) => persisted && this.turn());
    this.connect();
  }

  words(): Words {
    return words(this.link, Date.now(), clock);
  }

  /** The last sequence that is on the page. */
  get cursor(): bigint {
    return this.position.cursor;
  }

  /** Calls `listener` at each such change until `signal` is aborted. */
  on(change: Change, listener: () => void, signal?: AbortSignal): void {
    this.events.addEventListener(change, listener, signal === undefined ? {} : { signal });
  }

  /** Calls `listener` with each plan that comes until `signal` is aborted. */
  each(listener: (plan: Plan) => void, signal: AbortSignal): void {
    this.listeners.add(listener);
    signal.addEventListener("abort", () => this.listeners.delete(listener));
  }

  private connect(): void {
    const attempt = this.attempt;
    this.attempt += 1;
    if (this.relay !== undefined) {
      // What it may still say is of another relay's versions.
      this.relay.onmessage = null;
      this.relay.close();
    }
    this.relay = port(attempt, () => {
      if (this.attempt === attempt + 1) this.connect();
    });
    this.relay.onmessage = ({ data }: MessageEvent<FromRelay>) => this.take(data);
    this.version = -1;
    this.looks = 0;
    this.most = FIRST_LOOKS;
    this.turn();
  }

  /** Somebody looks, or nobody does any more. */
  private turn(): void {
    if (document.hidden) {
      this.say({ kind: "leave" });
      this.link.phase = "paused";
    } else {
      if (this.link.phase === "paused") {
        this.link.phase = "connecting";
        this.link.heard = Date.now();
      }
      this.ask();
    }
    this.looks = 0;
    this.changed("words");
  }

  private hurry(): void {
    if (!document.hidden && this.link.phase === "waiting") this.say({ kind: "hurry" });
  }

  private ask(): void {
    this.say({ kind: "ask", after: this.position.cursor, version: this.version });
  }

  private say(message: FromWindow): void {
    this.relay?.postMessage(message);
  }

  /** Looks are counted, and not the time: a machine that slept has not heard of anybody. */
  private look(): void {
    if (!document.hidden) {
      this.looks += 1;
      if (this.looks > this.most) {
        this.say({ kind: "leave" });
        this.connect();
      }
    }
    this.changed("words");
  }

  private take({ version, plans, newest, whole, link }: FromRelay): void {
    // What was on its way when the window was left is owed again when it is back.
    if (document.hidden) return;
    this.looks = 0;
    this.most = LOOKS;
    this.version = version;
    this.link = link;
    const other = newest !== undefined && this.position.otherStore(newest);
    if (other) {
      this.recent.clear();
      this.rate.restart();
      this.unseen = 0n;
    } else {
      for (const body of plans) this.plan(fromBinary(PlanSchema, body));
    }
    const changed = other || plans.length > 0 || whole !== this.whole;
    this.whole = whole;
    this.ask();
    if (changed) this.changed("plans");
    this.changed("words");
  }

  private plan(plan: Plan): void {
    const step = this.position.plan(plan.sequence);
    if (step.kind === "repeat") return;
    if (step.unseen > 0n) {
      // The table has no gap that it does not tell of: it begins anew.
      this.unseen += step.unseen;
      this.recent.clear();
      this.rate.restart();
    }
    if (plan.recordTime !== undefined) this.rate.count(timestampMs(plan.recordTime), Date.now());
    this.recent.add(plan);
    for (const listener of this.listeners) listener(plan);
  }

  private changed(change: Change): void {
    this.events.dispatchEvent(new Event(change));
  }
}
