/** Paints a timeline onto a canvas. Everything outside the window is skipped; colours come from the page's tokens. */
import { at, type Cue } from '$lib/library/thumbs';
import { length } from '$lib/words';
import type { Lane, Wave } from './tracks';
import { msOf, step, xOf, type View } from './view';

export interface Scene {
  view: View;
  width: number;
  durationMs: number;
  cues: Cue[];
  sheet: (url: string) => HTMLImageElement | null;
  wave: Wave | null;
  lanes: Lane[];
  playMs: number;
  hoverMs: number | null;
  inMs: number | null;
  outMs: number | null;
  color: (token: string) => string;
}

export const RULER = 20;
export const STRIP = 44;
export const WAVE = 36;
export const LANE = 18;
/** THIN is the height of a closed lane. */
export const THIN = 6;
export const GAP = 4;

export interface Rows {
  strip: number;
  wave: number;
  lanes: number[];
  height: number;
}

/** rows lays the tracks out from the top; a track without data takes no room. */
export function rows(s: { cues: unknown[]; wave: unknown; lanes: Pick<Lane, 'rows' | 'closed'>[] }): Rows {
  let y = RULER;
  const strip = s.cues.length > 0 ? y : -1;
  if (strip >= 0) y += STRIP + GAP;
  const wave = s.wave ? y : -1;
  if (wave >= 0) y += WAVE + GAP;
  const lanes = s.lanes.map((l) => {
    const top = y;
    y += (l.closed ? THIN : LANE * l.rows) + GAP;
    return top;
  });
  return { strip, wave, lanes, height: Math.max(y, RULER + 24) };
}

export function draw(g: CanvasRenderingContext2D, s: Scene): void {
  const r = rows(s);
  g.clearRect(0, 0, s.width, r.height);
  ruler(g, s, r.height);
  if (r.strip >= 0) strip(g, s, r.strip);
  if (r.wave >= 0 && s.wave) waveform(g, s, s.wave, r.wave);
  s.lanes.forEach((lane, i) => spans(g, s, lane, r.lanes[i]!));
  marks(g, s, r.height);
}

function ruler(g: CanvasRenderingContext2D, s: Scene, height: number): void {
  const every = step(s.view);
  g.font = '11px system-ui, sans-serif';
  g.textBaseline = 'top';
  for (let t = Math.ceil(s.view.startMs / every) * every; t <= Math.min(s.durationMs, msOf(s.view, s.width)); t += every) {
    const x = Math.round(xOf(s.view, t)) + 0.5;
    g.strokeStyle = s.color('--color-line');
    g.beginPath();
    g.moveTo(x, 0);
    g.lineTo(x, height);
    g.stroke();
    const label = every < 1000 ? `${(t / 1000).toFixed(1)} s` : length(t);
    if (x + 4 + g.measureText(label).width > s.width) continue;
    g.fillStyle = s.color('--color-dim');
    g.fillText(label, x + 4, 4);
  }
}

function strip(g: CanvasRenderingContext2D, s: Scene, y: number): void {
  const first = s.cues[0]!;
  const w = Math.max(16, Math.round((STRIP * first.w) / first.h));
  const end = Math.min(s.width, xOf(s.view, s.durationMs));
  for (let x = 0; x < end; x += w) {
    const cue = at(s.cues, msOf(s.view, x + w / 2));
    const sheet = cue && s.sheet(cue.url);
    const shown = Math.min(w, end - x);
    g.fillStyle = s.color('--color-raised');
    g.fillRect(x, y, shown - 1, STRIP);
    if (cue && sheet) g.drawImage(sheet, cue.x, cue.y, (cue.w * shown) / w, cue.h, x, y, shown - 1, STRIP);
  }
}

