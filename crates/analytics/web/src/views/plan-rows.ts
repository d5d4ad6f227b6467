// The rows of one plan: what stayed behind and what was assigned, searched, sorted and in pages.

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
  /** The ways down to them. */
  readonly jumps: HTMLElement;
  private readonly pairs: Assignment[] = [];
  private readonly behind: Unassigned[] = [];
  private readonly id: string;
  private readonly shell: Shell;
  private text: string;
  private sort;
  private page: number;
  private seen: number | undefined;
  private readonly assignments;
  private readonly note = h("p", { class: "notice", hidden: true });
  private readonly turns: Turns;
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
    const search = h("input", { type: "search", name: "q", value: this.text, placeholder: "any part of a name, an address or an id", autocomplete: "off", spellcheck: "false" });
    search.addEventListener("input", () => {
      this.text = search.value;
      this.page = 1;
      this.left.first();
      this.changed();
    });
    this.element = h(
      "div",
      { class: "stack" },
      h("div", { class: "search", role: "search", "aria-label": "Search this plan" }, field("Search this plan", search)),
      this.note,
      this.left.element,
      this.assignments.frame,
      this.turns.element,
    );
    this.jumps = h("p", { class: "jumps" }, jump("What stayed behind", "behind", this.left.frame, this.left.element), jump("Assignments", "assignments", this.assignments.frame, this.assignments.frame));
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
    if (location.hash === "#behind") go(this.left.frame, this.left.element);
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
    this.left.show(this.behind, this.text);
    const cut = this.seen !== undefined && this.seen > KEPT;
    this.note.hidden = !cut;
    if (cut) say(this.note, `This page holds the first ${count(KEPT)} of ${count(this.seen ?? 0)} rows; the files have all of them.`);
  }
}

/** A link to a place further down: `table`, which has the focus then, in `place`. */
function jump(text: string, id: string, table: HTMLElement, place: HTMLElement): HTMLElement {
  table.id = id;
  const a = h("a", { href: `#${id}` }, text);
  a.addEventListener("click", (event) => {
    event.preventDefault();
    go(table, place);
  });
  return a;
}

function go(table: HTMLElement, place: HTMLElement): void {
  place.scrollIntoView();
  table.focus({ preventScroll: true });
}

