import { expect, it } from "vitest";
import { daysBack, inTurn } from "./days.js";

it("counts days in UTC over the end of a month and a leap day", () => {
  expect(daysBack(Date.UTC(2028, 2, 1, 0, 30), 3)).toEqual(["2028-03-01", "2028-02-29", "2028-02-28"]);
});

it("asks for a few at once, and answers in order", async () => {
  let running = 0;
  let most = 0;
  const answers = await inTurn([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    return item * 10;
  });
  expect([answers, most]).toEqual([[10, 20, 30, 40, 50, 60, 70], 3]);
});
