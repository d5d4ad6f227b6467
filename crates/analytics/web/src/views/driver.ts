// One driver over the last days.

import type { DriverTally, Plan } from "../../gen/waybill/analytics/v1/analytics_pb.js";
import { Side } from "../../gen/waybill/logistics/v1/logistics_pb.js";
import { Asking } from "../asking.js";
import { analytics, PATIENCE, sentence } from "../calls.js";
import { count, counted, score, share } from "../cells.js";
import { Chart } from "../chart.js";
import { daysBack, inTurn } from "../days.js";
import { h } from "../dom.js";
import { figure, notice, OFFERED, panel, row, table, type View } from "../parts.js";
import { address, planAddress, type Query } from "../route.js";
import type { Shell } from "../shell.js";

const DAYS = 14;
/** Days asked for at once: a browser has six connections, and one is the feed's. */
const WIDTH = 3;
/** Drivers whose names hold this one's, on a page of them. */
const PAGE = 1_000;
/** Plans in which those of one name are looked for, the newest first, and rows that are read of them at most. */
const LOOKED_AT = 20;
const COUNTED = 50_000;

export function driver(query: Query, { signal }: Shell): View {
  const { name = "", id = "" } = query;
  if (name === "" && id === "") return nobody();
  const sum = figure("Total suitability", "lead");
  const assigned = figure("Assigned");
  const behind = figure("Stayed behind");
  const asking = new Asking(signal);
  const namesakes = h("p", { class: "legend", hidden: true });
  const { frame, body } = table(`The last ${DAYS} days`, [
    { name: "Day (UTC)" },
    { name: "Assigned", kind: "number" },
    { name: "Stayed behind", kind: "number" },
    { name: "Total", kind: "number" },
    { name: "Plans" },
  ]);
  const days = daysBack(Date.now(), DAYS).reverse();
  let tallies: (DriverTally | undefined)[] = [];
  const chart = new Chart(
    {
      label: "Total suitability, day by day",
      height: 172,
      bars: true,
      across: (value) => (Number.isInteger(value) ? (days[value]?.slice(5) ?? "") : ""),
      up: (value) => count(value),
      point: (i) => `${days[i] ?? ""}: ${score(tallies[i]?.total ?? 0)} in ${counted(tallies[i]?.assigned ?? 0, "assignment")}`,
    },
    signal,
  );

  async function of(day: string): Promise<DriverTally | undefined> {
    const filter = { driver: id === "" ? name : id, day };
    for (let pageToken = ""; ; ) {
      const request = { pageSize: PAGE, pageToken, filter };
      const answer = await asking.of(() => analytics.listDrivers(request, { signal, timeoutMs: PATIENCE }));
      const found = answer.drivers.find((tally) => (id === "" ? tally.name === name && tally.id === "" : tally.id === id));
      pageToken = answer.nextPageToken;
      if (found !== undefined || pageToken === "") return found;
    }
  }

  /** How many drivers have this name, in the newest plan that has one: a plan is found by a part of a name too. */
  async function alike(): Promise<void> {
    const request = { pageSize: LOOKED_AT, filter: { driver: name } };
    let rows = 0;
    for (const plan of (await analytics.listPlans(request, { signal, timeoutMs: PATIENCE })).plans) {
      rows += plan.shipments + plan.drivers;
      if (rows > COUNTED) return;
      const drivers = await ofThisName(plan);
      if (drivers > 1) tell(drivers, plan);
      if (drivers > 0) return;
    }
  }

  async function ofThisName(plan: Plan): Promise<number> {
    let drivers = 0;
    for await (const { item } of analytics.getPlan({ batchId: plan.batchId }, { signal, timeoutMs: PATIENCE })) {
      if (item.case !== "part") continue;
      const { assignments, unassigned } = item.value;
      drivers += assignments.filter(({ driver }) => driver?.name === name && driver.id === "").length;
      drivers += unassigned.filter((left) => left.side === Side.DRIVER && left.text === name && left.id === "").length;
    }
    return drivers;
  }

  function tell(drivers: number, plan: Plan): void {
    namesakes.replaceChildren(
      `${count(drivers)} drivers of this name are in `,
      h("a", { href: address(planAddress(plan.batchId), { q: name }) }, `plan ${count(plan.sequence)}`),
      ". They have no ids, so what is shown here is theirs together.",
    );
    namesakes.hidden = false;
  }

  async function read(): Promise<void> {
    tallies = await inTurn(days, WIDTH, of);
    const all = tallies.filter((tally) => tally !== undefined);
    const total = all.reduce((sum, tally) => sum + tally.total, 0);
    const yes = all.reduce((sum, tally) => sum + Number(tally.assigned), 0);
    const no = all.reduce((sum, tally) => sum + Number(tally.unassigned), 0);
    sum.set(score(total), yes === 0 ? undefined : `${score(total / yes)} an assignment`);
    assigned.set(count(yes), `${share(yes, yes + no)} of ${counted(yes + no, "time")} offered`);
    behind.set(count(no), share(no, yes + no));
    chart.show(
      { x: days.map((_, i) => i), y: tallies.map((tally) => tally?.total ?? 0) },
      `${score(total)} in ${counted(yes, "assignment")} over ${DAYS} days`,
    );
    const rows = days.map((day, i) => {
      const tally = tallies[i];
      const tr = row([
        { text: day, kind: "" },
        { text: count(tally?.assigned ?? 0), kind: "number" },
        { text: count(tally?.unassigned ?? 0), kind: "number quiet" },
        { text: score(tally?.total ?? 0), kind: "number" },
      ]);
      const href = address("/", { driver: id === "" ? name : id, day });
      tr.append(h("td", {}, tally === undefined ? "–" : h("a", { href, "aria-label": `plans of ${day}` }, "Plans")));
      return tr;
    });
    body.replaceChildren(...rows.reverse());
    if (all.length === 0) asking.quiet(`No plan of the last ${DAYS} days has this driver.`);
    // What cannot be counted is not told; the legend says what is true in any case.
    else if (id === "") await alike().catch(() => undefined);
  }
  read().catch((error: unknown) => asking.trouble(sentence(error)));
  return {
    title: name === "" ? "Driver" : name.slice(0, 60),
    element: h(
      "div",
      { class: "stack" },
      h("p", { class: "crumbs" }, h("a", { href: "/drivers" }, "Drivers")),
      h("h1", { tabindex: -1, class: "name" }, name === "" ? "A driver without a name" : name),
      namesakes,
      id === "" ? undefined : h("p", { class: "quiet" }, `id ${id}`),
      h("dl", { class: "figures" }, sum.element, assigned.element, behind.element),
      asking.element,
      id === "" ? h("p", { class: "legend" }, OFFERED) : undefined,
      panel("Total suitability, day by day", chart.element),
      frame,
    ),
  };
}

/** The address names no driver. */
function nobody(): View {
  return {
    title: "Driver",
    element: h(
      "div",
      { class: "stack" },
      h("h1", { tabindex: -1 }, "Which driver?"),
      notice("empty", "This address names no driver: choose one from the list."),
      h("p", {}, h("a", { href: "/drivers" }, "All drivers")),
    ),
  };
}
