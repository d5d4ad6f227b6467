// Every view: what it shows, by whom it can be used, and what it must not do.

import { createRequire } from "node:module";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { ProducerService } from "../gen/waybill/producer/v1/producer_pb.js";
import { launch, open, sequences, state, type Watched } from "./browser.js";
import { System, until, VIEWER } from "./system.js";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Where pictures of every view are left, to be looked at. */
const SHOTS = process.env["SHOTS"] ?? "../../../target/page/shots";

const SHIPMENTS = [
  "215 Osinski Manors",
  '<img src="https://example.com/x.png" onerror="document.title=\'taken\'">',
  "<script>document.title='taken'</script>",
  "\u202egnol si teerts sihT\u202c 12",
  "🚚🚛 Straße des 17. Juni 135 👩‍👩‍👧‍👦",
  "=HYPERLINK(\"https://example.com\")",
  `${"long street ".repeat(340)}end`,
];
const DRIVERS = [
  "Everardo Welch",
  '"><svg onload=alert(1)>',
  "\u202egnol si eman sihT",
  "👩🏽‍🚒 Zoë Ångström",
  `Ann ${"o".repeat(4_000)}`,
];

let browser: Browser;
let system: System;
let watched: Watched | undefined;

beforeAll(async () => {
  await mkdir(SHOTS, { recursive: true });
  browser = await launch();
  system = await System.start();
  await system.run("--shipments", "320", "--drivers", "300", "--interval", "20ms", "--batches", "220");
});
afterAll(async () => {
  await browser?.close();
  await system?.end();
});
afterEach(async () => {
  await watched?.page.context().close();
  watched = undefined;
});

async function visit(path: string, options: Parameters<typeof open>[2] = {}): Promise<Page> {
  watched = await open(browser, system.url, options);
  await watched.page.goto(system.url + path);
  return watched.page;
}

/** Nothing was asked of another host, nothing refused by the policy, nothing thrown. */
function clean(): void {
  expect(watched).toMatchObject({ foreign: [], refused: [], thrown: [] });
}

