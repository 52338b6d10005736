import { describe, expect, it } from 'vitest';
import type { Annotation, Finding } from '$lib/api';
import { edges, lanes, pack, wave, type Span } from './tracks';

const note = (track: string, startMs: number, endMs: number): Annotation => ({ id: `${track}${startMs}`, track, startMs, endMs, label: '', text: '', lang: '', score: 1, model: 'test', lockedBy: '', source: '', person: '', who: '', box: null, path: [], words: [] });
const finding = (over: Partial<Finding>): Finding => ({ id: 'f', check: 'black', severity: 'warning', text: 'Black.', startMs: 0, endMs: 0, ranged: false, waivedBy: '', waivedReason: '', thumb: '', ...over });

describe('lanes', () => {
  it('numbers shots in order and leaves empty lanes out', () => {
    const got = lanes([note('shot', 2000, 3000), note('shot', 0, 2000), note('loudness', 0, 1000)], []);
    expect(got.map((l) => l.id)).toEqual(['shot']);
    expect(got[0]!.spans.map((s) => s.text)).toEqual(['Shot 1', 'Shot 2']);
  });

  it('draws findings with a range, waived ones faded', () => {
    const got = lanes([], [finding({ ranged: true, endMs: 10, waivedBy: 'ada' }), finding({ id: 'g' })]);
    expect(got[0]!.spans).toEqual([{ startMs: 0, endMs: 10, text: 'Black.', faded: true }]);
  });

  it('puts what overlaps into rows, at most four', () => {
    const spans: Span[] = Array.from({ length: 6 }, (_, i) => ({ startMs: i, endMs: 100, text: '' }));
    expect([pack(spans), spans.map((s) => s.row ?? 0)]).toEqual([4, [0, 1, 2, 3, 3, 3]]);
    expect(pack([{ startMs: 0, endMs: 5, text: '' }, { startMs: 5, endMs: 9, text: '' }])).toBe(1);
  });

  it('names speakers, and leaves a second model out', () => {
    const got = lanes([{ ...note('speaker', 0, 1000), label: 'S2' }, { ...note('speech', 0, 1000), source: 'speech@tiny' }], []);
    expect(got.map((l) => [l.id, l.spans[0]!.text])).toEqual([['speaker', 'Speaker 2']]);
  });

  it('gives each edge once, ordered', () => {
    expect(edges(lanes([note('shot', 0, 2000), note('shot', 2000, 5000)], []), 5000)).toEqual([0, 2000, 5000]);
  });
});

describe('wave', () => {
  it('reads one value a point', () => {
    expect(wave({ pps: 10, peaks: [0, 0.5, 1] }, 300)).toEqual({ stepMs: 100, peaks: [0, 0.5, 1] });
  });

  it('reads low and high pairs of 8 bits', () => {
    const w = wave({ sample_rate: 48000, samples_per_pixel: 4800, bits: 8, data: [-64, 64, -128, 0] }, 200)!;
    expect(w.stepMs).toBe(100);
    expect(w.peaks).toEqual([0.5, 1]);
  });

  it('is nothing where there is no sound', () => {
    expect(wave({ peaks: [] }, 1000)).toBeNull();
    expect(wave(null, 1000)).toBeNull();
  });
});
