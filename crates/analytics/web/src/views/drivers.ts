// What each driver carried.

import { Asking } from "../asking.js";
import { analytics, PATIENCE, sentence } from "../calls.js";
import { count, score, share, titled } from "../cells.js";
import { h } from "../dom.js";
import { OFFERED, row, table, type View } from "../parts.js";
import { address, type Query } from "../route.js";
import type { Shell } from "../shell.js";
import { searchDrivers } from "./search.js";

const PAGE = 100;
const ORDERS = ["total desc", "total", "assigned desc", "assigned", "name", "name desc"];

export function drivers(query: Query, shell: Shell): View {
  const { signal } = shell;
  const order = ORDERS.includes(query["sort"] ?? "") ? (query["sort"] ?? "") : "total desc";
  const [by = "", descending] = order.split(" ");
  const { frame, body, resort } = table(
    "Drivers",
    [
      { name: "Driver", sort: "name" },
      { name: "Offered", kind: "number extra" },
      { name: "Assigned", kind: "number", sort: "assigned" },
      { name: "Stayed behind", kind: "number extra" },
      { name: "Share of offered", kind: "number extra" },
      { name: "Total", kind: "number", sort: "total" },
      { name: "An assignment", kind: "number extra" },
      { name: "Last plan", kind: "number extra" },
    ],
    (column) => {
      const first = column === "name" ? "name" : `${column} desc`;
      const second = column === "name" ? "name desc" : column;
      shell.go(address("/drivers", { ...query, sort: order === first ? second : first }));
    },
  );
  resort({ by, descending: descending === "desc" });
  const asking = new Asking(signal);
  frame.append(asking.element);
  const more = h("button", { type: "button", hidden: true }, "More drivers");
  let token = "";
  async function next(): Promise<void> {
    more.disabled = true;
    const { run = "", driver = "", day = "" } = query;
    const request = { pageSize: PAGE, pageToken: token, orderBy: order, filter: { run, driver, day } };
    const answer = await asking.of(() => analytics.listDrivers(request, { signal, timeoutMs: PATIENCE }));
    body.append(
      ...answer.drivers.map((tally) => {
        const assigned = Number(tally.assigned);
        const offered = assigned + Number(tally.unassigned);
        return row([
          {
            text: tally.name,
            kind: "name",
            href: address("/driver", { name: tally.name, id: tally.id }),
            ...titled(tally.id),
          },
          { text: count(offered), kind: "number quiet extra" },
          { text: count(tally.assigned), kind: "number" },
          { text: count(tally.unassigned), kind: "number quiet extra" },
          { text: share(assigned, offered), kind: "number quiet extra" },
          { text: score(tally.total), kind: "number" },
          { text: assigned === 0 ? "–" : score(tally.total / assigned), kind: "number quiet extra" },
          { text: count(tally.lastSequence), kind: "number quiet extra" },
        ]);
      }),
    );
    token = answer.nextPageToken;
    more.hidden = token === "";
    more.disabled = false;
    const asked = run !== "" || driver !== "" || day !== "";
    if (body.childElementCount === 0) asking.quiet(asked ? "No driver matches. A driver is found by any part of the name or id." : "No driver was in a plan yet.");
  }
  const ask = (): void => {
    next().catch((error: unknown) => asking.trouble(sentence(error)));
  };
  more.addEventListener("click", ask);
  ask();
  return {
    title: "Drivers",
    element: h("div", { class: "stack" }, h("h1", { tabindex: -1 }, "Drivers"), searchDrivers(query, shell), h("p", { class: "legend" }, OFFERED), frame, more),
  };
}
