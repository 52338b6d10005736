import { describe, expect, it } from 'vitest';
import { bars, path } from './waves';

describe('bars', () => {
  it('takes the loudest point of each bar and lets the loudest fill the height', () => {
    expect(bars([0, 0.25, 0.0625, 0], 2)).toEqual([1, 0.5]);
  });

  it('repeats points where there are fewer than bars, and leaves silence silent', () => {
    expect(bars([0.25], 3)).toEqual([1, 1, 1]);
    expect(bars([0, 0.001, 0], 3).every((v) => v < 0.05)).toBe(true);
  });
});

describe('path', () => {
  it('draws one closed bar each around the middle', () => {
    expect(path([1, 0])).toBe('M0 0.0h0.62v40.0h-0.62zM1 19.5h0.62v1.0h-0.62z');
  });
});
