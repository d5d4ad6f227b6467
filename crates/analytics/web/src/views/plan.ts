// One plan: every assignment with its score, what stayed behind and why, and where its time went.

import type { Plan } from "../../gen/waybill/analytics/v1/analytics_pb.js";
import { Side, StreetName, type Assignment, type Unassigned } from "../../gen/waybill/logistics/v1/logistics_pb.js";
import { Asking } from "../asking.js";
import { analytics, notFound, sentence } from "../calls.js";
import { count, iso, moment, score, share, span, tail, titleOf, uplift, why } from "../cells.js";
import { deployment, traceAddress } from "../deployment.js";
import { coalesced, h, say } from "../dom.js";
import { copied, downloads, field, figure, notice, panel, row, table, UPLIFT, type View } from "../parts.js";
import { address, planAddress, runAddress, type Query } from "../route.js";
import { arrange, arrangeUnassigned, KEPT, page, readSort, resort, writeSort, type Key } from "../rows.js";
import type { Shell } from "../shell.js";

const PROOF =
  "Proof: a certificate of dual prices, one for each kind of shipment and of driver. No pair scores more than its two prices, and each pair of the plan exactly as much, so that nothing scores more in all. “waybill verify” checks it again, from the JSON.";
/** Records that stayed behind, shown at once. */
const BEHIND = 20;

export function plan(id: string, query: Query, shell: Shell): View {
  const { signal } = shell;
  const heading = h("h1", { tabindex: -1 }, "Plan");
  const asking = new Asking(signal);
  const facts = h("div", { class: "stack" }, asking.element);
  const element = h("div", { class: "stack" }, h("p", { class: "crumbs" }, h("a", { href: "/" }, "Plans")), heading, facts);
  const rows = new Rows(id, query, shell);

  // A page that cannot be told where traces are looked at has their ids all the same.
  const viewer = deployment(signal).then(
    ({ trace_viewer }) => trace_viewer,
    () => null,
  );

  async function read(): Promise<void> {
    let seen = 0;
    const stream = analytics.getPlan({ batchId: id }, { signal })[Symbol.asyncIterator]();
    for (;;) {
      const { value, done } = await asking.of(() => stream.next(), false);
      if (done === true) break;
      const { item } = value;
      if (item.case === "plan") {
        say(heading, `Plan ${count(item.value.sequence)}`);
        document.title = `Plan ${item.value.sequence} · Waybill`;
        facts.replaceChildren(rows.jumps, ...about(item.value, viewer), asking.element);
        element.append(rows.element);
      } else if (item.case === "part") {
        const { assignments, unassigned } = item.value;
        seen += assignments.length + unassigned.length;
        rows.add(assignments, unassigned);
      }
    }
    rows.complete(seen);
  }
  read().catch((error: unknown) => {
    if (signal.aborted) return;
    const text = notFound(error) ? `No plan of batch ${id} is recorded here.` : sentence(error);
    const again = h("button", { type: "button" }, "Try again");
    again.addEventListener("click", () => shell.go(address(planAddress(id), query)));
    facts.replaceChildren(notice("error", text), again);
    rows.element.remove();
  });
  return { title: "Plan", element };
}

function about(plan: Plan, viewer: Promise<string | null>): HTMLElement[] {
  const gain = figure("Uplift over first come", "lead", UPLIFT);
  gain.set(uplift(plan.total, plan.greedyTotal), `${score(plan.total - plan.greedyTotal)} points more`);
  const left = plan.shipments - plan.assigned;
  const total = figure("Total suitability");
  total.set(score(plan.total), `first come ${score(plan.greedyTotal)}`);
  const assigned = figure("Shipments assigned");
  assigned.set(count(plan.assigned), `${share(plan.assigned, plan.shipments)} of ${count(plan.shipments)}; ${left === 0 ? "none" : count(left)} left`);
  const proof = figure("Proof", "", PROOF);
  proof.set(plan.certified ? "optimal" : "none", plan.certified ? "no other plan scores more" : "the plan came without dual prices");
  const { timings } = plan;
  const steps = table("Time of this plan, step by step", [{ name: "Step" }, { name: "Time", kind: "number" }]);
  for (const [name, time] of [
    ["Queue", timings?.queue],
    ["Score", timings?.score],
    ["Solve", timings?.solve],
    ["Certify", timings?.certify],
    ["Commit", plan.commit],
  ] as const) {
    steps.body.append(row([{ text: name, kind: "" }, { text: span(time), kind: "number" }]));
  }
  const whole = plan.streetName === StreetName.FULL_LINE;
  const list = h(
    "dl",
    { class: "facts" },
    ...fact("Recorded (UTC)", h("time", { datetime: iso(plan.recordTime), title: titleOf(plan.recordTime) }, moment(plan.recordTime, new Date()))),
    ...fact("Batch", copied(plan.batchId, "the batch id")),
    ...fact("Run", plan.runId === "" ? "by hand" : h("a", { href: runAddress(plan.runId), title: plan.runId }, tail(plan.runId))),
    ...fact("Trace", trace(plan.traceId, viewer)),
    ...fact("Street name", whole ? "the whole line" : "read from a postal address"),
    ...fact("Sent", plan.attempt <= 1 ? "once" : `${count(plan.attempt)} times`),
    ...fact("Files", h("span", { class: "links" }, ...downloads(plan.batchId, "with all rows"), " Why a record stayed behind is in the JSON.")),
  );
  return [
    h("dl", { class: "figures" }, gain.element, total.element, assigned.element, proof.element),
    h("p", { class: "legend" }, `${UPLIFT} ${PROOF}`),
    h("div", { class: "beside" }, panel("About this plan", list), panel("Time, step by step", steps.frame)),
  ];
}