async function accessible(page: Page): Promise<void> {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (o: object) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await axe.run({ runOnly: { type: "tag", values: tags } });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 2).map(({ html }) => html.slice(0, 160)).join(" ")}`);
  });
  expect(found).toEqual([]);
}

const heading = (page: Page): Promise<string> => page.locator("h1").innerText();

it("finds its way by address, and keeps it in each view", async () => {
  const page = await visit("/");
  await until("plans are there", async () => (await sequences(page)).length === 200);
  expect(await state(page)).toBe("live");
  await page.locator("#plans a").first().click();
  await until("the plan is there", async () => /^Plan \d/.test(await heading(page)));
  await page.getByRole("searchbox", { name: "Search this plan" }).fill("a");
  await page.getByRole("button", { name: "Score" }).click();
  await page.getByRole("navigation", { name: "Pages of assignments" }).getByRole("button", { name: "Next" }).click();
  expect(new URL(page.url()).search).toBe("?q=a&sort=score+desc&page=2");

  // A colleague opens the same address.
  const rows = (): Promise<string[]> => page.getByRole("region", { name: "Assignments" }).locator("tbody tr").allInnerTexts();
  const mine = await rows();
  await page.reload();
  await until("the same rows are there", async () => JSON.stringify(await rows()) === JSON.stringify(mine));
  await page.goBack();
  await until("back at the plans", async () => (await heading(page)) === "Plans");
  clean();
});

it("shows hostile names as the texts they are, and does nothing that they say", async () => {
  const page = await visit("/runs");
  await page.getByLabel("What is planned").selectOption("records");
  await page.getByLabel("Shipments", { exact: true }).fill(SHIPMENTS.join("\n"));
  await page.getByLabel("Drivers", { exact: true }).last().fill(DRIVERS.join("\n"));
  await page.getByLabel("Batches", { exact: true }).fill("1");
  await page.getByRole("button", { name: "Start the run" }).click();
  await until("the run is watched", async () => (await heading(page)).startsWith("Run …"));
  await until("it has finished", async () => (await page.locator("main").innerText()).includes("finished"));
  await page.getByRole("link", { name: "Plans of this run" }).click();
  await until("its plan is found", async () => (await sequences(page)).length === 1);
  await page.locator("[data-sequence] a").first().click();
  await until("the plan is there", async () => /^Plan \d/.test(await heading(page)));
  const texts = await page.locator("td.name").allTextContents();
  for (const text of [...SHIPMENTS, ...DRIVERS]) expect(texts).toContain(text);
  expect(await page.locator("main img, main script, main svg").count()).toBe(0);
  expect(await page.title()).toMatch(/^Plan \d+ · Waybill$/);
  const { wide, seen } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, seen: innerWidth }));
  expect(wide).toBeLessThanOrEqual(seen);
  await accessible(page);
  await page.screenshot({ path: join(SHOTS, "hostile.png"), fullPage: true });

  for (const name of DRIVERS) {
    await page.locator("td.name a").filter({ hasText: name }).first().click();
    await until("the driver is there", async () => (await page.locator("h1").textContent()) === name);
    await until("the days are there", async () => (await page.locator("tbody tr").count()) === 14);
    await page.goBack();
    await until("the plan is there", async () => /^Plan \d/.test(await heading(page)));
  }
  clean();
});

/** Starts a run of these records by the form, and opens its plan. */
async function planned(page: Page, shipments: string, drivers: string): Promise<void> {
  await page.goto(`${system.url}/runs`);
  await page.getByLabel("What is planned").selectOption("records");
  await page.getByLabel("Shipments", { exact: true }).fill(shipments);
  await page.getByLabel("Drivers", { exact: true }).last().fill(drivers);
  await page.getByLabel("Batches", { exact: true }).fill("1");
  await page.getByRole("button", { name: "Start the run" }).click();
  await until("it has finished", async () => (await page.locator("main").innerText()).includes("finished"));
  await page.getByRole("link", { name: "Plans of this run" }).click();
  await until("its plan is found", async () => (await sequences(page)).length === 1);
  await page.locator("[data-sequence] a").first().click();
  await until("the plan is there", async () => (await page.locator("td.name").count()) > 0);
}

it("says of a driver who scores nothing with anybody that it is so, on the page and in the file", async () => {
  const page = await visit("/");
  await planned(page, "12 Oaks\n7 Elms", "\nAnn Lee\n\nGrt Smth\nBob Stone");
  const behind = page.getByRole("region", { name: "Stayed behind" }).locator("tbody tr");
  expect(await behind.allInnerTexts()).toEqual(["4\tdriver\tGrt Smth\t4.5"]);
  expect(await page.locator(".sums li").allInnerTexts()).toEqual(["1 driver: it scores 0 with every shipment."]);
  // What was asked for first stands first, and the rest is one key away.
  expect((await page.locator("caption").allInnerTexts()).map((text) => text.split(":")[0])).toEqual(["Assignments", "Stayed behind", "Time of this plan, step by step"]);
  await page.getByRole("searchbox", { name: "Search this plan" }).focus();
  await page.keyboard.press("Tab");
  expect(await focused(page)).toBe("1 stayed behind: why");
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("behind");
  const path = await page.getByRole("link", { name: "JSON with all rows" }).getAttribute("href");
  const file = (await (await fetch(system.url + path)).json()) as { unassigned: unknown[] };
  expect(file.unassigned).toEqual([{ side: "driver", line: 4, text: "Grt Smth", reason: "it scores 0 with every shipment", price: 4.5 }]);
  clean();
});

it("finds in both tables of a plan by one search, and says in one sentence when there is nothing", async () => {
  const page = await visit("/", { viewport: { width: 390, height: 844 } });
  await planned(page, "1 Damson Road\n2 Elm Street\n3 Damson Lane", "Ann Lee\nBob Stone");
  const search = page.getByRole("searchbox", { name: "Search this plan" });
  const tables = (): Promise<string[]> => page.locator("caption:visible").allInnerTexts().then((all) => all.filter((text) => /^(Stayed|Assign)/.test(text)));
  await search.fill("damson");
  await until("both are searched", async () => (await tables()).length === 2 && (await tables()).every((text) => /: [12] of \d$|: 1$/.test(text)));
  await search.fill("elm");
  await until("a table that has nothing is not drawn", async () => (await tables()).length === 1);
  await search.fill("nobody <b>here</b>");
  const nothing = page.locator(".nothing");
  await nothing.waitFor();
  expect(await nothing.innerText()).toMatch(/^Nothing in this plan matches nobody <b>here<\/b>\.\s+Clear the search$/);
  expect(await tables()).toEqual([]);
  await accessible(page);
  await page.screenshot({ path: join(SHOTS, "plan-nothing-390.png"), fullPage: true });
  await page.reload();
  await nothing.waitFor();
  await page.getByRole("button", { name: "Clear the search" }).click();
  await until("all of it is there", async () => (await tables()).length === 2);
  expect([await search.inputValue(), new URL(page.url()).search]).toEqual(["", ""]);
  expect(await page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("q");
  clean();
});

it("tells how many drivers have one name, and what their share is of", async () => {
  const page = await visit("/");
  await planned(page, "12 Oak Street\n7 Elm Avenue", "Sam Twice\nSam Twice\nAnn Once");
  const sequence = (await heading(page)).replace("Plan ", "plan ");
  // A newer plan is found by the name too, and has nobody of it.
  await planned(page, "12 Oak Street\n7 Elm Avenue", "Sam Twice Junior\nBob Stone");
  await page.goto(`${system.url}/driver?name=Sam+Twice`);
  await until("they are counted", async () => (await page.locator("main").innerText()).includes(`2 drivers of this name are in ${sequence}`));
  expect(await page.locator("main").innerText()).toMatch(/Assigned\s+[12]\s+\d+\.\d% of 2 times offered/);
  await page.goto(`${system.url}/driver?name=Ann+Once`);
  await until("the days are there", async () => (await page.locator("tbody tr").count()) === 14);
  expect(await page.locator("main").innerText()).toContain("of 1 time offered");
  clean();
});

it("carries what was looked for into the plan, and leads to the newest one and to what stayed behind", async () => {
  const page = await visit("/runs", { viewport: { width: 390, height: 844 } });
  await until("no other run goes on", async () => (await page.locator("tbody tr").count()) > 0 && !(await page.locator("main").innerText()).includes("running"));
  await planned(page, "1 Quince Road\n2 Elm Street\n3 Oak Avenue", "Ann Lee\nBob Stone");
  await page.goto(`${system.url}/`);
  await page.getByLabel("Shipment", { exact: true }).fill("quince");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await until("its plan is found", async () => (await sequences(page)).length === 1);
  expect(await page.getByRole("link", { name: "Open the newest plan" }).count(), "which may be another").toBe(0);
  await page.locator("[data-sequence] a").first().click();
  await until("the plan is there", async () => (await page.locator("td.name").count()) > 0);
  expect(await page.getByRole("searchbox", { name: "Search this plan" }).inputValue()).toBe("quince");
  const names = await page.locator("td.name").allInnerTexts();
  expect(names).toContain("1 Quince Road");
  expect(names).not.toContain("2 Elm Street");

  await page.goto(`${system.url}/`);
  await page.getByRole("link", { name: "1 stayed behind: why" }).click();
  await until("it is in sight", async () => page.evaluate(() => document.activeElement?.id === "behind"));
  expect(await page.locator("#behind tbody tr").count()).toBe(1);
  const hidden = await page.evaluate(() => {
    const bottom = document.querySelector("header")?.getBoundingClientRect().bottom ?? 0;
    return bottom - (document.querySelector("#behind")?.getBoundingClientRect().top ?? 0);
  });
  expect(hidden, "it is not under the bar").toBeLessThanOrEqual(0);
  await page.goBack();
  await page.getByRole("link", { name: "Open the newest plan" }).click();
  await until("the plan is there", async () => /^Plan \d/.test(await heading(page)));
  clean();
});

it("speaks of the fields and lines of the form, and keeps what was typed", async () => {
  const page = await visit("/runs");
  await page.getByLabel("What is planned").selectOption("records");
  expect(await page.getByLabel("Batches", { exact: true }).inputValue(), "the same ones once, and not twenty times").toBe("1");
  await page.getByLabel("Shipments", { exact: true }).fill(`\n\n1 Oak Street\n\n${"x".repeat(4_097)}`);
  const first = await page.getByLabel("Shipments", { exact: true }).inputValue();
  await page.getByLabel("Shipments", { exact: true }).fill("");
  await page.getByRole("button", { name: "Start the run" }).click();
  await until("both are refused", async () => (await page.locator("#error-records\\.shipments").innerText()) === "is empty");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("name")), "the first of them").toBe("records.shipments");
  await page.getByLabel("Shipments", { exact: true }).fill(first);
  await page.getByRole("button", { name: "Start the run" }).click();
  await until("the service refused", async () => (await page.locator("#error-records\\.shipments").innerText()).startsWith("line"));
  expect(await page.locator("#error-records\\.drivers").innerText()).toBe("is empty");
  expect(await page.locator("#error-records\\.shipments").innerText()).toBe("line 5 has 4097 bytes, more than 4096");

  await page.getByRole("link", { name: "About" }).click();
  await page.goBack();
  expect(await page.getByLabel("Shipments", { exact: true }).inputValue()).toContain("1 Oak Street");
  await page.reload();
  expect(await page.getByLabel("What is planned").inputValue()).toBe("records");
  await page.goto(`${system.url}/?run=seven&text=${"x".repeat(4_097)}`);
  await until("the search is refused", async () => (await page.locator("main").innerText()).includes("more than 4096"));
  const text = await page.locator("main").innerText();
  expect(text).toMatch(/Run .*; Shipment is 4097 bytes/);
  expect(text).not.toMatch(/filter\./i);
  clean();
});

it("offers the rosters that there are, and says at the field that there is no such one", async () => {
  const calls = createClient(ProducerService, createGrpcWebTransport({ baseUrl: system.url }));
  await calls.createRoster({ name: "night", synthetic: { drivers: 4, seed: 1n } });
  const page = await visit("/runs");
  await page.getByLabel("What is planned").selectOption("roster");
  const roster = page.getByLabel("Roster", { exact: true });
  await roster.focus();
  await until("it is offered", async () => (await page.locator("#rosters option").evaluateAll((all) => all.map((it) => `${(it as HTMLOptionElement).value}: ${it.textContent}`))).join() === "night: 4 drivers");
  await roster.fill("nigth");
  await page.getByRole("button", { name: "Start the run" }).click();
  const error = page.locator("#error-roster\\.name");
  await until("it is refused", async () => (await error.innerText()) === "is the name of no roster");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("roster.name");
  expect(await roster.getAttribute("aria-describedby")).toBe("error-roster.name");
  expect(await page.locator(".order > .notice").isVisible(), "and nowhere else").toBe(false);
  const apart = await page.evaluate(() => {
    const bottom = document.querySelector("#error-roster\\.name")?.getBoundingClientRect().bottom ?? 0;
    const below = [...document.querySelectorAll(".order label")].map((label) => label.getBoundingClientRect().top).filter((top) => top >= bottom);
    return Math.min(...below) - bottom;
  });
  expect(apart, "it is no part of what stands below it").toBeGreaterThanOrEqual(12);
  await accessible(page);
  await page.screenshot({ path: join(SHOTS, "form-refused.png") });
  await page.setViewportSize({ width: 390, height: 1_200 });
  await page.screenshot({ path: join(SHOTS, "form-refused-390.png") });
  await roster.fill("night");
  await page.getByRole("button", { name: "Start the run" }).click();
  await until("it is started", async () => new URL(page.url()).pathname.startsWith("/run/"));
  clean();
});

it("has a page for what is not there, and a way on from it", async () => {
  for (const [path, status, said, on] of [
    ["/nothere", 404, "no view at this address", "Plans"],
    ["/driver", 200, "names no driver", "Drivers"],
    ["/plan/xyz", 404, "“xyz” is not the id of a plan", "Plans"],
    ["/run/xyz", 404, "“xyz” is not the id of a run", "Runs"],
  ] as const) {
    const page = await visit("/");
    const answer = await page.goto(system.url + path);
    expect(answer?.status(), path).toBe(status);
    expect(await page.locator("main").innerText()).toContain(said);
    expect(await page.locator("main button").count(), "nothing that cannot help is offered").toBe(0);
    const { long, seen } = await page.evaluate(() => ({ long: document.documentElement.scrollHeight, seen: innerHeight }));
    expect(long, "a short page has nothing to scroll for").toBeLessThanOrEqual(seen);
    await accessible(page);
    await page.screenshot({ path: join(SHOTS, `${path.slice(1).replace("/", "-")}.png`) });
    await page.locator("main a").click();
    await until("it leads on", async () => (await heading(page)) === on);
    clean();
    await page.context().close();
  }
  const page = await visit("/about");
  await until("the word of the way there leads there", async () => (await heading(page)) === "About this deployment");
  expect(new URL(page.url()).pathname).toBe("/profile");
  clean();
});

it("finds a run by what the tables show of its id, and says why it does not", async () => {
  const run = await system.run("--shipments", "5", "--drivers", "4", "--batches", "1", "--wait");
  const other = await system.run("--shipments", "5", "--drivers", "4", "--batches", "1", "--wait");
  const page = await visit("/runs");
  const link = page.locator(`a[href="/run/${run}"]`);
  await link.waitFor();
  const shown = await link.innerText();
  expect(shown.length).toBeLessThan(run.length);
  for (const path of ["/", "/drivers"]) {
    await page.goto(system.url + path);
    await page.getByLabel("Run", { exact: true }).fill(shown);
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await until("the whole id is in the address", () => new URL(page.url()).searchParams.get("run") === run);
  }
  // A plan is found by its number as it is shown, and by the end of its batch's id.
  await page.goto(`${system.url}/?run=${run}`);
  await until("its plan is found", async () => (await sequences(page)).length === 1);
  const [number] = await sequences(page);
  const batch = ((await page.locator("[data-sequence] a").first().getAttribute("href")) ?? "").replace("/plan/", "");
  for (const text of [`Plan ${number}`, `…${batch.slice(-12)}`, batch]) {
    await page.goto(`${system.url}/`);
    await page.getByLabel("Plan", { exact: true }).fill(text);
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await until(`it is found by ${text}`, async () => new URL(page.url()).search !== "" && (await sequences(page)).join() === String(number));
  }
  await page.screenshot({ path: join(SHOTS, "plan-found.png") });
  await page.goto(`${system.url}/?plan=oak`);
  await until("it says what a plan is found by", async () => (await page.locator("main").innerText()).includes("Plan is neither a plan's number"));
  await page.goto(`${system.url}/`);
  let same = 0;
  while (run[same] === other[same]) same += 1;
  await page.getByLabel("Run", { exact: true }).fill(run.slice(0, same));
  await page.getByRole("button", { name: "Search", exact: true }).click();
  const refused = page.locator(".search").getByRole("alert");
  await refused.waitFor();
  expect(await refused.innerText()).toMatch(/^\d+ runs begin or end so: more of the id is needed\.$/);
  expect(await page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("run");
  await accessible(page);
  await page.getByLabel("Run", { exact: true }).fill("none such");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await until("it says so", async () => (await refused.innerText()).startsWith("No listed run"));
  await page.goto(`${system.url}/?text=${encodeURIComponent("no such street")}`);
  await until("nothing is found", async () => (await page.locator("main").innerText()).includes("No plan matches."));
  expect(await page.locator(".chart").isVisible(), "and no chart of it").toBe(false);
  clean();
});

it("goes on asking when something on the way answers for the service, as while a version rolls out", async () => {
  for (const status of [403, 404]) {
    const page = await visit("/");
    const plan = (await page.locator("#plans a").first().getAttribute("href")) ?? "";
    const asked = /AnalyticsService\/(ListDrivers|GetPlan)$/;
    for (const [path, come] of [["/drivers", "td.name"], [plan, ".pairs td.name"]] as const) {
      await page.route(asked, (route) => route.fulfill({ status, contentType: "text/html", body: "<h1>not here</h1>" }));
      await page.goto(system.url + path);
      await until("it says so", async () => (await page.locator("main").innerText()).includes(`something on the way answered HTTP ${status}. It is asked again by itself.`));
      await page.unroute(asked);
      await until("it has come", async () => (await page.locator(come).count()) > 0);
    }
    clean();
    await page.context().close();
  }
});

it("says one time for all: UTC, wherever the reader is", async () => {
  const page = await visit("/", { timezoneId: "America/Chicago" });
  await until("plans are there", async () => (await sequences(page)).length > 0);
  const day = new Date().toISOString().slice(0, 10);
  const cell = page.locator("[data-sequence] td").nth(1);
  const title = (await cell.getAttribute("title")) ?? "";
  const time = await cell.innerText();
  expect(title).toMatch(new RegExp(`^\\d{4}-\\d\\d-\\d\\dT${time.slice(-8)}.*; here .*(CST|CDT|GMT-)`));
  expect(await page.locator("footer").innerText()).toMatch(/^Times and days are UTC: \d\d:\d\d is \d\d:\d\d here\.$/);
  // Whoever searches this day finds what the page says is of it.
  await page.goto(`${system.url}/?day=${title.slice(0, 10)}`);
  await until("plans are found", async () => (await sequences(page)).length > 0);
  expect(title.slice(0, 10) <= day).toBe(true);
  clean();
});

it("is grey while it does not know, and says as of when", async () => {
  const own = await System.start();
  try {
    watched = await open(browser, own.url);
    const { page } = watched;
    await page.goto(`${own.url}/profile`);
    await page.getByText("serving", { exact: true }).first().waitFor();
    const colour = (): Promise<string> => page.getByText("serving", { exact: true }).first().evaluate((cell) => getComputedStyle(cell).color);
    const good = await colour();
    const unanswered = await page.getByRole("region", { name: "Parts" }).locator("tbody tr td:last-child").allInnerTexts();
    expect(unanswered).toEqual(["0", "0", "0"]);
    own.freeze("analytics");
    await until("it says so", async () => /No answer for \d+ s\. What is shown is as of \d\d:\d\d:\d\d\./.test(await page.locator("main").innerText()));
    expect(await colour()).not.toBe(good);
    await accessible(page);
    // And it goes on asking when a question was given up.
    await until("a question is given up", async () => /took too long to answer\. It is asked again/.test(await page.locator("main").innerText()));
    own.thaw("analytics");
    await until("it is known again", async () => (await colour()) === good);
    clean();
  } finally {
    own.thaw("analytics");
    await own.end();
  }
});

it("starts, watches and stops a run, and refuses with the words of the service", async () => {
  const page = await visit("/runs");
  await page.getByLabel("Shipments in each batch").first().fill("0");
  await page.getByLabel("Drivers", { exact: true }).first().fill("10000001");
  await page.getByRole("button", { name: "Start the run" }).click();
  await until("the service refused", async () => (await page.locator("#error-synthetic\\.shipments").innerText()) !== "");
  expect(await page.locator("#error-synthetic\\.shipments").innerText()).toBe("must be at least 1");
  expect(await page.locator("#error-synthetic\\.drivers").innerText()).toBe("is 10000001, more than 10000000");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("synthetic.shipments");
  await accessible(page);

  await page.getByLabel("Shipments in each batch").first().fill("12");
  await page.getByLabel("Drivers", { exact: true }).first().fill("10");
  await page.getByLabel("Time between batches").fill("100ms");
  await page.getByLabel("Batches", { exact: true }).fill("");
  await page.getByLabel("Description", { exact: true }).fill("the <b>night</b> shift");
  await page.getByRole("button", { name: "Start the run" }).click();
  await until("it is running", async () => /^Run ….{12}: running$/.test(await heading(page)));
  const run = new URL(page.url()).pathname.slice(-12);
  expect(await page.title()).toBe(`Run …${run}: running · Waybill`);
  await stopped(page);
  expect([await heading(page), await page.title()]).toEqual([`Run …${run}: stopped`, `Run …${run}: stopped · Waybill`]);
  expect(await page.evaluate(() => document.activeElement?.tagName), "the focus is not lost with the button").toBe("H1");
  expect(await page.locator(".facts").innerText()).toContain("the <b>night</b> shift");
  await page.getByRole("link", { name: "Runs", exact: true }).first().click();
  expect(await page.title(), "the view that follows has its own").toBe("Runs · Waybill");
  await until("it is told what it was", async () => (await page.locator("td.ordered").first().innerText()).startsWith("the <b>night</b> shift: 12 made-up shipments"));
  clean();
});

/** Asks twice, as one has to. */
async function stopped(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Stop run" }).click();
  const stopping = page.waitForRequest((request) => request.url().endsWith("/StopRun"));
  await page.getByRole("button", { name: "Stop for good?" }).click();
  expect((await stopping).headers()["traceparent"]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  await until("it is stopped", async () => (await page.locator("main").innerText()).includes("stopped"));
}

const focused = (page: Page): Promise<string> => page.evaluate(() => document.activeElement?.textContent ?? "");

it("stops no run by one click, and says at the button why it did not", async () => {
  const run = await system.run("--shipments", "5", "--drivers", "4", "--interval", "500ms");
  const page = await visit(`/run/${run}`);
  const first = page.getByRole("button", { name: "Stop run" });
  const yes = page.getByRole("button", { name: "Stop for good?" });
  await first.dblclick();
  expect(await first.isVisible(), "a second click where the first was takes it back").toBe(true);
  await first.click();
  expect(await focused(page), "a key that is held down does no harm").toBe("Cancel");
  await accessible(page);
  await page.screenshot({ path: join(SHOTS, "stop-asked.png") });
  await page.keyboard.press("Escape");
  expect([await yes.isVisible(), await focused(page)]).toEqual([false, "Stop run"]);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  expect([await yes.isVisible(), await focused(page)]).toEqual([false, "Stop run"]);

  // Nobody answers: the question is taken back by itself.
  await first.click();
  await until("it is taken back", async () => !(await yes.isVisible()), 15_000);
  expect(await focused(page)).toBe("Stop run");

  await page.route(/ProducerService\/StopRun$/, (route) => route.abort());
  await first.click();
  await yes.click();
  const trouble = page.locator(".stop").getByRole("alert");
  await trouble.waitFor();
  expect(await trouble.innerText()).toBe("The run was not stopped. The service cannot be reached.");
  expect(await page.locator(".stale").count(), "what is shown is as true as before").toBe(0);
  expect(await focused(page)).toBe("Stop run");
  await accessible(page);
  await page.screenshot({ path: join(SHOTS, "stop-refused.png") });
  await page.unroute(/ProducerService\/StopRun$/);
  await stopped(page);
  expect(await trouble.isVisible()).toBe(false);
  clean();
});

it("links the trace of a plan to the viewer that is set", async () => {
  const page = await visit("/");
  await until("plans are there", async () => (await sequences(page)).length > 0);
  await page.locator("#plans a").first().click();
  const link = page.getByRole("link", { name: "Look at the trace" });
  await link.waitFor();
  const trace = await page.getByRole("button", { name: "copy the trace id" }).locator("..").locator("code").textContent();
  expect(trace).toMatch(/^[0-9a-f]{32}$/);
  expect(await link.getAttribute("href")).toBe(`${VIEWER}/trace/${trace}`);
  expect(await link.getAttribute("rel")).toBe("noopener noreferrer");
  clean();
});

it("knows the parts, their streams, and which of them is away", async () => {
  const own = await System.start();
  try {
    watched = await open(browser, own.url);
    const { page } = watched;
    await page.goto(`${own.url}/profile`);
    // In one step: rows are made anew again and again.
    const rows = (of: string): Promise<string[][]> =>
      page.getByRole("region", { name: of }).locator("tbody").evaluate((body) => [...body.querySelectorAll("tr")].map((row) => [...row.cells].map((cell) => cell.textContent ?? "")));
    await until("both streams are open", async () => (await rows("Streams")).map((row) => row[2]).join() === "open,open");
    const at = (part: "analytics" | "fleet" | "producer"): string => `${part} 127.0.0.1:${own.ports[part]}`;
    const parts = (await rows("Parts")).map(([part, state, name]) => [part, state, name]);
    expect(parts).toEqual((["analytics", "producer", "fleet"] as const).map((part) => [part, "serving", at(part)]));
    expect((await rows("Streams")).map(([from, to]) => [from, to])).toEqual([
      [at("producer"), at("fleet")],
      [at("fleet"), at("analytics")],
    ]);
    expect((await rows("Streams"))[0]?.[3]).toMatch(/^0 of [\d,]+$/);

    await own.kill("fleet");
    const fleet = async (): Promise<string[]> => (await rows("Parts"))[2] ?? [];
    await until("the fleet service is away", async () => /^not reached since \d\d:\d\d:\d\d: /.test((await fleet())[1] ?? ""));
    expect([(await fleet())[2], ...(await fleet()).slice(4)], "which is not up").toEqual([at("fleet"), "–", "–"]);
    expect((await rows("Streams")).map(([from, to, , ...used]) => [from, to, ...used])).toEqual([
      [at("producer"), at("fleet"), "–", "–"],
      [at("fleet"), at("analytics"), "–", "–"],
    ]);
    for (const [, , how] of await rows("Streams")) expect(how).toMatch(/^lost since \d\d:\d\d:\d\d/);
    await page.screenshot({ path: join(SHOTS, "about-lost.png") });
    await page.setViewportSize({ width: 390, height: 844 });
    const lines = page.locator("main").evaluate((main) => [...main.querySelectorAll(".whole")].map((it) => it.getClientRects().length));
    expect(new Set(await lines), "no address is broken").toEqual(new Set([1]));
    await page.screenshot({ path: join(SHOTS, "about-lost-390.png") });
    await page.setViewportSize({ width: 1_440, height: 900 });
    await own.kill("producer");
    await until("the producer is away", async () => /^not reached since/.test((await rows("Parts"))[1]?.[1] ?? ""));
    expect((await rows("Parts"))[1]?.[2], "and still known").toBe(at("producer"));
    expect((await rows("Streams"))[0]?.[2]).toMatch(/^not known since .*: the producer does not answer$/);
    await own.launch("fleet");
    await own.launch("producer");
    await until("both streams are open again", async () => (await rows("Streams")).map((row) => row[2]).join() === "open,open");
    expect((await rows("Parts")).map((row) => row[1])).toEqual(["serving", "serving", "serving"]);
    await accessible(page);
    clean();
  } finally {
    await own.end();
  }
});

it("says where runs are started when it was not told of a producer", async () => {
  const alone = await System.start(false);
  try {
    watched = await open(browser, alone.url);
    await watched.page.goto(`${alone.url}/runs`);
    const { page } = watched;
    await until("it says so", async () => (await page.locator("main").innerText()).includes("start analytics with --producer"));
    await page.goto(`${alone.url}/`);
    await until("it says that there is nothing", async () => (await page.locator("main").innerText()).includes("No plan is recorded yet"));
    await page.screenshot({ path: join(SHOTS, "empty.png") });
    clean();
  } finally {
    await alone.end();
  }
});

it("loads in the smallest coding that the browser takes, once for all", async () => {
  const html = await (await fetch(`${system.url}/`)).text();
  const paths = [...html.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path);
  expect(paths.length).toBeGreaterThan(1);
  for (const path of paths) {
    for (const [accepted, coding] of [["gzip, deflate, br", "br"], ["gzip", "gzip"], ["identity", null]] as const) {
      const { headers } = await fetch(system.url + path, { headers: { "accept-encoding": accepted } });
      expect(headers.get("content-encoding"), path).toBe(coding);
      expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(headers.get("vary")).toBe("accept-encoding");
    }
  }
});

it("keeps the colours that were chosen", async () => {
  const page = await visit("/", { colorScheme: "light" });
  const ground = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByLabel("Colours").selectOption("dark");
  const dark = await ground();
  expect(dark).not.toBe(light);
  await page.reload();
  expect(await ground()).toBe(dark);
});

it("is used by keyboard alone", async () => {
  const page = await visit("/");
  await until("plans are there", async () => (await sequences(page)).length > 0);
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("To the content");
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => document.activeElement?.closest("[data-sequence]") !== null);
    const focus = await page.evaluate(() => {
      const { activeElement } = document;
      return activeElement === null ? undefined : { outline: getComputedStyle(activeElement).outlineStyle, of: activeElement.outerHTML.slice(0, 200) };
    });
    expect(focus?.outline, `what has the focus is seen: ${focus?.of}`).not.toBe("none");
    if (at) break;
  }
  await page.keyboard.press("Enter");
  await until("the plan is there", async () => /^Plan \d/.test(await heading(page)));
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
});

for (const [name, options] of [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["390", { colorScheme: "light", viewport: { width: 390, height: 844 } }],
  ["4k", { colorScheme: "dark", viewport: { width: 3_840, height: 2_160 } }],
] as const) {
  it(`has nothing that axe finds, moves nothing about, and fits: ${name}`, async () => {
    const page = await visit("/", { ...options, reducedMotion: "reduce" });
    await page.evaluate(() => {
      type Source = { node?: Element; previousRect: DOMRect; currentRect: DOMRect };
      type Shift = PerformanceEntry & { value: number; hadRecentInput: boolean; sources: Source[] };
      const moved = { by: 0, what: [] as string[] };
      Object.assign(window, { moved });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as Shift[]) {
          // A plan that comes moves those below it, as it should, and the last of them away.
          const isPlan = ({ node }: Source): boolean => node == null || node.closest("#plans") !== null;
          if (entry.hadRecentInput || (entry.sources.length > 0 && entry.sources.every(isPlan))) continue;
          moved.by += entry.value;
          for (const { node, previousRect: from, currentRect: to } of entry.sources) {
            moved.what.push(`${node?.nodeName}.${node?.className}: ${from.y}+${from.height} to ${to.y}+${to.height}`);
          }
        }
      }).observe({ type: "layout-shift", buffered: true });
    });
    await until("plans are there", async () => (await sequences(page)).length > 0);
    const plan = (await page.locator("#plans a").first().getAttribute("href")) ?? "";
    await page.waitForFunction(() => document.querySelectorAll(".figure .value")[0]?.textContent !== "–");
    const moved = await page.evaluate(() => (window as unknown as { moved: { by: number; what: string[] } }).moved);
    // 0.1 is what the Core Web Vitals call good.
    expect(moved.by, moved.what.join("; ")).toBeLessThan(0.05);
    const run = (await page.locator("#plans a[href^='/run/']").first().getAttribute("href")) ?? "";
    const driver = `/driver?${new URLSearchParams({ name: (await anyDriver()) })}`;
    for (const [view, path] of [
      ["plans", "/"],
      ["plan", plan],
      ["drivers", "/drivers"],
      ["driver", driver],
      ["runs", "/runs"],
      ["about", "/profile"],
      ["run", run],
      ["nowhere", "/plan/none"],
    ] as const) {
      await page.goto(system.url + path);
      await page.waitForLoadState("load");
      await until(`${view} has come`, async () => !/Asking|Reading|Searching/.test(await page.locator("main").innerText()));
      await page.waitForTimeout(300);
      await page.screenshot({ path: join(SHOTS, `${view}-${name}.png`) });
      const { wide, seen } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, seen: innerWidth }));
      expect(wide, `${view} is not wider than the window`).toBeLessThanOrEqual(seen);
      await accessible(page);
    }
    clean();
  });
}

async function anyDriver(): Promise<string> {
  const page = await browser.newPage();
  try {
    await page.goto(`${system.url}/drivers`);
    return (await page.locator("td.name a").first().textContent()) ?? "";
  } finally {
    await page.close();
  }
}
