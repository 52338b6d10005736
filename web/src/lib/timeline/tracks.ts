/** What a timeline shows, in the order it is drawn. The same structure serves assets, search hits and films. */
import type { Annotation, Finding } from '$lib/api';
import { speakerName } from '$lib/analysis/words';
import { sentence } from '$lib/words';

export interface Span {
  startMs: number;
  endMs: number;
  text: string;
  /** faded spans are waived or below notice */
  faded?: boolean;
  /** which row of its lane, 0 when left out */
  row?: number;
}

export interface Lane {
  id: string;
  name: string;
  /** a colour token of app.css */
  color: string;
  spans: Span[];
  /** how many rows its spans take when it is open */
  rows: number;
  /** a closed lane is one thin line */
  closed?: boolean;
}

/** One hue a kind. Lanes that people read first come first and open; the others open at a press. */
const LANES: { id: string; name: string; color: string; tracks: string[]; open?: boolean }[] = [
  { id: 'chapter', name: 'Chapters', color: '--color-track-chapter', tracks: ['chapter'], open: true },
  { id: 'scene', name: 'Scenes', color: '--color-track-scene', tracks: ['scene'] },
  { id: 'shot', name: 'Shots', color: '--color-track-shot', tracks: ['shot'], open: true },
  { id: 'speech', name: 'Speech', color: '--color-track-speech', tracks: ['speech'], open: true },
  { id: 'speaker', name: 'Speakers', color: '--color-track-speaker', tracks: ['speaker'] },
  { id: 'sound', name: 'Sound', color: '--color-track-sound', tracks: ['sound'] },
  { id: 'topic', name: 'Topics', color: '--color-track-topic', tracks: ['topic', 'entity', 'phrase'] },
  { id: 'label', name: 'Labels', color: '--color-track-label', tracks: ['label'] },
  { id: 'object', name: 'Objects', color: '--color-track-object', tracks: ['object'] },
  { id: 'face', name: 'Faces', color: '--color-track-face', tracks: ['face'] },
  { id: 'text', name: 'Text', color: '--color-track-text', tracks: ['text'] },
  { id: 'moderation', name: 'Moderation', color: '--color-track-moderation', tracks: ['moderation'], open: true },
  { id: 'pii', name: 'Personal data', color: '--color-track-pii', tracks: ['pii'], open: true },
  { id: 'caption', name: 'Captions', color: '--color-track-caption', tracks: ['caption'], open: true },
  { id: 'gap', name: 'Black, freeze, silence', color: '--color-track-gap', tracks: ['black', 'freeze', 'silence'], open: true },
  { id: 'marker', name: 'Markers', color: '--color-track-marker', tracks: ['marker'], open: true }
];

/** opens are the lanes that stand open until a person says otherwise. */
export const opens = (): string[] => [...LANES.filter((l) => l.open).map((l) => l.id), 'finding'];

/** said is what a span says: its words, or its label for people. */
function said(a: Annotation): string {
  if (a.track === 'speaker') return a.who || a.text || speakerName(a.label);
  return a.who && a.track === 'face' ? a.who : a.text || sentence(a.label || a.track);
}

export function lanes(annotations: Annotation[], findings: Finding[]): Lane[] {
  const out: Lane[] = [];
  for (const l of LANES) {
    const spans: Span[] = annotations
      .filter((a) => l.tracks.includes(a.track) && !a.source.includes('@'))
      .map((a) => ({ startMs: a.startMs, endMs: a.endMs, text: said(a) }))
      .sort((a, b) => a.startMs - b.startMs);
    if (l.id === 'shot') spans.forEach((s, i) => (s.text = `Shot ${i + 1}`));
    if (spans.length > 0) out.push({ id: l.id, name: l.name, color: l.color, spans, rows: l.id === 'marker' ? 1 : pack(spans) });
  }
  const ranged = findings.filter((f) => f.ranged);
  if (ranged.length > 0) {
    const spans: Span[] = ranged.map((f) => ({ startMs: f.startMs, endMs: f.endMs, text: f.text || sentence(f.check), faded: Boolean(f.waivedBy) })).sort((a, b) => a.startMs - b.startMs);
    out.push({ id: 'finding', name: 'Findings', color: '--color-track-finding', spans, rows: pack(spans) });
  }
  return out;
}

/** MOST_ROWS bounds a lane's height; what overlaps more often shares the last row. */
const MOST_ROWS = 4;

/** pack puts spans that overlap into rows of their own, ordered spans into the first that is free, and returns how many rows there are. */
export function pack(spans: Span[]): number {
  const ends: number[] = [];
  for (const s of spans) {
    let row = ends.findIndex((end) => end <= s.startMs);
    if (row < 0) row = Math.min(ends.length, MOST_ROWS - 1);
    ends[row] = Math.max(ends[row] ?? 0, s.endMs);
    if (row > 0) s.row = row;
  }
  return Math.max(1, ends.length);
}

/** What a mark may snap to: places where something begins that people cut at. */
const EDGED = ['chapter', 'scene', 'shot', 'speech', 'caption', 'gap', 'marker', 'finding'];

/** edges are the times a dragged mark snaps to. */
export function edges(all: Lane[], durationMs: number): number[] {
  const set = new Set<number>([0, durationMs]);
  for (const lane of all.filter((l) => EDGED.includes(l.id))) for (const s of lane.spans) set.add(s.startMs).add(s.endMs);
  return [...set].sort((a, b) => a - b);
}

/** Wave is loudness per point, 0..1, one point each stepMs. */
export interface Wave {
  stepMs: number;
  peaks: number[];
}

/** wave reads the server's waveform: peaks per second of time, either one value a point or low/high pairs, any integer depth. */
export function wave(raw: any, durationMs: number): Wave | null {
  const data: number[] = raw?.peaks ?? raw?.data ?? raw?.samples ?? (Array.isArray(raw) ? raw : []);
  if (data.length === 0) return null;
  const pairs = data.some((v) => v < 0);
  const points: number[] = [];
  if (pairs) for (let i = 0; i + 1 < data.length; i += 2) points.push(Math.max(Math.abs(data[i]!), Math.abs(data[i + 1]!)));
  else points.push(...data);
  const top = points.reduce((m, v) => Math.max(m, v), 0);
  const full = top <= 1 ? 1 : raw?.bits ? 2 ** (raw.bits - 1) : top <= 127 ? 127 : top <= 255 ? 255 : 32_767;
  const perSecond = Number(raw?.pps ?? raw?.pointsPerSecond ?? 0) || (raw?.sample_rate && raw?.samples_per_pixel ? raw.sample_rate / raw.samples_per_pixel : 0);
  return { peaks: points.map((v) => Math.min(1, v / full)), stepMs: perSecond > 0 ? 1000 / perSecond : durationMs / points.length };
}
