// Questions to the services, asked until they are answered, and what a view says meanwhile: that nothing has
// come yet, for how long nothing has, what went wrong, and as of when what it shows is.

import { Code, ConnectError } from "@connectrpc/connect";
import { lasting, sentence } from "./calls.js";
import { clock } from "./cells.js";
import { h, say } from "./dom.js";

/** Time without an answer after which it is said, in milliseconds. */
const QUIET = 3_000;
/** Time before a question that failed is asked again, in milliseconds. */
const AGAIN = 2_000;

export class Asking {
  readonly element: HTMLElement;
  /** When something was answered last. */
  private answered: number | undefined;
  private readonly signal: AbortSignal;
  private readonly shown: HTMLElement | undefined;

  /** `shown`: what is grey while no answer comes. */
  constructor(signal: AbortSignal, shown?: HTMLElement) {
    this.signal = signal;
    this.shown = shown;
    this.element = h("p", { class: "notice empty" }, "Asking …");
  }

  /** The answer; the question is asked again where that may help. Throws what it does not help against, and when the view is left. */
  of<T>(ask: () => Promise<T>): Promise<T> {
    return this.answer(ask, lasting);
  }

  /** The answer to what cannot be asked again, such as the next of a stream. */
  once<T>(ask: () => Promise<T>): Promise<T> {
    return this.answer(ask, () => true);
  }

  private async answer<T>(ask: () => Promise<T>, final: (error: unknown) => boolean): Promise<T> {
    // Since when nobody says anything; whoever says that he cannot answer has said something.
    let begin = Date.now();
    const timer = setInterval(() => {
      const quiet = Date.now() - begin;
      if (quiet >= QUIET) this.trouble(`No answer for ${Math.floor(quiet / 1_000)} s.`);
    }, 500);
    try {
      for (;;) {
        try {
          const answer = await ask();
          this.answered = Date.now();
          this.shown?.classList.remove("stale");
          this.quiet();
          return answer;
        } catch (error) {
          if (this.signal.aborted || final(error)) throw error;
          this.trouble(`${sentence(error)} It is asked again by itself.`);
          if (ConnectError.from(error).code !== Code.DeadlineExceeded) begin = Number.POSITIVE_INFINITY;
        }
        await pause(AGAIN, this.signal);
        if (document.hidden) await seen(this.signal);
        begin = Math.min(begin, Date.now());
      }
    } finally {
      clearInterval(timer);
    }
  }

  /** Something is wrong, and what is shown is older than it should be. */
  trouble(text: string): void {
    if (this.signal.aborted) return;
    this.element.hidden = false;
    this.element.className = "notice error";
    const since = this.answered === undefined ? "" : ` What is shown is as of ${clock(this.answered)}.`;
    say(this.element, text + since);
    this.shown?.classList.add("stale");
  }

  /** Nothing is wrong; `text`: what there is to say all the same. */
  quiet(text?: string): void {
    this.element.hidden = text === undefined;
    this.element.className = "notice empty";
    if (text !== undefined) say(this.element, text);
  }
}

/** Calls `ask` again and again, with a pause after each answer, while somebody looks; until it says false. */
export async function repeat(every: number, signal: AbortSignal, ask: () => Promise<boolean>): Promise<void> {
  while (!signal.aborted) {
    if (!document.hidden && !(await ask())) return;
    await (document.hidden ? seen(signal) : pause(every, signal));
  }
}

/** Until somebody looks. */
function seen(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = (): void => {
      document.removeEventListener("visibilitychange", end);
      signal.removeEventListener("abort", end);
      done();
    };
    document.addEventListener("visibilitychange", end);
    signal.addEventListener("abort", end);
  });
}

/** Until the time is over; rejects when the view is left. */
function pause(millis: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    const left = (): void => {
      clearTimeout(timer);
      fail(ConnectError.from(signal.reason));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", left);
      done();
    }, millis);
    signal.addEventListener("abort", left, { once: true });
  });
}
