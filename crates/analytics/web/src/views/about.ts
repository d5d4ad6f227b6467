// About this deployment: its parts, their health, and the streams between them.

import { Asking, repeat } from "../asking.js";
import { sentence } from "../calls.js";
import { bytes, clock, count, type Cell } from "../cells.js";
import { away, deployment, streamState, used, type Deployment } from "../deployment.js";
import { h } from "../dom.js";
import { long } from "../duration.js";
import { notice, panel, row, table, type View } from "../parts.js";
import type { Shell } from "../shell.js";

/** Time between two looks, in milliseconds. */
const EVERY = 5_000;

/** A row; `gone`: what it says is of the past. */
function line(gone: boolean, texts: Cell[]): HTMLTableRowElement {
  const tr = row(texts);
  if (gone) tr.className = "quiet";
  // A line may end before an address, and not within it.
  for (const td of tr.querySelectorAll(".place")) {
    td.replaceChildren(...(td.textContent ?? "").split(" ").flatMap((word) => [" ", h("span", { class: "whole" }, word)]).slice(1));
  }
  return tr;
}

export function about({ signal }: Shell): View {
  const parts = table("Parts", [
    // Every name begins with it.
    { name: "Part", kind: "extra" },
    { name: "State" },
    { name: "Name" },
    { name: "Version" },
    { name: "Up for" },
    { name: "Batches not answered", kind: "number" },
  ]);
  const streams = table("Streams", [
    { name: "From" },
    { name: "To" },
    { name: "State" },
    { name: "Batches in flight", kind: "number" },
    { name: "Bytes in flight", kind: "number" },
  ]);
  const none = notice("empty", "No stream is open to this analytics, and it knows no producer.");
  streams.frame.append(none);
  for (const { frame } of [parts, streams]) frame.classList.add("parts");
  const facts = h("dl", { class: "facts" });
  const view = h("div", { class: "stack" });
  const asking = new Asking(signal, view);

  async function show(): Promise<boolean> {
    draw(await asking.of(() => deployment(signal)));
    asking.quiet(`As of ${clock(Date.now())}.`);
    return true;
  }

  function draw(known: Deployment): void {
    const rows: [string, string][] = [
      ["Version", `${known.version} (${known.build})`],
      ["Plans recorded", count(known.last_sequence)],
      ["Traces", known.trace_viewer ?? "no viewer is set, see --trace-viewer"],
    ];
    const now = new Date();
    facts.replaceChildren(...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
    parts.body.replaceChildren(
      ...known.parts.map((it) =>
        line(it.since !== null, [
          { text: it.part, kind: "extra" },
          { text: away(it.state, it.since, now), kind: it.state === "serving" ? "good" : "bad" },
          { text: it.name, kind: "place" },
          { text: it.version ?? "–", kind: "" },
          { text: it.since !== null || it.started === null ? "–" : long(Math.max(0, Date.now() - new Date(it.started).getTime())), kind: "" },
          { text: it.unanswered === null ? "–" : count(it.unanswered), kind: "number" },
        ]),
      ),
    );
    none.hidden = known.streams.length > 0;
    streams.body.replaceChildren(
      ...known.streams.map((it) =>
        line(it.open !== true, [
          { text: it.from, kind: "place" },
          { text: it.to, kind: "place" },
          { text: streamState(it, now), kind: it.open === true ? "good" : "bad" },
          { text: it.open === true ? used(it.batches_in_flight, it.max_batches, count) : "–", kind: "number" },
          { text: it.open === true ? used(it.bytes_in_flight, it.max_bytes, bytes) : "–", kind: "number" },
        ]),
      ),
    );
  }

  view.append(
    panel("Parts and their health", parts.frame),
    panel("Streams, and how much of their credit is in use", streams.frame),
    h(
      "div",
      { class: "beside even" },
      panel("Analytics", facts),
      panel(
        "Elsewhere",
        h(
          "ul",
          {},
          h("li", {}, h("a", { href: "/profile.json" }, "This page as JSON")),
          h("li", {}, "Rates and backlogs over time are metrics: /metrics on each part’s operations port."),
        ),
      ),
    ),
  );
  repeat(EVERY, signal, show).catch((error: unknown) => asking.trouble(sentence(error)));
  return {
    title: "About this deployment",
    element: h(
      "div",
      { class: "stack" },
      h("h1", { tabindex: -1 }, "About this deployment"),
      asking.element,
      view,
    ),
  };
}
