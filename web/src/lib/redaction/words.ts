/** What can be hidden and how, in words, and how often it is missed. */
import type { Lane } from '$lib/timeline/tracks';
import { plural, sentence } from '$lib/words';
import type { Mark, Rate } from './api';

export const WHAT = [
  { id: 'faces', text: 'All faces', note: 'blurred wherever they are seen' },
  { id: 'people', text: 'Everybody, whole', note: 'people from head to foot' },
  { id: 'person', text: 'One person’s face', note: 'named in the registry of people' },
  { id: 'pii', text: 'Personal data', note: 'said or written: numbers, addresses, names' },
  { id: 'words', text: 'Certain words', note: 'said or written' },
  { id: 'text', text: 'All writing', note: 'signs, captions, screens' }
] as const;

export const KINDS = [
  { id: 'email', text: 'E-mail' },
  { id: 'phone', text: 'Phone numbers' },
  { id: 'card', text: 'Bank cards' },
  { id: 'iban', text: 'IBAN' },
  { id: 'national-id', text: 'National ids' },
  { id: 'plate', text: 'Number plates' },
  { id: 'name', text: 'Names' }
] as const;

export const COVERS = [{ id: 'blur', text: 'Blur' }, { id: 'pixelate', text: 'Pixels' }, { id: 'fill', text: 'Black box' }] as const;
export const SOUNDS = [{ id: 'bleep', text: 'Bleep' }, { id: 'mute', text: 'Silence' }] as const;

const NAMES: Record<string, string> = { face: 'Face', person: 'Person', text: 'Writing', word: 'Word', range: 'Marked by hand', number: 'Long number', unheard: 'Speech that was not understood', email: 'E-mail', phone: 'Phone number', card: 'Bank card', iban: 'IBAN', plate: 'Number plate', name: 'Name' };

export const kindName = (kind: string): string => NAMES[kind] ?? sentence(kind);

const whatName = (w: string): string => (w === 'withheld' ? 'people who withdrew' : w === 'ranges' ? 'marked ranges' : (WHAT.find((x) => x.id === w)?.text.toLowerCase() ?? w));

export function listOf(what: string[]): string {
  const names = what.map(whatName);
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

const OF: Record<string, [string, string]> = { face: ['face', 'faces'], speech: ['spoken secret', 'spoken secrets'], writing: ['written secret', 'written secrets'] };

/** rateText is one row of the measured rates as a sentence. */
export function rateText(r: Rate): string {
  const [single, many] = OF[r.kind] ?? [r.kind, r.kind];
  const of = plural(r.of, `${r.hard ? 'hard ' : ''}${single}`, `${r.hard ? 'hard ' : ''}${many}`);
  if (r.of === 0) return `${sentence(many)}: not measured.`;
  const found = r.missed === 0 ? `None of ${of} was missed` : `${r.missed} of ${of} ${r.missed === 1 ? 'was' : 'were'} missed`;
  return r.partly ? `${found}; ${r.partly} showed for a part of the time.` : `${found}.`;
}

/** The lanes of the timeline: ids of lanes that stand open. */
export function lanesOf(marks: Mark[]): Lane[] {
  const spans = (where: string) => marks.filter((m) => m.in === where).map((m) => ({ startMs: m.startMs, endMs: m.endMs, text: `${kindName(m.kind)}${m.text ? ` ${m.text}` : ''}`, faded: m.dropped }));
  return [
    { id: 'moderation', name: 'Picture', color: '--color-track-face', spans: spans('picture'), rows: 1 },
    { id: 'pii', name: 'Sound', color: '--color-track-pii', spans: spans('sound'), rows: 1 }
  ].filter((l) => l.spans.length > 0);
}

/** secondsOf reads 12.5, 1:12.5 or 1:02:12 as milliseconds, null where it is none of these. */
export function secondsOf(text: string): number | null {
  const parts = text.trim().split(':');
  if (parts.length > 3 || parts.some((p) => !/^\d+(\.\d+)?$/.test(p.trim()))) return null;
  return Math.round(parts.reduce((sum, p) => sum * 60 + Number(p), 0) * 1000);
}

export const clock = (ms: number): string => `${Math.floor(ms / 60_000)}:${(Math.floor(ms / 100) % 600 / 10).toFixed(1).padStart(4, '0')}`;
