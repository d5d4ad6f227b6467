// The page stays true while what it watches breaks.

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { anotherWindow, launch, open, sequences, state, type Watched } from "./browser.js";
import { Network } from "./proxy.js";
import { System, until } from "./system.js";

const STALE = /^reconnecting( in \d+ s)?, stale since \d\d:\d\d:\d\d$/;

let browser: Browser;
let system: System;
let network: Network;
let watched: Watched;

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
});
beforeEach(async () => {
  system = await System.start();
  network = await Network.before(() => system.ports.analytics);
  watched = await open(browser, network.url);
  await watched.page.addInitScript(record);
});
afterEach(async () => {
  await watched?.page.context().close();
  await network?.end();
  await system?.end();
});

/** Keeps every sequence that was ever put on the page, in the order in which it came. */
function record(): void {
  const seen: number[] = [];
  Object.assign(window, { seen });
  new MutationObserver((changes) => {
    const added = changes.flatMap(({ addedNodes }) =>
      [...addedNodes].flatMap((node) =>
        node instanceof HTMLElement && node.dataset["sequence"] !== undefined ? [Number(node.dataset["sequence"])] : [],
      ),
    );
    seen.push(...added.sort((a, b) => a - b));
  }).observe(document, { childList: true, subtree: true });
}

const seen = (page: Page): Promise<number[]> =>
  page.evaluate(() => (window as unknown as { seen: number[] }).seen);

const recorded = async (): Promise<number> => {
  const profile = (await (await fetch(`${system.url}/profile.json`)).json()) as { last_sequence: number };
  return profile.last_sequence;
};

const newest = async (page: Page): Promise<number> => (await sequences(page))[0] ?? 0;

/** Neither gap nor repeat, from the first plan that was shown to the last. */
async function whole(page: Page): Promise<void> {
  const all = await seen(page);
  const first = all[0] ?? 0;
  expect(all).toEqual(all.map((_, i) => first + i));
}

it("goes on without gap or repeat after analytics was killed, and said meanwhile since when it was stale", async () => {
  const { page } = watched;
  await system.run("--shipments", "5", "--drivers", "4", "--interval", "50ms", "--batches", "100000");
  await page.goto(network.url);
  await until("plans come", async () => (await newest(page)) > 20);
  expect(await state(page)).toBe("live");

  await system.kill("analytics");
  await until("it says that it is stale", async () => STALE.test(await state(page)));
  const before = await newest(page);
  await system.launch("analytics");
  await until("it is live again", async () => (await state(page)) === "live");
  await until("plans come again", async () => (await newest(page)) > before + 20);
  await whole(page);
  expect(watched).toMatchObject({ foreign: [], refused: [], thrown: [] });
});

it("shows every plan once in each of eight windows over one stream, after a restart too", async () => {
  const context = watched.page.context();
  const windows = [watched];
  for (let i = 1; i < 8; i++) {
    const more = await anotherWindow(context, network.url);
    await more.page.addInitScript(record);
    windows.push(more);
  }
  const all = <T>(ask: (page: Page) => Promise<T>): Promise<T[]> => Promise.all(windows.map(({ page }) => ask(page)));
  await system.run("--shipments", "5", "--drivers", "4", "--interval", "50ms", "--batches", "100000");
  await all((page) => page.goto(network.url));
  await until("plans come to each", async () => (await all(newest)).every((newest) => newest > 20));
  expect(await all(state)).toEqual(windows.map(() => "live"));
  expect(await system.watchers()).toBe(1);

  await system.kill("analytics");
  await until("each says that it is stale", async () => (await all(state)).every((state) => STALE.test(state)));
  const before = Math.max(...(await all(newest)));
  await system.launch("analytics");
  await until("each is live again", async () => (await all(state)).every((state) => state === "live"));
  await until("plans come to each again", async () => (await all(newest)).every((newest) => newest > before + 20));
  await all(whole);
  expect(await system.watchers()).toBe(1);
  // And questions are answered while all of them watch.
  await watched.page.getByRole("link", { name: "Drivers", exact: true }).click();
  await until("drivers are there", async () => (await watched.page.locator("td.name").count()) > 0);

  // The stream is for those that look, and goes on when one of them leaves.
  for (const { page } of windows.splice(1)) await page.close();
  expect(await state(watched.page)).toBe("live");
  expect(await system.watchers()).toBe(1);
  await watched.page.goto("about:blank");
  await until("nobody watches", async () => (await system.watchers()) === 0);
  expect(watched).toMatchObject({ foreign: [], refused: [], thrown: [] });
});

