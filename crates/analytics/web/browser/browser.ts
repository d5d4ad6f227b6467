// A real Chromium, and everything that it finds wrong with the page.

import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";

export const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--enable-precise-memory-info", "--js-flags=--expose-gc"],
  });
}

export type Watched = {
  page: Page;
  /** Requests to another host. */
  foreign: string[];
  /** What the policy refused. */
  refused: string[];
  /** Exceptions that nobody caught. */
  thrown: string[];
};

/** A page on which nothing goes wrong unnoticed. */
export async function open(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<Watched> {
  return anotherWindow(await browser.newContext({ viewport: { width: 1_440, height: 900 }, ...options }), origin);
}

/** One more window of the same browser. */
export async function anotherWindow(context: BrowserContext, origin: string): Promise<Watched> {
  const page = await context.newPage();
  const watched: Watched = { page, foreign: [], refused: [], thrown: [] };
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`)) watched.foreign.push(request.url());
  });
  page.on("console", (message) => {
    if (/content security policy|trusted ?type/i.test(message.text())) watched.refused.push(message.text());
  });
  page.on("pageerror", (error) => watched.thrown.push(String(error)));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  return watched;
}

/** Sequences of the rows on the page, the newest first. */
export function sequences(page: Page): Promise<number[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("[data-sequence]")].map((row) => Number(row.dataset["sequence"])),
  );
}

export function state(page: Page): Promise<string> {
  return page.getByRole("status").innerText();
}
