// Stopping a run. It is for good, so it is asked twice; whoever asks once and goes on leaves nothing armed.

import { sentence } from "../calls.js";
import { h, say } from "../dom.js";
import { notice } from "../parts.js";

/** Time without a key, a click or a pointer after which the question is taken back, in milliseconds. */
export const PATIENT = 10_000;

/** How a run is stopped: a button, the question behind it, and what came of it. */
export class Stop {
  readonly element: HTMLElement;
  private readonly first = h("button", { type: "button", class: "danger" }, "Stop run");
  private readonly yes = h("button", { type: "button", class: "danger" }, "Stop for good?");
  private readonly no = h("button", { type: "button" }, "Cancel");
  /** In the order of a line that is read to its right: a second click where the first one was cancels. */
  private readonly question = h(
    "span",
    { class: "question", role: "group", "aria-labelledby": "stop-means", hidden: true },
    this.yes,
    this.no,
    h("span", { class: "hint", id: "stop-means" }, "No more batches are made; those that were sent are answered."),
  );
  private readonly trouble = notice("error", "");
  private readonly stop: () => Promise<void>;
  private readonly signal: AbortSignal;
  private timer: number | undefined;
  private stopping = false;

  /** `stop` asks the service; `signal`: until then. */
  constructor(stop: () => Promise<void>, signal: AbortSignal) {
    this.stop = stop;
    this.signal = signal;
    this.trouble.role = "alert";
    this.trouble.hidden = true;
    this.element = h("div", { class: "stop", hidden: true }, this.first, this.question, this.trouble);
    this.first.addEventListener("click", () => this.ask());
    this.no.addEventListener("click", () => this.back());
    this.yes.addEventListener("click", () => this.go());
    this.question.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.back();
    });
    for (const sign of ["keydown", "pointermove", "focusin"]) this.question.addEventListener(sign, () => this.wait());
    signal.addEventListener("abort", () => clearTimeout(this.timer));
  }

  /** Whether there is something to stop. Says whether the focus was in what is gone now. */
  offer(running: boolean): boolean {
    const focused = this.element.contains(document.activeElement);
    if (!running) {
      this.shut();
      this.trouble.hidden = true;
    }
    this.element.hidden = !running;
    return focused && !running;
  }

  private ask(): void {
    if (this.stopping) return;
    this.trouble.hidden = true;
    this.first.hidden = true;
    this.question.hidden = false;
    // What does no harm has the focus: a key that is held down does not stop a run.
    this.no.focus();
    this.wait();
  }

  private wait(): void {
    clearTimeout(this.timer);
    if (!this.question.hidden) this.timer = window.setTimeout(() => this.back(), PATIENT);
  }

  /** The question is taken back; the focus goes back only from there. */
  private back(): void {
    const focused = this.question.contains(document.activeElement);
    this.shut();
    if (focused) this.first.focus();
  }

  private shut(): void {
    clearTimeout(this.timer);
    this.question.hidden = true;
    this.first.hidden = false;
  }

  private go(): void {
    this.back();
    this.pending(true);
    this.stop()
      .catch((error: unknown) => {
        if (this.signal.aborted) return;
        say(this.trouble, `The run was not stopped. ${sentence(error)}`);
        this.trouble.hidden = false;
      })
      .finally(() => this.pending(false));
  }

  /** Not disabled, which would lose the focus. */
  private pending(stopping: boolean): void {
    this.stopping = stopping;
    this.first.ariaDisabled = stopping ? "true" : null;
    say(this.first, stopping ? "Stopping …" : "Stop run");
  }
}