it("does without a shared worker where there is none", async () => {
  const { page } = watched;
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, "SharedWorker"));
  await system.run("--shipments", "5", "--drivers", "4", "--interval", "50ms", "--batches", "100000");
  await page.goto(network.url);
  await until("plans come", async () => (await newest(page)) > 20);
  network.cut();
  await until("it says that it is stale", async () => STALE.test(await state(page)));
  const before = await newest(page);
  network.mend();
  await until("plans come again", async () => (await newest(page)) > before + 20);
  await whole(page);
});

it("says that a service which hangs does not answer, and goes on by itself when it does", async () => {
  // With the heartbeat that a service has when nothing is set.
  const own = await System.start(true, []);
  const context = await browser.newContext();
  const page = await context.newPage();
  try {
    await own.run("--shipments", "5", "--drivers", "4", "--interval", "50ms", "--batches", "100000");
    await page.goto(own.url);
    await until("plans come", async () => (await newest(page)) > 20);
    own.freeze("analytics");
    await page.getByRole("link", { name: "Drivers", exact: true }).click();
    await until("the view says so", async () => /No answer for \d+ s\./.test(await page.locator("main").innerText()));
    await until("it says that it is stale", async () => STALE.test(await state(page)));
    own.thaw("analytics");
    await until("the drivers are there", async () => (await page.locator("td.name").count()) > 0);
    await until("it is live", async () => (await state(page)) === "live");
  } finally {
    own.thaw("analytics");
    await context.close();
    await own.end();
  }
});

it("leaves nothing of a store on the page that is not there any more", async () => {
  const { page } = watched;
  await system.run("--shipments", "5", "--drivers", "4", "--interval", "20ms", "--batches", "40", "--wait");
  await page.goto(network.url);
  await until("all plans are there", async () => (await newest(page)) === 40);
  await system.kill("analytics");
  await system.forget("analytics");
  await system.launch("analytics");
  await until("no plan is shown", async () => (await sequences(page)).length === 0);
  await until("it is live", async () => (await state(page)) === "live");
  const figures = (): Promise<string[]> => page.locator(".figure").allInnerTexts();
  await until("the figures say so", async () => (await figures()).some((figure) => /^Plans\s+0\b/.test(figure)));
  await system.run("--shipments", "5", "--drivers", "4", "--interval", "20ms", "--batches", "3", "--wait");
  await until("the new plans are there", async () => (await sequences(page)).join() === "3,2,1");
});

it("waits for no countdown when something is answered", async () => {
  const { page } = watched;
  await page.goto(network.url);
  await until("it is live", async () => (await state(page)) === "live");
  network.cut();
  await until("it waits for long", async () => /^reconnecting in ([4-9]|1\d) s/.test(await state(page)), 120_000);
  network.mend();
  await page.getByRole("link", { name: "Drivers", exact: true }).click();
  await until("it is live at once", async () => (await state(page)) === "live", 2_500);
});

it("shows totals of the moment of the list, in every frame", async () => {
  const { page } = watched;
  await system.run("--shipments", "5", "--drivers", "4", "--interval", "30ms", "--batches", "100000");
  await page.goto(network.url);
  await until("plans come", async () => (await newest(page)) > 20);
  const frames = await page.evaluate(async () => {
    const apart: string[] = [];
    let changes = 0;
    let last = "";
    for (const end = performance.now() + 7_000; performance.now() < end; ) {
      // After all that was asked for with this frame.
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      // Where nothing streams the list waits, and totals are what was answered last.
      if (document.querySelector<HTMLElement>("[role=status]")?.innerText !== "live") continue;
      const row = document.querySelector<HTMLElement>("[data-sequence]")?.dataset["sequence"] ?? "";
      const told = [...document.querySelectorAll(".figure")].map((figure) => figure.textContent ?? "").find((text) => text.startsWith("Plans")) ?? "";
      const said = /the newest is plan ([\d,]+)/.exec(told)?.[1]?.replaceAll(",", "") ?? "";
      if (said !== row) apart.push(`${said} above ${row}`);
      if (row !== last) changes += 1;
      last = row;
    }
    return { apart, changes };
  });
  expect(frames.changes).toBeGreaterThan(20);
  expect(frames.apart).toEqual([]);
});

it("goes on without gap or repeat after the network was cut", async () => {
  const { page } = watched;
  await system.run("--shipments", "5", "--drivers", "4", "--interval", "50ms", "--batches", "100000");
  await page.goto(network.url);
  await until("plans come", async () => (await newest(page)) > 20);
  network.cut();
  await until("it says that it is stale", async () => STALE.test(await state(page)));
  const before = await newest(page);
  network.mend();
  await until("plans come again", async () => (await newest(page)) > before + 20);
  expect(await state(page)).toBe("live");
  await whole(page);
});

