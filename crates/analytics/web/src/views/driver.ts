// One driver over the last days.

import type { DriverTally } from "../../gen/waybill/analytics/v1/analytics_pb.js";
import { analytics, PATIENCE, sentence } from "../calls.js";
import { count, score, share } from "../cells.js";
import { Chart } from "../chart.js";
import { daysBack, inTurn } from "../days.js";
import { h } from "../dom.js";
import { figure, notice, panel, row, table, type View } from "../parts.js";
import { address, type Query } from "../route.js";
import type { Shell } from "../shell.js";

const DAYS = 14;
/** Days asked for at once: a browser has six connections, and one is the feed's. */
const WIDTH = 3;
/** Drivers whose names hold this one's, among which it is looked for. */
const NAMESAKES = 1_000;

export function driver(query: Query, { signal }: Shell): View {
  const { name = "", id = "" } = query;
  const sum = figure("Total suitability", "lead");
  const assigned = figure("Assigned");
  const behind = figure("Stayed behind");
  const state = notice("empty", `Asking for ${DAYS} days …`);
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
      point: (i) => `${days[i] ?? ""}: ${score(tallies[i]?.total ?? 0)} in ${count(tallies[i]?.assigned ?? 0)} assignments`,
    },
    signal,
  );

  async function of(day: string): Promise<DriverTally | undefined> {
    const filter = { driver: id === "" ? name : id, day };
    const request = { pageSize: NAMESAKES, filter };
    const answer = await analytics.listDrivers(request, { signal, timeoutMs: PATIENCE });
    return answer.drivers.find((tally) => tally.name === name && tally.id === id);
  }

  async function read(): Promise<void> {
    tallies = await inTurn(days, WIDTH, of);
    const all = tallies.filter((tally) => tally !== undefined);
    const total = all.reduce((sum, tally) => sum + tally.total, 0);
    const yes = all.reduce((sum, tally) => sum + Number(tally.assigned), 0);
    const no = all.reduce((sum, tally) => sum + Number(tally.unassigned), 0);
    sum.set(score(total), yes === 0 ? undefined : `${score(total / yes)} an assignment`);
    assigned.set(count(yes), `${share(yes, yes + no)} of ${count(yes + no)} plans`);
    behind.set(count(no), share(no, yes + no));
    chart.show(
      { x: days.map((_, i) => i), y: tallies.map((tally) => tally?.total ?? 0) },
      `${score(total)} in ${count(yes)} assignments over ${DAYS} days`,
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
    state.hidden = all.length > 0;
    state.textContent = `No plan of the last ${DAYS} days has this driver.`;
  }
  read().catch((error: unknown) => {
    if (signal.aborted) return;
    state.className = "notice error";
    state.textContent = sentence(error);
  });
  return {
    title: name === "" ? "Driver" : name.slice(0, 60),
    element: h(
      "div",
      { class: "stack" },
      h("p", { class: "crumbs" }, h("a", { href: "/drivers" }, "Drivers")),
      h("h1", { tabindex: -1, class: "name" }, name === "" ? "A driver without a name" : name),
      id === "" ? undefined : h("p", { class: "quiet" }, `id ${id}`),
      h("dl", { class: "figures" }, sum.element, assigned.element, behind.element),
      state,
      panel("Total suitability, day by day", chart.element),
      frame,
    ),
  };
}
