import { describe, expect, it } from 'vitest';
import { clamp, follow, msOf, pan, snap, step, whole, xOf, zoom } from './view';

const DURATION = 100_000;
const WIDTH = 1000;

describe('the window of a timeline', () => {
  it('shows all of it', () => {
    const v = whole(DURATION, WIDTH);
    expect(xOf(v, 0)).toBe(0);
    expect(xOf(v, DURATION)).toBe(WIDTH);
  });

  it('keeps the time under the pointer while zooming', () => {
    let v = whole(DURATION, WIDTH);
    const before = msOf(v, 300);
    v = zoom(v, 0.25, 300, DURATION, WIDTH);
    expect(msOf(v, 300)).toBeCloseTo(before, 6);
    v = zoom(v, 0.5, 300, DURATION, WIDTH);
    expect(msOf(v, 300)).toBeCloseTo(before, 6);
  });

  it('never leaves the film', () => {
    const v = zoom(whole(DURATION, WIDTH), 0.1, 0, DURATION, WIDTH);
    expect(pan(v, -500, DURATION, WIDTH).startMs).toBe(0);
    expect(msOf(pan(v, 1e9, DURATION, WIDTH), WIDTH)).toBeCloseTo(DURATION, 6);
    expect(clamp({ startMs: 0, msPerPx: 1e9 }, DURATION, WIDTH)).toEqual(whole(DURATION, WIDTH));
  });

  it('follows the playhead only when it has left', () => {
    const v = { startMs: 10_000, msPerPx: 10 };
    expect(follow(v, 15_000, DURATION, WIDTH)).toBe(v);
    expect(follow(v, 20_500, DURATION, WIDTH).startMs).toBe(19_500);
  });

  it('snaps to the nearest edge within reach and to none beyond', () => {
    const v = whole(DURATION, WIDTH);
    const edges = [0, 20_000, 21_000, 100_000];
    expect(snap(v, 20_400, edges)).toBe(20_000);
    expect(snap(v, 20_700, edges)).toBe(21_000);
    expect(snap(v, 50_000, edges)).toBe(50_000);
    expect(snap(v, 20_400, edges, 0)).toBe(20_400);
    expect(snap(v, 500, [])).toBe(500);
  });

  it('labels at a readable distance', () => {
    for (const msPerPx of [0.5, 3, 100, 4000]) expect(step({ startMs: 0, msPerPx }) / msPerPx).toBeGreaterThanOrEqual(80);
  });
});
