// The table: rows on the page, the newest first, at most so many. Texts only ever become text.

import type { Plan } from "../gen/waybill/analytics/v1/analytics_pb.js";
import { cells } from "./cells.js";

/** Rows on the page at most. */
export const ROWS = 200;

/** Rows that come with one frame and are still told apart as new: more are the past being caught up. */
const FRESH = 20;

export class Table {
  private waiting: Plan[] = [];
  private drawn = true;
  /** Whether everything that is recorded has come once. */
  private whole = false;
  private readonly body: HTMLElement;
  private readonly empty: HTMLElement;

  constructor(body: HTMLElement, empty: HTMLElement) {
    this.body = body;
    this.empty = empty;
  }

  /** Shows a plan with the next frame, however many come until then. */
  add(plan: Plan): void {
    this.waiting.push(plan);
    // While the page is hidden no frame comes: what would be cut off is not kept.
    if (this.waiting.length > 2 * ROWS) this.waiting = this.waiting.slice(-ROWS);
    this.draw();
  }

  /** Everything that is recorded has come: if that was nothing, says so. */
  complete(): void {
    this.whole = true;
    this.draw();
  }

  clear(): void {
    this.waiting = [];
    this.body.replaceChildren();
  }

  private draw(): void {
    if (!this.drawn) return;
    this.drawn = false;
    requestAnimationFrame(() => {
      this.drawn = true;
      const fresh = this.waiting.length <= FRESH && this.body.childElementCount > 0;
      const rows = this.waiting.slice(-ROWS).reverse().map((plan) => row(plan, fresh));
      this.waiting = [];
      this.body.prepend(...rows);
      while (this.body.childElementCount > ROWS) this.body.lastElementChild?.remove();
      this.empty.hidden = !this.whole || this.body.childElementCount > 0;
    });
  }
}

function row(plan: Plan, fresh: boolean): HTMLElement {
  const tr = document.createElement("tr");
  tr.dataset["sequence"] = plan.sequence.toString();
  if (fresh) tr.className = "fresh";
  for (const { text, kind, title } of cells(plan)) {
    const td = document.createElement("td");
    td.className = kind;
    td.textContent = text;
    if (title !== undefined) td.title = title;
    tr.append(td);
  }
  const links = document.createElement("td");
  links.className = "links";
  for (const form of ["csv", "json"]) {
    const a = document.createElement("a");
    a.href = `/plans/${encodeURIComponent(plan.batchId)}.${form}`;
    a.textContent = form.toUpperCase();
    a.setAttribute("aria-label", `rows of plan ${plan.sequence} as ${form.toUpperCase()}`);
    links.append(a);
  }
  tr.append(links);
  return tr;
}
