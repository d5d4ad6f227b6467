// The page: the frame around the views, the connection's state, and the way from one view to the next.

import { whole } from "./link.js";
import { clock } from "./cells.js";
import { coalesced, h, say } from "./dom.js";
import { Feed } from "./feed.js";
import type { View } from "./parts.js";
import { select, notice } from "./parts.js";
import { parse, type Route } from "./route.js";
import type { Shell } from "./shell.js";
import "./style.css";
import { apply, choose, theme, THEMES, type Theme } from "./theme.js";
import { about } from "./views/about.js";
import { driver } from "./views/driver.js";
import { drivers } from "./views/drivers.js";
import { plan } from "./views/plan.js";
import { plans } from "./views/plans.js";
import { run } from "./views/run.js";
import { runs } from "./views/runs.js";

const feed = new Feed();
const spoken = h("span", {}, "connecting");
const countdown = h("span", { "aria-hidden": "true" });
const rest = h("span", {});
const state = h("p", { id: "state", class: "state", role: "status", "data-state": "connecting" }, h("span", {}, spoken, countdown, rest));
const main = h("main", { id: "main" });
const TABS: [string, string, Route["view"][]][] = [
  ["Plans", "/", ["plans", "plan"]],
  ["Drivers", "/drivers", ["drivers", "driver"]],
  ["Runs", "/runs", ["runs", "run"]],
  ["About", "/profile", ["about"]],
];
const tabs = TABS.map(([name, href, views]) => ({ a: h("a", { href }, name), views }));

let left = new AbortController();

function view(route: Route, shell: Shell): View {
  switch (route.view) {
    case "plans":
      return plans(route.query, shell);
    case "plan":
      return plan(route.id, route.query, shell);
    case "drivers":
      return drivers(route.query, shell);
    case "driver":
      return driver(route.query, shell);
    case "runs":
      return runs(route.query, shell);
    case "run":
      return run(route.id, shell);
    case "about":
      return about(shell);
    case "nowhere":
      return nothing("404: nothing here", "There is no view at this address.", "/", "To the plans");
    case "no id": {
      const { of, text } = route;
      const said = `“${text.slice(0, 80)}” is not the id of a ${of}, which is a UUID such as 0193e1a2-8a8c-7def-8000-0123456789ab.`;
      return of === "plan" ? nothing("404: no such plan", said, "/", "To the plans") : nothing("404: no such run", said, "/runs", "To the runs");
    }
  }
}

function nothing(heading: string, text: string, href: string, on: string): View {
  const way = h("p", {}, h("a", { href }, on));
  return { title: "Nothing here", element: h("div", { class: "stack" }, h("h1", { tabindex: -1 }, heading), notice("empty", text), way) };
}

/** Shows what the address says. `moved`: the reader asked for it, and is taken there by keyboard too. */
function show(moved: boolean): void {
  left.abort();
  left = new AbortController();
  const route = parse(location.pathname, location.search);
  const shell: Shell = { feed, signal: left.signal, go, keep };
  const { title, element } = view(route, shell);
  document.title = title === "Plans" ? "Waybill" : `${title} · Waybill`;
  main.replaceChildren(element);
  for (const { a, views } of tabs) {
    if (views.includes(route.view)) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
  if (moved) {
    scrollTo(0, 0);
    main.querySelector("h1")?.focus({ preventScroll: true });
  }
}

function go(address: string): void {
  history.pushState(null, "", address);
  show(true);
}

function keep(address: string): void {
  history.replaceState(null, "", address);
}

/** Links within the page need no new page; those to files, and those meant for another tab, are left alone. */
function follow(event: MouseEvent): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const a = event.target instanceof Element ? event.target.closest("a") : null;
  if (a === null || a.origin !== location.origin || a.hasAttribute("download")) return;
  if (["nowhere", "no id"].includes(parse(a.pathname, a.search).view)) return;
  if (event.defaultPrevented) return;
  event.preventDefault();
  go(a.pathname + a.search + a.hash);
}

const words = coalesced(() => {
  const said = feed.words();
  const all = whole(said);
  // Only changes are announced, and the countdown is not.
  const [head = ""] = said.text.split(", ");
  say(spoken, head);
  say(countdown, said.countdown ?? "");
  say(rest, said.text.slice(head.length));
  state.dataset["state"] = said.state;
  state.title = all;
});

/** One rule for all times, with what it comes to here. */
const zone = h("span", {});
function tellZone(): void {
  const now = new Date();
  const here = now.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const there = clock(now.getTime()).slice(0, 5);
  say(zone, here === there ? "Times and days are UTC." : `Times and days are UTC: ${there} is ${here} here.`);
}
setInterval(tellZone, 10_000);
tellZone();

const colours = select("theme", THEMES.map((name) => [name, { system: "System", light: "Light", dark: "Dark" }[name]]), theme());
colours.setAttribute("aria-label", "Colours");
colours.addEventListener("change", () => choose(colours.value as Theme));

apply(theme());
const skip = h("a", { class: "skip", href: "#main" }, "To the content");
skip.addEventListener("click", (event) => {
  event.preventDefault();
  main.querySelector("h1")?.focus();
});
document.body.append(
  skip,
  h(
    "header",
    {},
    h("a", { href: "/", class: "brand" }, "Waybill"),
    h("nav", { "aria-label": "Views" }, ...tabs.map(({ a }) => a)),
    state,
    colours,
  ),
  main,
  h("footer", {}, zone),
);
addEventListener("click", follow);
addEventListener("popstate", () => show(false));
feed.on("words", words);
feed.start();
show(false);
