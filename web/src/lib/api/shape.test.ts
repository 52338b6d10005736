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

  it('fills what a job leaves out', () => {
    expect(shape.job({ estimateMs: 5, startedMs: 6 })).toMatchObject({ estimateMs: 5, startedMs: 6, endedMs: 0, error: null, stages: [] });
  });

  it('tells findings without a range and waived ones', () => {
    expect(shape.finding({ check: 'loudness', severity: 'error', startMs: 0, endMs: 0, state: 'waived', waivedBy: 'u', reason: 'live' })).toMatchObject({ ranged: false, waivedBy: 'u', waivedReason: 'live' });
    expect(shape.finding({ severity: 'error', startMs: 0, endMs: 9, state: 'open' })).toMatchObject({ ranged: true, waivedBy: '' });
  });

  it('takes a page that is empty', () => {
    expect(shape.page({ items: [{ n: 1 }], next: 'c', total: 9 }, (r) => r.n)).toEqual({ items: [1], next: 'c', total: 9 });
    expect(shape.page({ items: null, next: '' }, (r) => r)).toEqual({ items: [], next: undefined, total: undefined });
  });

  it('tells clear and encrypted links apart', () => {
    expect(shape.play({ clearkey: { licence: '/l', keys: { a: 'b' } } }).clearkey).toEqual({ licence: '/l', keys: { a: 'b' } });
    expect(shape.play({}).clearkey).toBeNull();
  });
});
