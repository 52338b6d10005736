import { describe, expect, it } from 'vitest';
import type { Face } from '$lib/api';
import { byAsset, called, endOfDay, moment, seenIn, standing, tomorrow, until } from './words';

const face = (over: Partial<Face>): Face => ({
  id: 'f', kind: 'face', asset: 'a', version: 1, startMs: 0, endMs: 1, atMs: 0, speaker: '', person: '', personName: '', how: '', group: 'g', score: 1, picture: '', ...over
});

describe('words about people', () => {
  it('leads to the moment', () => {
    expect(moment('a b', 12_340)).toBe('/assets/a%20b?t=12.3');
  });

  it('counts where somebody is seen and heard', () => {
    expect(seenIn({ faces: 0, voices: 0, assets: 0, withdrawn: '' })).toBe('Not seen or heard yet');
    expect(seenIn({ faces: 1, voices: 0, assets: 1, withdrawn: '' })).toBe('1 asset · seen 1 time');
    expect(seenIn({ faces: 3, voices: 1, assets: 2, withdrawn: '' })).toBe('2 assets · seen 3 times, heard in 1');
    expect(seenIn({ faces: 3, voices: 1, assets: 2, withdrawn: 'revoked' })).toBe('Not recognised any more');
    expect(seenIn({ faces: 0, voices: 2, assets: 2, withdrawn: '' })).toBe('2 assets · heard in each');
  });

  it('says whether somebody may be recognised', () => {
    const stands = { id: 'c', basis: 'b', document: '', givenMs: 1, expiresMs: 0, endedMs: 0, endedWhy: '' as const };
    expect(standing({ consent: null, withdrawn: 'revoked' }, null)).toEqual({ text: 'Consent revoked', tone: 'bad' });
    expect(standing({ consent: stands, withdrawn: '' }, null).text).toBe('Consent without an end');
    expect(standing({ consent: null, withdrawn: '' }, { eachPerson: true }).tone).toBe('warn');
    expect(standing({ consent: null, withdrawn: '' }, { eachPerson: false }).tone).toBe('dim');
  });

  it('takes a day to its end', () => {
    expect(endOfDay('')).toBe(0);
    expect(new Date(endOfDay('2027-05-03')).getDate()).toBe(3);
    expect(endOfDay('2027-05-04') - endOfDay('2027-05-03')).toBe(86_400_000);
    expect(tomorrow(new Date(2026, 11, 31, 23, 50))).toBe('2027-01-01');
    expect(until(0)).toBe('without an end');
  });

  it('calls a group and sorts appearances', () => {
    expect(called({ face: face({ kind: 'voice' }), faces: 2, assets: ['a', 'b'] })).toBe('A voice in 2 assets');
    expect(called({ face: face({}), faces: 1, assets: ['a'] })).toBe('A face, 1 time in 1 asset');
    const sorted = byAsset([face({ id: '2', startMs: 5 }), face({ id: '3', asset: 'b' }), face({ id: '1', startMs: 2 })]);
    expect(sorted.map((g) => [g.asset, g.faces.map((f) => f.id)])).toEqual([['a', ['1', '2']], ['b', ['3']]]);
  });
});
