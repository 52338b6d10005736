import { describe, expect, it } from 'vitest';
import * as shape from './shape';

describe('translation from the wire', () => {
  it('fills what an asset leaves out', () => {
    const a = shape.asset({ id: 'a', kind: '', name: 'x.mp4', title: '', tags: null, state: 'received', rev: 3 });
    expect(a).toMatchObject({ tags: [], durationMs: 0, published: 0, error: '', rev: '"r3"', licence: '' });
  });

  it('prefers the ETag that came with the asset', () => {
    expect(shape.asset({ rev: 3 }, '"r4"').rev).toBe('"r4"');
  });

  it('reads a failure as its sentence', () => {
    expect(shape.asset({ error: { kind: 'corrupt', code: 'truncated', text: 'It ends early.' } }).error).toBe('It ends early.');
  });

  it('reads times of jobs whichever way they are spelt', () => {
    expect(shape.job({ estimateMS: 5, startedMS: 6 })).toMatchObject({ estimateMs: 5, startedMs: 6, error: null });
    expect(shape.job({ estimateMs: 5 }).estimateMs).toBe(5);
  });

  it('reads ranges in flicks and in milliseconds', () => {
    expect(shape.annotation({ range: { start: 705_600_000, end: 1_411_200_000 } })).toMatchObject({ startMs: 1000, endMs: 2000 });
    expect(shape.annotation({ startMs: 1, endMs: 2 })).toMatchObject({ startMs: 1, endMs: 2 });
  });

  it('tells findings without a range and waived ones', () => {
    expect(shape.finding({ check: 'loudness', severity: 'error', startMs: 0, endMs: 0, state: 'waived', waivedBy: 'u', reason: 'live' })).toMatchObject({ ranged: false, waivedBy: 'u', waivedReason: 'live' });
    expect(shape.finding({ severity: 'error', startMs: 0, endMs: 9, state: 'open' })).toMatchObject({ ranged: true, waivedBy: '' });
  });

  it('takes pages with and without an envelope', () => {
    expect(shape.page([{ n: 1 }], (r) => r.n)).toEqual({ items: [1], next: undefined, total: undefined });
    expect(shape.page({ items: [{ n: 1 }], next: 'c', total: 9 }, (r) => r.n)).toEqual({ items: [1], next: 'c', total: 9 });
  });

  it('takes ClearKey pairs as a list and as a map', () => {
    expect(shape.play({ clearkey: { licence: '/l', keys: [{ kid: 'a', key: 'b' }] } }).clearkey).toEqual({ licence: '/l', keys: { a: 'b' } });
    expect(shape.play({ clearkey: { licence: '/l' } }).clearkey).toEqual({ licence: '/l', keys: {} });
    expect(shape.play({}).clearkey).toBeNull();
  });
});