it("notices a network that is silent, by three heartbeats that do not come", async () => {
  const { page } = watched;
  await page.goto(network.url);
  await until("it is live", async () => (await state(page)) === "live");
  const silent = Date.now();
  network.silence();
  await until("it says that it is stale", async () => STALE.test(await state(page)));
  // Heartbeats come every second; the last one may have come a whole one before the silence.
  expect(Date.now() - silent).toBeGreaterThan(900);
  network.mend();
  await until("it is live again", async () => (await state(page)) === "live");
});

it("is paused while nobody looks, and catches up when somebody does", async () => {
  const { page } = watched;
  await system.run("--shipments", "5", "--drivers", "4", "--interval", "20ms", "--batches", "100000");
  await page.goto(network.url);
  await until("plans come", async () => (await newest(page)) > 20);
  const look = (hidden: boolean): Promise<void> =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await look(true);
  await until("it says so", async () => (await state(page)).startsWith("paused while hidden, stale since "));
  const before = await newest(page);
  await until("others are recorded", async () => (await recorded()) > before + 50);
  expect(await newest(page)).toBe(before);
  await look(false);
  await until("they are there", async () => (await newest(page)) > before + 50);
  await whole(page);
});

it("shows plans over a slow link, and stays live", async () => {
  const { page } = watched;
  await system.run("--shipments", "5", "--drivers", "4", "--interval", "200ms", "--batches", "100000");
  network.slow = 16_000;
  await page.goto(network.url);
  await until("plans come", async () => (await newest(page)) > 10, 60_000);
  const before = await newest(page);
  await until("and go on", async () => (await newest(page)) > before + 10, 60_000);
  expect(await state(page)).toBe("live");
  await whole(page);
});

it("does not grow while plans pour in", { timeout: 400_000 }, async () => {
  const { page } = watched;
  await page.goto(network.url);
  const run = await system.run("--shipments", "2", "--drivers", "2", "--batches", "1000000");
  await until("plans pour in", async () => (await newest(page)) > 500, 60_000);
  const cdp = await page.context().newCDPSession(page);
  const points: { plans: number; bytes: number }[] = [];
  const begin = performance.now();
  for (let i = 0; i < 8; i++) {
    await new Promise((done) => setTimeout(done, 2_000));
    await cdp.send("HeapProfiler.collectGarbage");
    const { usedSize } = await cdp.send("Runtime.getHeapUsage");
    points.push({ plans: await newest(page), bytes: usedSize });
    expect((await sequences(page)).length).toBeLessThanOrEqual(200);
  }
  const plans = (points.at(-1)?.plans ?? 0) - (points[0]?.plans ?? 0);
  const perPlan = slope(points);
  const seconds = (performance.now() - begin) / 1_000;
  console.log(`${plans} plans in ${seconds.toFixed(0)} s; the heap grew by ${perPlan.toFixed(1)} bytes a plan`);
  // A plan that was kept would take some 1,500 bytes; the recorder of this test is not part of this story.
  expect(plans).toBeGreaterThan(500);
  expect(perPlan).toBeLessThan(100);

  // Whoever comes late to a store of a hundred thousand plans sees the newest, and finds the oldest.
  await until("a hundred thousand are recorded", async () => (await recorded()) > 100_000, 300_000);
  await page.close();
  const late = await open(browser, system.url);
  try {
    await late.page.goto(system.url);
    await until("the newest are there", async () => (await newest(late.page)) > 100_000);
    expect((await sequences(late.page)).length).toBeLessThanOrEqual(200);
    await late.page.goto(`${system.url}/?run=${run}`);
    await until("a search finds them", async () => (await sequences(late.page)).length === 50);
    await late.page.goto(`${system.url}/drivers`);
    await until("the drivers are there", async () => (await late.page.locator("tbody tr").count()) > 0);
    expect(late).toMatchObject({ foreign: [], refused: [], thrown: [] });
  } finally {
    await late.page.context().close();
  }
});

/** Bytes a plan, by least squares. */
function slope(points: { plans: number; bytes: number }[]): number {
  const mean = (of: (point: { plans: number; bytes: number }) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const x = mean(({ plans }) => plans);
  const y = mean(({ bytes }) => bytes);
  const above = points.reduce((sum, { plans, bytes }) => sum + (plans - x) * (bytes - y), 0);
  return above / points.reduce((sum, { plans }) => sum + (plans - x) ** 2, 0);
}
