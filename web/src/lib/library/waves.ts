/** The small waveform of a sound's card: the server's peaks gathered into a few bars, as one SVG path, kept while the page lives. */
import { wave } from '$lib/timeline/tracks';

/** BARS and TALL are the path's box: one unit a bar, so many units high. */
export const BARS = 72;
export const TALL = 40;

const FILL = 0.62;

/** bars gathers peaks (0..1) into n bars by their loudest point; the loudest bar fills the height, so that quiet recordings show their shape. */
export function bars(peaks: number[], n = BARS): number[] {
  const out = Array.from({ length: n }, (_, i) => {
    const from = Math.floor((i * peaks.length) / n);
    const to = Math.max(from + 1, Math.floor(((i + 1) * peaks.length) / n));
    let top = 0;
    for (let k = from; k < to && k < peaks.length; k++) top = Math.max(top, peaks[k]!);
    return Math.sqrt(top);
  });
  const loudest = out.reduce((m, v) => Math.max(m, v), 0);
  return loudest > 0.05 ? out.map((v) => v / loudest) : out;
}

/** path draws bars around the middle line; silence is a hair line. */
export function path(heights: number[]): string {
  return heights
    .map((v, i) => {
      const h = Math.max(1, v * TALL);
      return `M${i} ${((TALL - h) / 2).toFixed(1)}h${FILL}v${h.toFixed(1)}h-${FILL}z`;
    })
    .join('');
}

const KEPT = 2000;
const known = new Map<string, Promise<string>>();

/** load fetches and keeps the path of a waveform; a sound without one is an empty path. */
export function load(url: string): Promise<string> {
  const have = known.get(url);
  if (have) return have;
  const made = fetch(url, { credentials: 'same-origin' })
    .then(async (res) => {
      const w = res.ok ? wave(await res.json(), 0) : null;
      return w ? path(bars(w.peaks)) : '';
    })
    .catch(() => '');
  known.set(url, made);
  void made.then((d) => d === '' && known.delete(url));
  if (known.size > KEPT) known.delete(known.keys().next().value!);
  return made;
}
