import { describe, expect, it } from "vitest";
import { CATCH_UP, Position } from "./position.js";

describe("the position in the store", () => {
  it("begins with the newest plans and goes on after the last", () => {
    const position = new Position(200);
    expect(position.request()).toEqual({ afterSequence: 0n, last: 200 });
    expect(position.plan(1_000n)).toEqual({ kind: "next", unseen: 0n });
    expect(position.plan(1_001n)).toEqual({ kind: "next", unseen: 0n });
    expect(position.request()).toEqual({ afterSequence: 1_001n, last: CATCH_UP });
  });

  it("shows no plan twice", () => {
    const position = new Position(200);
    position.plan(7n);
    expect(position.plan(7n)).toEqual({ kind: "repeat" });
    expect(position.plan(3n)).toEqual({ kind: "repeat" });
    expect(position.cursor).toBe(7n);
  });

  it("counts what it passed over", () => {
    const position = new Position(200);
    position.plan(10n);
    expect(position.plan(15n)).toEqual({ kind: "next", unseen: 4n });
  });

  it("begins again when the store is another one", () => {
    const position = new Position(200);
    position.plan(10n);
    expect(position.otherStore(10n)).toBe(false);
    expect(position.otherStore(9n)).toBe(true);
    expect(position.request().afterSequence).toBe(0n);
  });
});
