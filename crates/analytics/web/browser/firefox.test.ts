// The page in Firefox: the same truth as in Chromium, told by another engine.

import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { System, until } from "./system.js";

const FIREFOX = process.env["FIREFOX"] ?? "";

let browser: Browser;
let system: System;

if (FIREFOX === "") console.log("skipped: the page is not tried in Firefox, which is not installed");

beforeAll(async () => {
  if (FIREFOX === "") return;
  browser = await puppeteer.launch({ browser: "firefox", executablePath: FIREFOX, headless: true });
  system = await System.start();
});
afterAll(async () => {
  await browser?.close();
  await system?.end();
});

const sequences = (page: Page): Promise<number[]> =>
  page.$$eval("[data-sequence]", (rows) => rows.map((row) => Number((row as HTMLElement).dataset["sequence"])));
const text = (page: Page, of: string): Promise<string> => page.$eval(of, (element) => (element as HTMLElement).innerText);

it.skipIf(FIREFOX === "")("shows plans as they come, goes on after analytics was killed, and opens a plan", async () => {
  const page = await browser.newPage();
  const wrong: string[] = [];
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => {
    if (/content security policy|content-security-policy/i.test(message.text())) wrong.push(message.text());
  });
  page.on("request", (request) => {
    // Firefox loads a font of its own from a data URL.
    if (/^(https?|wss?):/.test(request.url()) && !request.url().startsWith(`${system.url}/`)) wrong.push(request.url());
  });
  await system.run("--shipments", "12", "--drivers", "9", "--interval", "50ms", "--batches", "100000");
  await page.goto(system.url);
  await until("plans come", async () => ((await sequences(page))[0] ?? 0) > 20);
  expect(await text(page, "[role=status]")).toBe("live");

  await system.kill("analytics");
  await until("it says that it is stale", async () => /stale since \d\d:\d\d:\d\d$/.test(await text(page, "[role=status]")));
  const before = (await sequences(page))[0] ?? 0;
  await system.launch("analytics");
  await until("plans come again", async () => ((await sequences(page))[0] ?? 0) > before + 20);
  expect(await text(page, "[role=status]")).toBe("live");
  const all = await sequences(page);
  expect(all).toEqual(all.map((_, i) => (all[0] ?? 0) - i));

  // A second window watches on the same stream, with both of them in sight.
  await page.evaluate(() => Object.defineProperty(document, "hidden", { value: false }));
  const second = await browser.newPage();
  await second.goto(system.url);
  await until("plans come there too", async () => ((await sequences(second))[0] ?? 0) > before + 20);
  expect(await text(second, "[role=status]")).toBe("live");
  expect(await text(page, "[role=status]")).toBe("live");
  expect(await system.watchers()).toBe(1);
  await second.close();
  await page.bringToFront();

  // By the element itself: rows move on below a pointer.
  await page.$eval("#plans a", (link) => (link as HTMLElement).click());
  await until("the plan is there", async () => /^Plan \d/.test(await text(page, "h1")));
  await until("its rows are there", async () => (await page.$$("td.name")).length >= 18);
  await page.goto(`${system.url}/profile`);
  await until("its streams are open", async () => ((await text(page, "main")).match(/\bopen\b/g) ?? []).length === 2);
  expect(wrong).toEqual([]);
});
