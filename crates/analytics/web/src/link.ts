// The state of the connection, apart from the network and the page: what happened and `now` go in (times
// in milliseconds), what to do and what to say come out.

/** Waits before a try, in milliseconds: the first at most this long, each at most twice the one before. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
/** Time between heartbeats until the service has said it. */
const HEARTBEAT = 5_000;
/** Heartbeats that may be missing before the connection counts as lost. */
const MISSED = 3;

export type Phase = "connecting" | "live" | "waiting" | "paused";

/** `text` is what is read aloud; `countdown` is shown after its first words and would only be noise there. */
export type Words = { state: string; text: string; countdown?: string };

export class Link {
  phase: Phase = "connecting";
  /** The last moment at which everything recorded was on the page. */
  private current: number | undefined;
  private heartbeat = HEARTBEAT;
  private heard: number;
  private tries = 0;
  private retryAt = 0;
  private readonly chance: () => number;

  constructor(now: number, chance: () => number = Math.random) {
    this.heard = now;
    this.chance = chance;
  }

  /** A try begins. */
  connecting(now: number): void {
    this.phase = "connecting";
    this.heard = now;
  }

  /** A plan or a heartbeat came: only this is progress. */
  message(now: number, heartbeat?: number): void {
    this.phase = "live";
    this.heard = now;
    this.current = now;
    this.tries = 0;
    if (heartbeat !== undefined && heartbeat > 0) this.heartbeat = heartbeat;
  }

  /** The stream ended. Full jitter: clients that lost one service do not come back together. */
  lost(now: number): void {
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.tries);
    this.tries += 1;
    this.retryAt = now + this.chance() * longest;
    this.phase = "waiting";
  }

  /** Nobody looks: nothing is asked until somebody does. */
  pause(): void {
    this.phase = "paused";
    this.tries = 0;
  }

  /** A network is back, or somebody wants it now: nobody waits for a countdown. */
  hurry(now: number): void {
    if (this.phase === "waiting" || this.phase === "paused") {
      this.phase = "waiting";
      this.retryAt = now;
    }
  }

  /** Whether nothing came for so long that the stream must be dead. */
  silent(now: number): boolean {
    return (this.phase === "live" || this.phase === "connecting") && now - this.heard > MISSED * this.heartbeat;
  }

  /** Whether it is time to try again. */
  due(now: number): boolean {
    return this.phase === "waiting" && now >= this.retryAt;
  }

  /** What is known, in words. */
  words(now: number, clock: (time: number) => string): Words {
    if (this.phase === "live") return { state: "live", text: "live" };
    const stale = this.current === undefined ? "" : `, stale since ${clock(this.current)}`;
    const state = this.current === undefined ? this.phase : "stale";
    switch (this.phase) {
      case "paused":
        return { state: "paused", text: `paused while hidden${stale}` };
      case "connecting":
        return { state, text: `${this.current === undefined ? "" : "re"}connecting${stale}` };
      default: {
        const seconds = Math.max(0, Math.ceil((this.retryAt - now) / 1000));
        return { state, text: `reconnecting${stale}`, countdown: ` in ${seconds} s` };
      }
    }
  }
}

/** All of it as one text: "reconnecting in 3 s, stale since 14:02:11". */
export function whole({ text, countdown = "" }: Words): string {
  const [head = "", ...rest] = text.split(", ");
  return [head + countdown, ...rest].join(", ");
}
