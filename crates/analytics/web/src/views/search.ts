// The forms by which plans and drivers are searched; what they ask stands in the address.

import { producer } from "../calls.js";
import { count } from "../cells.js";
import { h, say } from "../dom.js";
import { field, values } from "../parts.js";
import { address, isId, type Query } from "../route.js";
import { meant, planName } from "../run-ids.js";
import type { Shell } from "../shell.js";

/** Runs of the producer among which one is looked for, the newest. */
const RUNS = 1_000;
/** Time that it may take to name them, in milliseconds: the reader waits for the search. */
const LOOK = 3_000;

export function searchPlans(query: Query, shell: Shell): HTMLElement {
  const all = h("a", { class: "button", href: address("/", { window: query["window"] }) }, "Live");
  const kept = { window: query["window"] };
  return search("Search plans", "/", kept, all, shell, [
    field("Driver", input(query, "driver", "name or id")),
    field("Shipment", input(query, "text", "address or id")),
    field("Plan", input(query, "plan", "number or batch id")),
    field("Run", input(query, "run", "id, or its end")),
    field("Day (UTC)", input(query, "day", "", "date")),
  ]);
}

export function searchDrivers(query: Query, shell: Shell): HTMLElement {
  const all = h("a", { class: "button", href: "/drivers" }, "All");
  const kept = { sort: query["sort"] };
  return search("Search drivers", "/drivers", kept, all, shell, [
    field("Driver", input(query, "driver", "name or id")),
    field("Run", input(query, "run", "id, or its end")),
    field("Day (UTC)", input(query, "day", "", "date")),
  ]);
}

function input(query: Query, name: string, placeholder: string, type = "search"): HTMLElement {
  return h("input", { name, type, placeholder, value: query[name], autocomplete: "off", spellcheck: "false" });
}

/** `kept`: what of the address is not asked by the form; `all`: the way out of the search. */
function search(label: string, path: string, kept: Record<string, string | undefined>, all: HTMLElement, shell: Shell, fields: HTMLElement[]): HTMLElement {
  const submit = h("button", { type: "submit", class: "primary" }, "Search");
  const form = h("form", { class: "search", role: "search", "aria-label": label }, ...fields, submit, all);
  const refused = h("p", { class: "violation", id: "run-refused", role: "alert", hidden: true });
  form.append(refused);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = values(form);
    if (asked["plan"] !== undefined) asked["plan"] = planName(asked["plan"]);
    void whole(asked["run"] ?? "", shell).then((run) => {
      if (shell.signal.aborted) return;
      if (typeof run === "string") {
        shell.go(address(path, { ...asked, run, ...kept }));
        return;
      }
      const text = run.runs === 0 ? "No listed run begins or ends with this: enter the whole id." : `${count(run.runs)} runs begin or end so: more of the id is needed.`;
      refused.hidden = false;
      say(refused, text);
      const control = form.querySelector<HTMLInputElement>("[name=run]");
      control?.setAttribute("aria-invalid", "true");
      control?.setAttribute("aria-describedby", refused.id);
      control?.focus();
    });
  });
  return form;
}

/** The id of the run that is meant, or of how many it may be. The tables show the end of an id. */
async function whole(text: string, { feed, signal }: Shell): Promise<string | { runs: number }> {
  if (text === "" || isId(text)) return text;
  const ids = feed.recent.plans.map(({ runId }) => runId).filter((id) => id !== "");
  try {
    const { runs } = await producer.listRuns({ pageSize: RUNS }, { signal, timeoutMs: LOOK });
    ids.push(...runs.map(({ runId }) => runId));
  } catch {
    // Without a producer the plans on the page have to do.
  }
  const run = meant(text, ids);
  return "id" in run ? run.id : run;
}
