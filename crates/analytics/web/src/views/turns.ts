// Turns the pages of a table.

import { count } from "../cells.js";
import { h, say } from "../dom.js";

export class Turns {
  readonly element: HTMLElement;
  private readonly back = h("button", { type: "button" }, "Previous");
  private readonly on = h("button", { type: "button" }, "Next");
  private readonly where = h("span", {});
  private page = 1;

  constructor(of: string, turn: (page: number) => void) {
    this.element = h("nav", { class: "turns", "aria-label": `Pages of ${of}` }, this.back, this.where, this.on);
    this.back.addEventListener("click", () => turn(this.page - 1));
    this.on.addEventListener("click", () => turn(this.page + 1));
  }

  show(page: number, pages: number): void {
    this.page = page;
    this.element.hidden = pages === 1;
    this.back.disabled = page === 1;
    this.on.disabled = page === pages;
    say(this.where, `${count(page)} of ${count(pages)}`);
  }
}
