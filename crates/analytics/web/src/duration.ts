// Times as people write them: 500ms, 2s, 10m, 1h30m.

import type { Duration } from "@bufbuild/protobuf/wkt";

const MILLIS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** In milliseconds; undefined: not a time. */
export function parseMillis(text: string): number | undefined {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*/gy)];
  if (parts.length === 0 || parts.map(([all]) => all).join("") !== text.trim()) return undefined;
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (MILLIS[unit ?? ""] ?? 0), 0);
}

export function wire(millis: number): { seconds: bigint; nanos: number } {
  const seconds = Math.floor(millis / 1_000);
  return { seconds: BigInt(seconds), nanos: Math.round((millis - seconds * 1_000) * 1e6) };
}

export function millis(duration: Duration): number {
  return Number(duration.seconds) * 1_000 + duration.nanos / 1e6;
}

/** A longer time in the two units that say most: 3 d 4 h, 12 min 5 s, 2.5 s. */
export function long(millis: number): string {
  if (millis < 1_000) return `${Math.round(millis)} ms`;
  const seconds = millis / 1_000;
  if (seconds < 60) return `${seconds < 10 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const units: [string, number][] = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]];
  const from = units.findIndex(([, length]) => whole >= length);
  const [first, second] = units.slice(from, from + 2);
  if (first === undefined) return "0 s";
  const head = `${Math.floor(whole / first[1])} ${first[0]}`;
  const rest = second === undefined ? 0 : Math.floor((whole % first[1]) / second[1]);
  return rest === 0 || second === undefined ? head : `${head} ${rest} ${second[0]}`;
}
