/** Timecode after SMPTE ST 12-1, the same rule as the server's: drop-frame (with ';') for 29.97 and 59.94. */

export interface Rate {
  num: number;
  den: number;
}

const two = (n: number): string => String(n).padStart(2, '0');

export const known = (r: Rate | null | undefined): r is Rate => Boolean(r && r.num > 0 && r.den > 0);

/** frameAt is the frame shown at a time; a hair is added because a seek lands on rounded seconds. */
export function frameAt(ms: number, r: Rate): number {
  return Math.max(0, Math.floor((ms * r.num) / (r.den * 1000) + 1e-4));
}

export function msOfFrame(frame: number, r: Rate): number {
  return (frame * r.den * 1000) / r.num;
}

/** markAt is the whole millisecond that names the frame shown at a time: never before the frame begins, so that it reads back as the same frame. */
export function markAt(ms: number, r: Rate | null | undefined): number {
  return known(r) ? Math.ceil(msOfFrame(frameAt(ms, r), r) - 1e-6) : Math.round(Math.max(0, ms));
}

export function timecode(ms: number, r: Rate | null | undefined): string {
  const at = Math.max(0, ms);
  if (!known(r)) {
    const s = Math.floor(at / 1000);
    return `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}.${String(Math.floor(at % 1000)).padStart(3, '0')}`;
  }
  let n = frameAt(at, r);
  const base = Math.round(r.num / r.den);
  let sep = ':';
  if (r.den === 1001 && base % 30 === 0) {
    sep = ';';
    const drop = base / 15;
    const perMin = base * 60 - drop;
    const per10 = base * 600 - 9 * drop;
    const tens = Math.floor(n / per10);
    const rest = n % per10;
    n += 9 * drop * tens + (rest >= drop ? drop * Math.floor((rest - drop) / perMin) : 0);
  }
  const f = n % base;
  const s = Math.floor(n / base);
  return `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}${sep}${two(f)}`;
}
