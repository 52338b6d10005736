/** What a timeline shows, in the order it is drawn. The same structure serves assets, search hits and films. */
import type { Annotation, Finding } from '$lib/api';
import { sentence } from '$lib/words';

export interface Span {
  startMs: number;
  endMs: number;
  text: string;
  /** faded spans are waived or below notice */
  faded?: boolean;
}

export interface Lane {
  id: string;
  name: string;
  /** a colour token of app.css */
  color: string;
  spans: Span[];
}

const LANES: { id: string; name: string; color: string; tracks: string[] }[] = [
  { id: 'chapter', name: 'Chapters', color: '--color-track-chapter', tracks: ['chapter'] },
  { id: 'shot', name: 'Shots', color: '--color-track-shot', tracks: ['shot'] },
  { id: 'caption', name: 'Captions', color: '--color-track-caption', tracks: ['caption'] },
  { id: 'gap', name: 'Black, freeze, silence', color: '--color-track-gap', tracks: ['black', 'freeze', 'silence'] },
  { id: 'marker', name: 'Markers', color: '--color-track-marker', tracks: ['marker'] }
];

export function lanes(annotations: Annotation[], findings: Finding[]): Lane[] {
  const out: Lane[] = [];
  for (const l of LANES) {
    const spans = annotations
      .filter((a) => l.tracks.includes(a.track))
      .map((a) => ({ startMs: a.startMs, endMs: a.endMs, text: a.text || sentence(a.label || a.track) }))
      .sort((a, b) => a.startMs - b.startMs);
    if (l.id === 'shot') spans.forEach((s, i) => (s.text = `Shot ${i + 1}`));
    if (spans.length > 0) out.push({ id: l.id, name: l.name, color: l.color, spans });
  }
  const ranged = findings.filter((f) => f.ranged);
  if (ranged.length > 0) {
    out.push({
      id: 'finding', name: 'Findings', color: '--color-track-finding',
      spans: ranged.map((f) => ({ startMs: f.startMs, endMs: f.endMs, text: f.text || sentence(f.check), faded: Boolean(f.waivedBy) })).sort((a, b) => a.startMs - b.startMs)
    });
  }
  return out;
}

/** edges are the times a dragged mark snaps to. */
export function edges(all: Lane[], durationMs: number): number[] {
  const set = new Set<number>([0, durationMs]);
  for (const lane of all) for (const s of lane.spans) set.add(s.startMs).add(s.endMs);
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
