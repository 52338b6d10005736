/** The window of time a timeline shows: pure arithmetic, no drawing. Times are milliseconds, x is CSS pixels. */

export interface View {
  startMs: number;
  msPerPx: number;
}

export const SHORTEST_MS_PER_PX = 0.5;

export function whole(durationMs: number, width: number): View {
  return { startMs: 0, msPerPx: Math.max(SHORTEST_MS_PER_PX, Math.max(1, durationMs) / Math.max(1, width)) };
}

export function clamp(v: View, durationMs: number, width: number): View {
  const msPerPx = Math.min(Math.max(v.msPerPx, SHORTEST_MS_PER_PX), whole(durationMs, width).msPerPx);
  const last = Math.max(0, durationMs - msPerPx * width);
  return { msPerPx, startMs: Math.min(Math.max(0, v.startMs), last) };
}

export const xOf = (v: View, ms: number): number => (ms - v.startMs) / v.msPerPx;
export const msOf = (v: View, x: number): number => v.startMs + x * v.msPerPx;

/** zoom changes the scale by a factor and keeps the time under x where it is. */
export function zoom(v: View, factor: number, x: number, durationMs: number, width: number): View {
  const at = msOf(v, x);
  const widest = whole(durationMs, width).msPerPx;
  const msPerPx = Math.min(Math.max(v.msPerPx * factor, SHORTEST_MS_PER_PX), widest);
  return clamp({ msPerPx, startMs: at - x * msPerPx }, durationMs, width);
}

export const pan = (v: View, px: number, durationMs: number, width: number): View => clamp({ ...v, startMs: v.startMs + px * v.msPerPx }, durationMs, width);

/** follow moves the window only when the playhead has left it. */
export function follow(v: View, ms: number, durationMs: number, width: number): View {
  const x = xOf(v, ms);
  if (x >= 0 && x <= width) return v;
  return clamp({ ...v, startMs: ms - 0.1 * width * v.msPerPx }, durationMs, width);
}

const STEPS_MS = [100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000];

/** step is the distance of ruler marks so that labels are at least 80 px apart. */
export function step(v: View): number {
  return STEPS_MS.find((s) => s / v.msPerPx >= 80) ?? STEPS_MS.at(-1)!;
}

/** snap moves a time onto the nearest edge within reach pixels. Edges are ordered. */
export function snap(v: View, ms: number, edges: number[], reachPx = 8): number {
  let lo = 0;
  let hi = edges.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (edges[mid]! < ms) lo = mid + 1;
    else hi = mid;
  }
  let best = ms;
  let reach = reachPx * v.msPerPx;
  for (const edge of [edges[lo - 1], edges[lo]]) {
    if (edge !== undefined && Math.abs(edge - ms) <= reach) {
      reach = Math.abs(edge - ms);
      best = edge;
    }
  }
  return best;
}
