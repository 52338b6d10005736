import { describe, expect, it } from 'vitest';
import { frameAt, markAt, msOfFrame, timecode } from './timecode';

const ntsc = { num: 30000, den: 1001 };

describe('timecode', () => {
  it('counts frames at 25 fps', () => {
    expect(timecode(0, { num: 25, den: 1 })).toBe('00:00:00:00');
    expect(timecode(1040, { num: 25, den: 1 })).toBe('00:00:01:01');
    expect(timecode(3_599_960, { num: 25, den: 1 })).toBe('00:59:59:24');
  });

  // SMPTE ST 12-1: frames 0 and 1 are dropped each minute but the tenth.
  it('drops frame numbers at 29.97', () => {
    expect(timecode(msOfFrame(1799, ntsc), ntsc)).toBe('00:00:59;29');
    expect(timecode(msOfFrame(1800, ntsc), ntsc)).toBe('00:01:00;02');
    expect(timecode(msOfFrame(17982, ntsc), ntsc)).toBe('00:10:00;00');
    expect(timecode(msOfFrame(107892, ntsc), ntsc)).toBe('01:00:00;00');
  });

  it('finds the frame that a rounded seek lands on', () => {
    for (let f = 0; f < 5000; f += 7) expect(frameAt(msOfFrame(f, ntsc), ntsc)).toBe(f);
  });

  it('shows milliseconds where no rate is known', () => {
    expect(timecode(61_234, null)).toBe('00:01:01.234');
    expect(timecode(61_234, { num: 0, den: 0 })).toBe('00:01:01.234');
  });
});

describe('markAt', () => {
  it('names the frame it was set on, at every rate', () => {
    for (const r of [{ num: 25, den: 1 }, { num: 30000, den: 1001 }, { num: 24000, den: 1001 }, { num: 60000, den: 1001 }]) {
      for (let n = 0; n < 5000; n += 7) expect(frameAt(markAt(msOfFrame(n, r) + 0.1, r), r)).toBe(n);
    }
  });

  it('rounds where no rate is known', () => {
    expect(markAt(12.6, null)).toBe(13);
  });
});
