// What came from the store so far, apart from the network: where to go on, and what an item means for the page.

/** Plans that a page which was away catches up on at most: what lies before them would not stay on it. */
export const CATCH_UP = 5_000;

export type Step =
  /** The next plan; `unseen`: so many before it were passed over. */
  | { kind: "next"; unseen: bigint }
  /** A plan that is on the page already. */
  | { kind: "repeat" };

export class Position {
  /** The last plan that is on the page; 0: none. */
  cursor = 0n;
  private readonly first: number;

  /** `first`: plans that a page begins with. */
  constructor(first: number) {
    this.first = first;
  }

  request(): { afterSequence: bigint; last: number } {
    return { afterSequence: this.cursor, last: this.cursor === 0n ? this.first : CATCH_UP };
  }

  plan(sequence: bigint): Step {
    if (sequence <= this.cursor) return { kind: "repeat" };
    const unseen = this.cursor === 0n ? 0n : sequence - this.cursor - 1n;
    this.cursor = sequence;
    return { kind: "next", unseen };
  }

  /** Whether what is on the page is of a store that is not there any more: then all begins again. */
  otherStore(newest: bigint): boolean {
    if (newest >= this.cursor) return false;
    this.cursor = 0n;
    return true;
  }
}
