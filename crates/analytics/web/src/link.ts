// The state of the connection, apart from the network and the page: what happened and `now` go in (times
// in milliseconds), what to do and what to say come out.

/** Waits before a try, in milliseconds: the first at most this long, each at most twice the one before. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
/** Time between two tries at least, however good the reason for another is. */
const LEAST_WAIT = 1_000;
/** Time between heartbeats until the service has said it. */
const HEARTBEAT = 2_000;
/** Heartbeats that may be missing before the connection counts as lost. */
const MISSED = 3;
/** Time that the first message of a stream may take: a slow network is not a dead one. */
const FIRST_MESSAGE = 10_000;

export type Phase = "connecting" | "live" | "waiting" | "paused";

/** All that is known of the connection, as it travels from the relay to its windows. */
export type LinkState = {
  phase: Phase;
  /** The last moment at which everything recorded had come. */
  current: number | undefined;
  heartbeat: number;
  heard: number;
  retryAt: number;
};

/** `text` is what is read aloud; `countdown` is shown after its first words and would only be noise there. */
export type Words = { state: string; text: string; countdown?: string };

export class Link {
  readonly state: LinkState;
  private tries = 0;
  private tried = Number.NEGATIVE_INFINITY;
  private readonly chance: () => number;

  constructor(now: number, chance: () => number = Math.random) {
    this.state = { phase: "connecting", current: undefined, heartbeat: HEARTBEAT, heard: now, retryAt: now };
    this.chance = chance;
  }

  /** A try begins. */
  connecting(now: number): void {
    this.state.phase = "connecting";
    this.state.heard = now;
    this.tried = now;
  }

  /** A plan or a heartbeat came: only this is progress. */
  message(now: number, heartbeat?: number): void {
    this.state.phase = "live";
    this.state.heard = now;
    this.state.current = now;
    this.tries = 0;
    if (heartbeat !== undefined && heartbeat > 0) this.state.heartbeat = heartbeat;
  }

  /** The stream ended. Full jitter: clients that lost one service do not come back together. */
  lost(now: number): void {
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.tries);
    this.tries += 1;
    this.state.retryAt = now + this.chance() * longest;
    this.state.phase = "waiting";
  }

  /** Nobody looks: nothing is asked until somebody does. */
  pause(): void {
    this.state.phase = "paused";
    this.tries = 0;
  }

  /** A network is back, or somebody wants it now: nobody waits for a countdown. */
  hurry(now: number): void {
    if (this.state.phase === "paused") {
      this.state.phase = "waiting";
      this.state.retryAt = now;
    } else if (this.state.phase === "waiting") {
      this.state.retryAt = Math.min(this.state.retryAt, Math.max(now, this.tried + LEAST_WAIT));
    }
  }

  /** Whether it is time to try again. */
  due(now: number): boolean {
    return this.state.phase === "waiting" && now >= this.state.retryAt;
  }
}

/** Whether nothing came for so long that the stream must be dead. */
export function silent({ phase, heard, heartbeat }: LinkState, now: number): boolean {
  if (phase === "connecting") return now - heard > FIRST_MESSAGE;
  return phase === "live" && now - heard > MISSED * heartbeat;
}

/** What is known, in words. */
export function words(link: LinkState, now: number, clock: (time: number) => string): Words {
  // Whoever should have noticed may be slower than whoever looks.
  const phase = link.phase === "live" && silent(link, now) ? "connecting" : link.phase;
  if (phase === "live") return { state: "live", text: "live" };
  const stale = link.current === undefined ? "" : `, stale since ${clock(link.current)}`;
  const state = link.current === undefined ? phase : "stale";
  switch (phase) {
    case "paused":
      return { state: "paused", text: `paused while hidden${stale}` };
    case "connecting":
      return { state, text: `${link.current === undefined ? "" : "re"}connecting${stale}` };
    default: {
      const seconds = Math.max(0, Math.ceil((link.retryAt - now) / 1000));
      return { state, text: `reconnecting${stale}`, countdown: ` in ${seconds} s` };
    }
  }
}

/** All of it as one text: "reconnecting in 3 s, stale since 14:02:11". */
export function whole({ text, countdown = "" }: Words): string {
  const [head = "", ...rest] = text.split(", ");
  return [head + countdown, ...rest].join(", ");
}