/** The id, to be copied, and a way to the trace where a viewer is known. */
function trace(id: string, viewer: Promise<string | null>): Node | string {
  if (id === "") return "this batch has none";
  const element = copied(id, "the trace id");
  void viewer.then((viewer) => {
    const href = traceAddress(viewer, id);
    if (href !== undefined) element.append(h("a", { class: "button small", href, target: "_blank", rel: "noopener noreferrer" }, "Look at the trace"));
  });
  return element;
}

function fact(name: string, value: Node | string): HTMLElement[] {
  return [h("dt", {}, name), h("dd", {}, value)];
}

/** The rows, with their search, order and page; all three are kept in the address. */
class Rows {
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
  private behindPage = 1;
  private seen: number | undefined;
  private readonly assignments;
  private readonly unassigned;
  private readonly note = h("p", { class: "notice", hidden: true });
  private readonly turns: Turns;
  private readonly behindTurns: Turns;
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
    this.unassigned = table("Stayed behind", [
      { name: "Line", kind: "number" },
      { name: "What" },
      { name: "Name" },
      { name: "Why" },
    ]);
    this.turns = new Turns("assignments", (page) => {
      this.page = page;
      this.changed();
    });
    this.behindTurns = new Turns("records that stayed behind", (page) => {
      this.behindPage = page;
      this.drawSoon();
    });
    const search = h("input", { type: "search", name: "q", value: this.text, placeholder: "any part of a name, an address or an id", autocomplete: "off", spellcheck: "false" });
    search.addEventListener("input", () => {
      this.text = search.value;
      this.page = 1;
      this.behindPage = 1;
      this.changed();
    });
    this.element = h(
      "div",
      { class: "stack" },
      h("div", { class: "search", role: "search", "aria-label": "Search this plan" }, field("Search this plan", search)),
      this.note,
      this.unassigned.frame,
      this.behindTurns.element,
      this.assignments.frame,
      this.turns.element,
    );
    this.unassigned.frame.classList.add("behind");
    this.jumps = h("p", { class: "jumps" }, jump("What stayed behind", this.unassigned.frame, "behind"), jump("Assignments", this.assignments.frame, "assignments"));
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
    if (location.hash === "#behind") go(this.unassigned.frame);
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
    const counted = (found: number, all: number): string => (found === all ? count(all) : `${count(found)} of ${count(all)}`);
    say(this.assignments.caption, `Assignments: ${counted(pairs.length, this.pairs.length)}`);
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
    const behind = arrangeUnassigned(this.behind, this.text);
    const left = page(behind, this.behindPage, BEHIND);
    say(this.unassigned.caption, `Stayed behind: ${counted(behind.length, this.behind.length)}`);
    this.unassigned.body.replaceChildren(
      ...left.rows.map(({ line, side, text, id, reason, price }) =>
        row([
          { text: count(line), kind: "number quiet" },
          { text: side === Side.DRIVER ? "driver" : "shipment", kind: "quiet" },
          { text, kind: "name", ...titled(id) },
          { text: why(side, reason, price), kind: "sentence" },
        ]),
      ),
    );
    this.behindTurns.show(left.page, left.pages);
    const cut = this.seen !== undefined && this.seen > KEPT;
    this.note.hidden = !cut;
    if (cut) say(this.note, `This page holds the first ${count(KEPT)} of ${count(this.seen ?? 0)} rows; the files have all of them.`);
  }
}

/** A link to a place further down. */
function jump(text: string, to: HTMLElement, id: string): HTMLElement {
  to.id = id;
  const a = h("a", { href: `#${id}` }, text);
  a.addEventListener("click", (event) => {
    event.preventDefault();
    go(to);
  });
  return a;
}

function go(to: HTMLElement): void {
  to.scrollIntoView();
  to.focus({ preventScroll: true });
}

function titled(id: string | undefined): { title?: string } {
  return id === undefined || id === "" ? {} : { title: `id ${id}` };
}

/** Turns pages. */
class Turns {
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
