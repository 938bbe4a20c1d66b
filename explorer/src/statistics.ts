// Median and band of an ensemble, sample by sample.

/** Values at parts of the ordered members, `[part][sample]`. */
export function quantiles(traces: Float32Array[], parts: number[]): Float32Array[] {
  const n = traces[0]?.length ?? 0;
  const column = new Float32Array(traces.length);
  const results = parts.map(() => new Float32Array(n));
  for (let sample = 0; sample < n; sample++) {
    for (let row = 0; row < traces.length; row++) column[row] = traces[row]![sample]!;
    column.sort();
    parts.forEach((part, idx) => (results[idx]![sample] = at(column, part)));
  }
  return results;
}

/** Value at a part of an ordered list, between its neighbors. */
export function at(ordered: Float32Array | number[], part: number): number {
  if (ordered.length === 0) return Number.NaN;
  const place = part * (ordered.length - 1);
  const below = Math.floor(place);
  const low = ordered[below]!;
  const high = ordered[Math.min(below + 1, ordered.length - 1)]!;
  return low + (place - below) * (high - low);
}
