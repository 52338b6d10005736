/** How what the machine found is sorted into the panels of an asset's page, and what each value is called. */
import type { Annotation } from '$lib/api';
import { sentence } from '$lib/words';
import { speakerName } from './words';

export type Panel = 'people' | 'objects' | 'text' | 'topics' | 'flags';

export interface Group {
  title: string;
  notes: Annotation[];
}

/** FLAGGED are the tracks that a person should look at. */
export const FLAGGED = ['moderation', 'pii'];

export const PANELS: { id: Panel; text: string; groups: { title: string; tracks: string[] }[] }[] = [
  { id: 'people', text: 'People', groups: [{ title: 'Faces', tracks: ['face'] }, { title: 'Speakers', tracks: ['speaker'] }] },
  { id: 'objects', text: 'Objects', groups: [{ title: 'Objects', tracks: ['object'] }, { title: 'Labels', tracks: ['label'] }, { title: 'Sound', tracks: ['sound'] }] },
  { id: 'text', text: 'Text', groups: [{ title: 'Writing in the picture', tracks: ['text'] }] },
  { id: 'topics', text: 'Topics', groups: [{ title: 'Summary', tracks: ['summary'] }, { title: 'Topics', tracks: ['topic'] }, { title: 'Named', tracks: ['entity'] }, { title: 'Key phrases', tracks: ['phrase'] }, { title: 'Scenes', tracks: ['scene'] }] },
  { id: 'flags', text: 'Flags', groups: [{ title: 'Moderation', tracks: ['moderation'] }, { title: 'Personal data', tracks: ['pii'] }] }
];

/** groups sorts annotations into the panels; another model's results, kept for comparison, are left out. */
export function groups(all: Annotation[]): Record<Panel, Group[]> {
  const by = new Map<string, Annotation[]>();
  for (const a of all) {
    if (a.source.includes('@')) continue;
    const have = by.get(a.track);
    if (have) have.push(a);
    else by.set(a.track, [a]);
  }
  const of = (p: (typeof PANELS)[number]): Group[] => p.groups.map((g) => ({ title: g.title, notes: g.tracks.flatMap((t) => by.get(t) ?? []) }));
  return Object.fromEntries(PANELS.map((p) => [p.id, of(p)])) as Record<Panel, Group[]>;
}

/** Personal data says in brackets what told of it. */
const REASON = / \(([^()]*)\)$/;

/** reasonOf is what told of personal data, where that is known: “form of an e-mail address”. */
export const reasonOf = (a: Pick<Annotation, 'track' | 'text'>): string => (a.track === 'pii' ? (REASON.exec(a.text)?.[1] ?? '') : '');

/** nameOf is what a value is called for people. */
export function nameOf(a: Annotation): string {
  if (a.track === 'speaker') return a.who || a.text || speakerName(a.label);
  if (a.track === 'face') return a.who || a.text || 'Face';
  if (a.track === 'pii') return a.text ? `${a.text.replace(REASON, '')} · ${sentence(a.label)}` : sentence(a.label);
  if (a.track === 'entity') return a.text ? `${a.text} · ${sentence(a.label)}` : sentence(a.label);
  return a.text || sentence(a.label || a.track);
}
