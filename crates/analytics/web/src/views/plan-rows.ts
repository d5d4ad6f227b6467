// The rows of one plan: what was assigned and what stayed behind, found by one search, sorted and in pages.

import type { Plan } from "../../gen/waybill/analytics/v1/analytics_pb.js";
import { Side, type Assignment, type Unassigned } from "../../gen/waybill/logistics/v1/logistics_pb.js";
import { count, outOf, score, titled } from "../cells.js";
import { coalesced, h, say } from "../dom.js";
import { field, row, table } from "../parts.js";
import { address, planAddress, type Query } from "../route.js";
import { arrange, KEPT, page, readSort, resort, writeSort, type Key } from "../rows.js";
import type { Shell } from "../shell.js";
import { Behind } from "./plan-behind.js";
import { Turns } from "./turns.js";

/** The rows, with their search, order and page; all three are kept in the address. */
export class Rows {
  readonly element: HTMLElement;
  private readonly pairs: Assignment[] = [];
  private readonly behind: Unassigned[] = [];
  private readonly id: string;
  private readonly shell: Shell;
  private text: string;
  private sort;
  private page: number;
  private seen: number | undefined;
  /** Records that stayed behind, as the plan says before they come. */
  private expected = 0;
  private readonly assignments;
  private readonly note = h("p", { class: "notice", hidden: true });
  private readonly turns: Turns;
  private readonly search: HTMLInputElement;
  private readonly among = h("span", {});
  private readonly sought = h("q", {});
  private readonly nothing: HTMLElement;
  /** The way down to what stayed behind. */
  private readonly down = h("a", { href: "#behind", hidden: true });
  private readonly left = new Behind();
  private readonly drawSoon = coalesced(() => this.draw());

  constructor(id: string, query: Query, shell: Shell) {
    this.id = id;
    this.shell = shell;
    this.text = query["q"] ?? "";
    this.sort = readSort(query["sort"]);
    this.page = Number(query["page"] ?? 1);
    this.assignments = table(
      "Assignments",
      [
        { name: "Line", kind: "number", sort: "line" },
        { name: "Shipment", sort: "shipment" },
        { name: "Driver", sort: "driver" },
        { name: "Score", kind: "number", sort: "score" },
      ],
      (by) => {
        this.sort = resort(this.sort, by as Key);
        this.page = 1;
        this.changed();
      },
    );
    this.assignments.frame.classList.add("pairs");
    this.turns = new Turns("assignments", (page) => {
      this.page = page;
      this.changed();
    });
    this.search = h("input", { type: "search", name: "q", value: this.text, placeholder: "any part of a name, an address or an id", autocomplete: "off", spellcheck: "false" });
    this.search.addEventListener("input", () => this.find());
    this.down.addEventListener("click", (event) => {
      event.preventDefault();
      this.left.go();
    });
    const clear = h("button", { type: "button" }, "Clear the search");
    clear.addEventListener("click", () => {
      this.search.value = "";
      this.search.focus();
      this.find();
    });
    this.nothing = h("p", { class: "nothing", role: "status", hidden: true }, h("span", {}, "Nothing in ", this.among, " matches ", this.sought, "."), clear);
    this.element = h(
      "div",
      { class: "stack" },
      h("div", { class: "search rows", role: "search", "aria-label": "Search this plan" }, field("Search this plan", this.search), this.down),
      this.note,
      this.nothing,
      this.assignments.frame,
      this.turns.element,
      this.left.element,
    );
  }

  /** The plan itself has come: its rows follow. */
  expect({ shipments, drivers, assigned }: Plan): void {
    this.expected = shipments + drivers - 2 * assigned;
    this.draw();
  }

  add(pairs: Assignment[], behind: Unassigned[]): void {
    const room = KEPT - this.pairs.length - this.behind.length;
    for (const pair of pairs.slice(0, room)) this.pairs.push(pair);
    for (const record of behind.slice(0, Math.max(0, room - pairs.length))) this.behind.push(record);
    this.drawSoon();
  }

  complete(seen: number): void {
    this.seen = seen;
    this.draw();
  }

  /** Where the address leads to. */
  arrive(): void {
    if (location.hash === "#behind") this.left.go();
  }

  private find(): void {
    this.text = this.search.value;
    this.page = 1;
    this.left.first();
    this.changed();
  }

  private changed(): void {
    const query = {
      q: this.text.trim(),
      sort: writeSort(this.sort),
      page: this.page > 1 ? String(this.page) : undefined,
    };
    this.shell.keep(address(planAddress(this.id), query));
    this.drawSoon();
  }

  private draw(): void {
    if (this.shell.signal.aborted) return;
    const pairs = arrange(this.pairs, this.text, this.sort);
    // Until all has come, the page that was asked for may be one that is still on its way.
    const shown = page(pairs, this.page);
    this.assignments.resort(this.sort);
    this.assignments.frame.hidden = pairs.length === 0;
    const gaps = this.behind.some(({ side }) => side !== Side.DRIVER) ? "; lines that are not here stayed behind" : "";
    say(this.assignments.caption, `Assignments: ${outOf(pairs.length, this.pairs.length)}${pairs.length === this.pairs.length ? gaps : ""}`);
    this.assignments.body.replaceChildren(
      ...shown.rows.map(({ shipment, driver, score: points }) =>
        row([
          { text: count(shipment?.line ?? 0), kind: "number quiet" },
          { text: shipment?.address ?? "", kind: "name", ...titled(shipment?.id) },
          { text: driver?.name ?? "", kind: "name", ...titled(driver?.id), href: address("/driver", { name: driver?.name, id: driver?.id }) },
          { text: score(points), kind: "number" },
        ]),
      ),
    );
    this.turns.show(shown.page, shown.pages);
    const behind = this.left.show(this.behind, this.text);
    // Before all has come the plan knows better how many there are.
    const left = this.text.trim() === "" ? this.expected : behind;
    this.down.hidden = left === 0;
    say(this.down, `${outOf(left, this.expected)} stayed behind: why`);
    const cut = this.seen !== undefined && this.seen > KEPT;
    this.tell(pairs.length + behind, cut);
    this.note.hidden = !cut;
    if (cut) say(this.note, `This page holds the first ${count(KEPT)} of ${count(this.seen ?? 0)} rows; the files have all of them.`);
  }

  /** What is said in the place of rows that are not there. */
  private tell(found: number, cut: boolean): void {
    const text = this.text.trim();
    this.nothing.hidden = found > 0 || text === "" || this.seen === undefined;
    say(this.among, cut ? `the first ${count(KEPT)} rows of this plan` : "this plan");
    say(this.sought, text);
  }
}
