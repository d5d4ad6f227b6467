// The forms by which plans and drivers are searched; what they ask stands in the address.

import { h } from "../dom.js";
import { field, values } from "../parts.js";
import { address, type Query } from "../route.js";
import type { Shell } from "../shell.js";

export function searchPlans(query: Query, shell: Shell): HTMLElement {
  const all = h("a", { class: "button", href: address("/", { window: query["window"] }) }, "Live");
  const kept = { window: query["window"] };
  return search("Search plans", "/", kept, all, shell, [
    field("Driver", input(query, "driver", "name or id")),
    field("Shipment", input(query, "text", "address or id")),
    field("Run", input(query, "run", "id of a run")),
    field("Day (UTC)", input(query, "day", "", "date")),
  ]);
}

export function searchDrivers(query: Query, shell: Shell): HTMLElement {
  const all = h("a", { class: "button", href: "/drivers" }, "All");
  const kept = { sort: query["sort"] };
  return search("Search drivers", "/drivers", kept, all, shell, [
    field("Driver", input(query, "driver", "name or id")),
    field("Run", input(query, "run", "id of a run")),
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
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    shell.go(address(path, { ...values(form), ...kept }));
  });
  return form;
}
