import { describe, expect, it } from 'vitest';
import type { Annotation } from '$lib/api';
import { compare, cut, lastBefore, matches, replaced, speakerName, utterances, wordsOf } from './words';

const said = (text: string, over: Partial<Annotation> = {}): Annotation => ({
  id: text, track: 'speech', startMs: 1000, endMs: 2000, label: 'S1', text, lang: 'en', score: 0.9, model: 'test', lockedBy: '', source: 'speech', person: '', who: '', box: null, path: [],
  words: text.split(' ').map((t, i, all) => ({ text: t, startMs: 1000 + (1000 * i) / all.length, endMs: 1000 + (1000 * (i + 1)) / all.length, score: 0.9 })), ...over
});

describe('a transcript', () => {
  it('holds what is said in order, without a second model', () => {
    const list = utterances([said('later', { startMs: 1500 }), said('first'), said('other', { source: 'speech@tiny' }), said('door', { track: 'marker' })]);
    expect(list.map((u) => u.text)).toEqual(['first', 'later']);
  });

  it('shares out the time of words that nobody timed', () => {
    expect(wordsOf(said('ab  cdef', { words: [] }))).toEqual([
      { text: 'ab', startMs: 1000, endMs: 1333, score: 1 },
      { text: 'cdef', startMs: 1333, endMs: 2000, score: 1 }
    ]);
  });

  it('finds what has begun', () => {
    const list = [{ startMs: 10 }, { startMs: 20 }, { startMs: 30 }];
    expect([5, 10, 29, 99].map((ms) => lastBefore(list, ms))).toEqual([-1, 0, 1, 2]);
  });

  it('names speakers', () => {
    expect([speakerName('S2'), speakerName('Sam')]).toEqual(['Speaker 2', 'Sam']);
  });

  it('is searched and changed whatever the case', () => {
    expect(matches([said('The Harbour'), said('nothing')], 'harbour ')).toEqual([0]);
    expect(matches([said('x')], ' ')).toEqual([]);
    expect(replaced('Harbor, harbor!', 'harbor', 'harbour')).toBe('harbour, harbour!');
    expect(replaced('aaa', '', 'x')).toBe('aaa');
  });
});

describe('cutting an utterance', () => {
  it('cuts between words, at the time of the next', () => {
    expect(cut(said('one two three four'), 8)).toEqual({ first: 'one two', second: 'three four', atMs: 1500 });
  });

  it('never cuts a word', () => {
    expect(cut(said('one two three four'), 10)).toEqual({ first: 'one two', second: 'three four', atMs: 1500 });
  });

  it('does not cut at the ends', () => {
    expect([cut(said('one two'), 0), cut(said('one two'), 7), cut(said('one'), 2)]).toEqual([null, null, null]);
  });
});

describe('comparing two texts', () => {
  it('tells what went and what came', () => {
    expect(compare('the old harbor is open', 'the harbour is open today')).toEqual([
      { how: 'same', text: 'the' },
      { how: 'gone', text: 'old harbor' },
      { how: 'added', text: 'harbour' },
      { how: 'same', text: 'is open' },
      { how: 'added', text: 'today' }
    ]);
  });
});
