import { describe, expect, it } from 'vitest';
import { clock, lanesOf, listOf, rateText, secondsOf } from './words';
import type { Mark, Rate } from './api';

const rate = (r: Partial<Rate>): Rate => ({ kind: 'face', hard: false, missed: 0, partly: 0, of: 11, synthetic: true, set: 's', models: 'm', on: '2026-01-01', ...r });
const mark = (m: Partial<Mark>): Mark => ({ id: 'm1', in: 'sound', kind: 'phone', text: '02…', score: 1, model: 'm', startMs: 0, endMs: 900, spots: [], dropped: false, ...m });

describe('words of what is hidden', () => {
  it('says how often it is missed', () => {
    expect(rateText(rate({}))).toBe('None of 11 faces was missed.');
    expect(rateText(rate({ hard: true, missed: 1, of: 7, partly: 2 }))).toBe('1 of 7 hard faces was missed; 2 showed for a part of the time.');
    expect(rateText(rate({ kind: 'writing', of: 0 }))).toBe('Written secrets: not measured.');
  });
  it('lists what is hidden', () => {
    expect(listOf(['faces', 'pii', 'withheld'])).toBe('all faces, personal data and people who withdrew');
    expect(listOf(['ranges'])).toBe('marked ranges');
  });
  it('reads and writes times', () => {
    expect(secondsOf('12.5')).toBe(12_500);
    expect(secondsOf('1:02:03.5')).toBe(3_723_500);
    expect(secondsOf('soon')).toBeNull();
    expect(secondsOf('')).toBeNull();
    expect(clock(72_500)).toBe('1:12.5');
    expect(clock(59_960)).toBe('0:59.9');
  });
  it('draws sound and picture apart', () => {
    const lanes = lanesOf([mark({}), mark({ in: 'picture', kind: 'face', text: '', dropped: true })]);
    expect(lanes.map((l) => [l.name, l.spans[0]!.text, l.spans[0]!.faded])).toEqual([['Picture', 'Face', true], ['Sound', 'Phone number 02…', false]]);
  });
});
