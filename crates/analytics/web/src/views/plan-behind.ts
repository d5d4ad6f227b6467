// What stayed behind: how many for which reason, then each of them.

import { Reason, type Unassigned } from "../../gen/waybill/logistics/v1/logistics_pb.js";
import { count, outOf, score, titled, why } from "../cells.js";
import { h, say } from "../dom.js";
import { row, table } from "../parts.js";
import { arrangeUnassigned, page, reasons, sideText } from "../rows.js";
import { Turns } from "./turns.js";

/** Records shown at once. */
const SHOWN = 20;
const SHORT = "Short by: the points by which its best score would have to rise to win it a place; at 0 any rise brings it in.";

export class Behind {
  readonly element: HTMLElement;
  private readonly frame: HTMLElement;
  private readonly table = table("Stayed behind", [
    { name: "Line", kind: "number" },
    { name: "What" },
    { name: "Name" },
    { name: "Short by", kind: "number short", title: SHORT },
    { name: "Why", kind: "why" },
  ]);
  private readonly sums = h("ul", { class: "sums" });
  private readonly turns: Turns;
  private records: readonly Unassigned[] = [];
  private text = "";
  private page = 1;

  constructor() {
    this.frame = this.table.frame;
    this.frame.classList.add("behind");
    this.frame.id = "behind";
    this.turns = new Turns("records that stayed behind", (page) => {
      this.page = page;
      this.show(this.records, this.text);
    });
    this.element = h("div", { class: "stack" }, this.sums, h("p", { class: "legend" }, SHORT), this.frame, this.turns.element);
  }

  /** The first page is shown next. */
  first(): void {
    this.page = 1;
  }

  /** The reader is taken there. */
  go(): void {
    this.element.scrollIntoView();
    this.frame.focus({ preventScroll: true });
  }

  /** Those of the records that have the text; says how many. */
  show(records: readonly Unassigned[], text: string): number {
    this.records = records;
    this.text = text;
    const found = arrangeUnassigned(records, text);
    const { rows, page: shown, pages } = page(found, this.page, SHOWN);
    const sums = reasons(found);
    this.sums.replaceChildren(...sums.map((sum) => h("li", {}, sum)));
    this.element.hidden = found.length === 0;
    const all = found.length === records.length ? sums : reasons(records);
    this.frame.classList.toggle("one", all.length === 1);
    say(this.table.caption, `Stayed behind: ${outOf(found.length, records.length)}`);
    this.table.body.replaceChildren(
      ...rows.map(({ line, side, text, id, reason, price }) =>
        row([
          { text: count(line), kind: "number quiet" },
          { text: sideText(side), kind: "quiet" },
          { text, kind: "name", ...titled(id) },
          { text: reason === Reason.NONE_PERMITTED ? "–" : score(price), kind: "number short" },
          { text: why(side, reason), kind: "why quiet" },
        ]),
      ),
    );
    this.turns.show(shown, pages);
    return found.length;
  }
}
