import { describe, expect, it } from 'vitest';
import { boxAt, inside } from './boxes';

const at = (atMs: number, x: number) => ({ atMs, box: { x, y: 0, w: 0.2, h: 0.4 } });

describe('a box', () => {
  const moving = { startMs: 1000, endMs: 4000, box: null, path: [at(1000, 0), at(3000, 0.4)] };

  it('moves in a straight line between its spots and stays at the last', () => {
    expect([1000, 2000, 3500].map((ms) => boxAt(moving, ms)?.x)).toEqual([0, 0.2, 0.4]);
  });

  it('is not there before and after', () => {
    expect([boxAt(moving, 999), boxAt(moving, 4000)]).toEqual([null, null]);
  });

  it('of one instant stands for a second', () => {
    const one = { startMs: 2000, endMs: 2000, box: at(0, 0.1).box, path: [] };
    expect([boxAt(one, 2900)?.x, boxAt(one, 3000)]).toEqual([0.1, null]);
  });
});

describe('the picture in the player', () => {
  it('leaves the bars out', () => {
    expect(inside(1000, 500, 1)).toEqual({ x: 250, y: 0, w: 500, h: 500 });
    expect(inside(400, 500, 2)).toEqual({ x: 0, y: 150, w: 400, h: 200 });
  });
});
