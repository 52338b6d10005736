import { describe, expect, it } from 'vitest';
import { about, ago, bytes, length, percent, plural, sentence } from './words';

describe('words', () => {
  it('says sizes in powers of a thousand', () => {
    expect([0, 999, 1000, 1_234_567, 250_000_000, 5.5e12].map(bytes)).toEqual(['0 B', '999 B', '1.0 kB', '1.2 MB', '250 MB', '5.5 TB']);
  });

  it('says lengths', () => {
    expect([0, 400, 7900, 725_000, 3_723_000, 36_000_000].map(length)).toEqual(['0:00', '0:01', '0:07', '12:05', '1:02:03', '10:00:00']);
  });

  it('says estimates', () => {
    expect([10, 59_000, 240_000, 7_800_000, 7_200_000].map(about)).toEqual(['1 s', '59 s', '4 min', '2 h 10 min', '2 h']);
  });

  it('says how long ago', () => {
    const now = 1_000_000_000;
    expect([now - 1000, now - 300_000, now - 7_200_000, now - 172_800_000].map((t) => ago(t, now))).toEqual(['just now', '5 min ago', '2 h ago', '2 d ago']);
  });

  it('says the rest', () => {
    expect(percent(0.999)).toBe('99 %');
    expect(plural(1, 'item')).toBe('1 item');
    expect(plural(2, 'item')).toBe('2 items');
    expect(sentence('caption-speed')).toBe('Caption speed');
  });
});
