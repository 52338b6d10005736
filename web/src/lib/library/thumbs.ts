/** Sprite cues: which part of which sheet shows which time. WebVTT metadata with media fragments (`sprite.jpg#xywh=0,0,160,90`). */

export interface Cue {
  startMs: number;
  endMs: number;
  url: string;
  x: number;
  y: number;
  w: number;
  h: number;
}

const TIMING = /^((?:\d+:)?\d{2}:\d{2}[.,]\d{3})\s+-->\s+((?:\d+:)?\d{2}:\d{2}[.,]\d{3})/;

function stamp(s: string): number {
  const parts = s.replace(',', '.').split(':').map(Number);
  return Math.round(parts.reduce((n, p) => n * 60 + p, 0) * 1000);
}

/** parse reads the cues of a thumbnails track; lines it does not understand are skipped. Relative addresses resolve against base. */
export function parse(vtt: string, base: string): Cue[] {
  const cues: Cue[] = [];
  const lines = vtt.split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    const timing = TIMING.exec(lines[i] ?? '');
    const target = timing ? (lines[i + 1] ?? '').trim() : '';
    if (!timing || !target) continue;
    const [path, fragment = ''] = target.split('#');
    const box = /xywh=(?:pixel:)?(\d+),(\d+),(\d+),(\d+)/.exec(fragment);
    if (!box) continue;
    const [x, y, w, h] = box.slice(1).map(Number) as [number, number, number, number];
    cues.push({ startMs: stamp(timing[1]!), endMs: stamp(timing[2]!), url: new URL(path!, base).href, x, y, w, h });
  }
  return cues.sort((a, b) => a.startMs - b.startMs);
}

/** at returns the cue shown at a time, by binary search; times beyond the ends get the nearest cue. */
export function at(cues: Cue[], ms: number): Cue | undefined {
  let lo = 0;
  let hi = cues.length - 1;
  while (lo < hi) {
    const mid = (lo + hi + 1) >> 1;
    if (cues[mid]!.startMs <= ms) lo = mid;
    else hi = mid - 1;
  }
  return cues[lo];
}

const KEPT = 200;
const known = new Map<string, Promise<Cue[]>>();

/** load fetches and keeps the cues of a thumbnails track; a missing track is an empty list. */
export function load(url: string): Promise<Cue[]> {
  const have = known.get(url);
  if (have) return have;
  const made = fetch(url, { credentials: 'same-origin' })
    .then(async (res) => (res.ok ? parse(await res.text(), new URL(url, location.href).href) : []))
    .catch(() => []);
  known.set(url, made);
  void made.then((cues) => cues.length === 0 && known.delete(url));
  if (known.size > KEPT) known.delete(known.keys().next().value!);
  return made;
}
