/** What a transcript is made of, and how it is searched, compared and cut. Nothing here touches the page. */
import type { Annotation, Word } from '$lib/api';

/** FAINT is the confidence below which a word is shown as doubtful. */
export const FAINT = 0.6;

/** Said is a track of words: what is spoken, or its translation by a machine. */
export type Said = 'speech' | 'translation';

/** utterances are what is said, in order; another model's text that is kept for comparison is left out. */
export function utterances(all: Annotation[], track: Said = 'speech'): Annotation[] {
  return all.filter((a) => a.track === track && !a.source.includes('@')).sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
}

/** wordsOf are an utterance's words; where it has none (a person wrote it), its time is shared out by length. */
export function wordsOf(u: Pick<Annotation, 'text' | 'words' | 'startMs' | 'endMs'>): Word[] {
  if (u.words.length > 0) return u.words;
  const parts = u.text.split(/\s+/).filter(Boolean);
  const total = parts.reduce((n, p) => n + p.length, 0);
  let at = 0;
  return parts.map((text) => {
    const startMs = u.startMs + Math.round(((u.endMs - u.startMs) * at) / total);
    at += text.length;
    return { text, startMs, endMs: u.startMs + Math.round(((u.endMs - u.startMs) * at) / total), score: 1 };
  });
}

/** lastBefore is the index of the last item that has begun at a time, -1 before the first. Items are ordered by start. */
export function lastBefore(items: { startMs: number }[], ms: number): number {
  let [lo, hi] = [0, items.length];
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (items[mid]!.startMs <= ms) lo = mid + 1;
    else hi = mid;
  }
  return lo - 1;
}

/** speakerName says a speaker's label for people: the machine's S1 is Speaker 1, a person's name stays. */
export function speakerName(label: string): string {
  const n = /^S(\d+)$/.exec(label);
  return n ? `Speaker ${n[1]}` : label;
}

const plain = (s: string): string => s.toLocaleLowerCase();

/** matches are the indices of the utterances that hold a text, whatever its case. */
export function matches(list: Annotation[], text: string): number[] {
  const needle = plain(text.trim());
  if (!needle) return [];
  return list.flatMap((u, i) => (plain(u.text).includes(needle) ? [i] : []));
}

/** replaced puts one text for another everywhere in an utterance, whatever its case. */
export function replaced(text: string, find: string, put: string): string {
  if (!find) return text;
  let [out, at] = ['', 0];
  const [hay, needle] = [plain(text), plain(find)];
  for (let i = hay.indexOf(needle); i >= 0; i = hay.indexOf(needle, at)) {
    out += text.slice(at, i) + put;
    at = i + find.length;
  }
  return out + text.slice(at);
}

/** cut is where an utterance falls into two at a place in its text: never within a word, null at its ends. */
export function cut(u: Annotation, at: number): { first: string; second: string; atMs: number } | null {
  const text = u.text;
  let i = at;
  while (i > 0 && i < text.length && /\S\S/.test(text.slice(i - 1, i + 1))) i -= 1;
  const [first, second] = [text.slice(0, i).trim(), text.slice(i).trim()];
  if (!first || !second) return null;
  const count = first.split(/\s+/).length;
  const words = wordsOf(u);
  const next = words[Math.min(count, words.length - 1)]!;
  return { first, second, atMs: Math.min(Math.max(next.startMs, u.startMs + 1), u.endMs - 1) };
}

export interface Part {
  text: string;
  how: 'same' | 'added' | 'gone';
}

/** compare tells two texts apart word by word (longest common subsequence), neighbours of a kind joined. */
export function compare(was: string, is: string): Part[] {
  const [a, b] = [was.split(/\s+/).filter(Boolean), is.split(/\s+/).filter(Boolean)];
  const best = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) best[i]![j] = a[i] === b[j] ? best[i + 1]![j + 1]! + 1 : Math.max(best[i + 1]![j]!, best[i]![j + 1]!);
  }
  const out: Part[] = [];
  const put = (how: Part['how'], text: string): void => {
    const last = out.at(-1);
    if (last?.how === how) last.text += ` ${text}`;
    else out.push({ how, text });
  };
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      put('same', a[i]!);
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && best[i + 1]![j]! >= best[i]![j + 1]!)) put('gone', a[i++]!);
    else put('added', b[j++]!);
  }
  return out;
}
