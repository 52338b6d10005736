/** Where things are in the picture at a moment, and where the picture lies in the player. */
import type { Annotation, Box } from '$lib/api';
import { lastBefore } from './words';

/** The tracks whose boxes are drawn over the player. */
export const BOXED = ['object', 'face', 'text'];

/** HELD is how long a single spot stands for, in milliseconds: pictures are looked at once a second. */
const HELD_MS = 1000;

/** boxAt is where a thing is at a time, null while it is not seen. Between two spots it moves in a straight line. */
export function boxAt(a: Pick<Annotation, 'startMs' | 'endMs' | 'box' | 'path'>, ms: number): Box | null {
  if (ms < a.startMs || ms >= Math.max(a.endMs, a.startMs + HELD_MS)) return null;
  const path = a.path;
  if (path.length === 0) return a.box;
  const i = lastBefore(path.map((s) => ({ startMs: s.atMs })), ms);
  if (i < 0) return path[0]!.box;
  const [from, to] = [path[i]!, path[i + 1]];
  if (!to) return from.box;
  const part = (ms - from.atMs) / (to.atMs - from.atMs);
  const mid = (p: number, q: number): number => p + (q - p) * part;
  return { x: mid(from.box.x, to.box.x), y: mid(from.box.y, to.box.y), w: mid(from.box.w, to.box.w), h: mid(from.box.h, to.box.h) };
}

/** inside is the rectangle that a picture of a ratio fills in a frame, bars left out. */
export function inside(width: number, height: number, ratio: number): Box {
  const w = Math.min(width, height * ratio);
  const h = Math.min(height, width / ratio);
  return { x: (width - w) / 2, y: (height - h) / 2, w, h };
}
