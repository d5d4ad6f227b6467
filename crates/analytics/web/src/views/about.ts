// About this deployment.

import { clock } from "../cells.js";
import { h } from "../dom.js";
import { long } from "../duration.js";
import { notice, panel, row, table, type View } from "../parts.js";
import type { Shell } from "../shell.js";

/** Time between two looks, in milliseconds. */
const EVERY = 5_000;

type Profile = {
  version: string;
  build: string;
  started: string;
  last_sequence: number;
  parts: { part: string; state: string }[];
};

export function about({ signal }: Shell): View {
  const parts = table("Parts", [{ name: "Part" }, { name: "State" }]);
  const facts = h("dl", { class: "facts" });
  const state = notice("empty", "Asking …");
  async function show(): Promise<void> {
    try {
      const response = await fetch("/profile.json", { signal: AbortSignal.any([signal, AbortSignal.timeout(EVERY)]) });
      if (!response.ok) throw new Error(`${response.status}`);
      const profile = (await response.json()) as Profile;
      const up = Date.now() - new Date(profile.started).getTime();
      const rows: [string, string][] = [
        ["Version", `${profile.version} (${profile.build})`],
        ["Started", new Date(profile.started).toLocaleString("en-GB")],
        ["Up for", long(Math.max(0, up))],
        ["Plans recorded", profile.last_sequence.toLocaleString("en")],
      ];
      facts.replaceChildren(...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
      parts.body.replaceChildren(
        ...profile.parts.map(({ part, state }) => row([{ text: part, kind: "" }, { text: state, kind: state === "serving" ? "good" : "bad" }])),
      );
      state.className = "notice empty";
      state.textContent = `As of ${clock(Date.now())}. The fleet service is not asked from here: it has its own health on its operations port.`;
    } catch {
      if (signal.aborted) return;
      state.className = "notice error";
      state.textContent = "Analytics does not answer; what is below is what it said last.";
    }
  }
  const every = setInterval(() => {
    if (!document.hidden) void show();
  }, EVERY);
  signal.addEventListener("abort", () => clearInterval(every));
  void show();
  return {
    title: "About this deployment",
    element: h(
      "div",
      { class: "stack" },
      h("h1", { tabindex: -1 }, "About this deployment"),
      state,
      h("div", { class: "beside even" }, panel("Analytics", facts), panel("Parts and their health", parts.frame)),
      panel(
        "Elsewhere",
        h("ul", {}, h("li", {}, h("a", { href: "/profile.json", download: false, "data-plain": true }, "This page as JSON")), h("li", {}, "Rates, backlog and credits of each stream are metrics: /metrics on each part’s operations port.")),
      ),
    ),
  };
}