function waveform(g: CanvasRenderingContext2D, s: Scene, wave: Wave, y: number): void {
  const middle = y + WAVE / 2;
  g.fillStyle = s.color('--color-track-wave');
  const end = Math.min(s.width, xOf(s.view, s.durationMs));
  for (let x = 0; x < end; x++) {
    const a = Math.floor(msOf(s.view, x) / wave.stepMs);
    const b = Math.max(a + 1, Math.floor(msOf(s.view, x + 1) / wave.stepMs));
    let peak = 0;
    for (let i = a; i < b && i < wave.peaks.length; i++) peak = Math.max(peak, wave.peaks[i]!);
    // The square root lifts quiet passages: loudness is felt closer to it than to the amplitude.
    const h = Math.max(1, Math.sqrt(peak) * WAVE);
    g.fillRect(x, middle - h / 2, 1, h);
  }
}

function spans(g: CanvasRenderingContext2D, s: Scene, lane: Lane, y: number): void {
  const right = msOf(s.view, s.width);
  const color = s.color(lane.color);
  const text = s.color('--color-text');
  // What is narrower than a pixel is drawn once for all that share the pixel: a day of spans costs what a window of pixels does.
  const drawn: number[] = [];
  for (const [i, span] of lane.spans.entries()) {
    if (span.startMs > right) break;
    if (span.endMs < s.view.startMs) continue;
    const row = lane.closed ? 0 : (span.row ?? 0);
    const x = Math.max(-2, xOf(s.view, span.startMs));
    const w = Math.max(2, Math.min(s.width + 2, xOf(s.view, span.endMs)) - x - 1);
    if (x + w <= (drawn[row] ?? -Infinity)) continue;
    drawn[row] = x + w;
    g.globalAlpha = span.faded ? 0.25 : lane.id === 'shot' && i % 2 ? 0.4 : 0.6;
    g.fillStyle = color;
    g.fillRect(x, y + row * LANE, w, lane.closed ? THIN : LANE - (lane.rows > 1 ? 1 : 0));
    g.globalAlpha = 1;
    const room = lane.closed ? 0 : roomOf(s, lane, i, x, w);
    if (room < 36) continue;
    g.save();
    g.beginPath();
    g.rect(x, y + row * LANE, room, LANE);
    g.clip();
    g.fillStyle = text;
    g.font = '11px system-ui, sans-serif';
    g.textBaseline = 'middle';
    g.fillText(span.text, Math.max(x, 0) + 4, y + row * LANE + LANE / 2 + 0.5);
    g.restore();
  }
}

/** roomOf is the width for a span's words: up to the next span of its row, so that words never lie on words. A marker is a place: its words stand beside it. */
function roomOf(s: Scene, lane: Lane, i: number, x: number, w: number): number {
  const row = lane.spans[i]!.row ?? 0;
  let n = i + 1;
  while (n < lane.spans.length && (lane.spans[n]!.row ?? 0) !== row) n += 1;
  const next = lane.spans[n];
  const free = xOf(s.view, next?.startMs ?? s.durationMs) - x - 2;
  return lane.id === 'marker' ? free : next ? Math.min(w, free) : w;
}

function marks(g: CanvasRenderingContext2D, s: Scene, height: number): void {
  const line = (ms: number, token: string, width: number): void => {
    const x = Math.round(xOf(s.view, ms));
    if (x < -2 || x > s.width + 2) return;
    g.fillStyle = s.color(token);
    g.fillRect(x - width / 2, 0, width, height);
  };
  if (s.inMs !== null || s.outMs !== null) {
    const a = xOf(s.view, s.inMs ?? 0);
    const b = xOf(s.view, s.outMs ?? s.durationMs);
    g.globalAlpha = 0.16;
    g.fillStyle = s.color('--color-accent');
    g.fillRect(a, 0, Math.max(1, b - a), height);
    g.globalAlpha = 1;
    if (s.inMs !== null) line(s.inMs, '--color-accent', 2);
    if (s.outMs !== null) line(s.outMs, '--color-accent', 2);
  }
  if (s.hoverMs !== null) line(s.hoverMs, '--color-edge', 1);
  line(s.playMs, '--color-text', 2);
  const x = xOf(s.view, s.playMs);
  g.fillStyle = s.color('--color-text');
  g.beginPath();
  g.moveTo(x - 5, 0);
  g.lineTo(x + 5, 0);
  g.lineTo(x, 7);
  g.fill();
}
