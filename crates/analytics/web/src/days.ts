// Days in UTC, as the service counts them.

/** The day of a moment (in milliseconds), and those before it: so many, the newest first, as YYYY-MM-DD. */
export function daysBack(now: number, days: number): string[] {
  return Array.from({ length: days }, (_, i) => new Date(now - i * 86_400_000).toISOString().slice(0, 10));
}

/** Runs `ask` for each item, at most `width` at once; answers in the order of the items. */
export async function inTurn<T, R>(items: readonly T[], width: number, ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers = new Array<R>(items.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) answers[i] = await ask(items[i] as T);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return answers;
}
