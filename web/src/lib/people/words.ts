/** How the registry of people says what it knows. Nothing here touches the page. */
import type { Biometrics, Cluster, Face, Person } from '$lib/api';
import { plural } from '$lib/words';

/** moment is the address of an asset's page at a time. */
export const moment = (asset: string, ms: number): string => `/assets/${encodeURIComponent(asset)}?t=${(ms / 1000).toFixed(1)}`;

const day = (ms: number): string => new Date(ms).toLocaleDateString(undefined, { dateStyle: 'medium' });

/** until says when something ends: "until 3 May 2027", or "without an end". */
export const until = (ms: number): string => (ms ? `until ${day(ms)}` : 'without an end');

/** endOfDay is the last millisecond of a day as a date field writes it, 0 for none. */
export function endOfDay(value: string): number {
  const [y, m, d] = value.split('-').map(Number);
  return y && m && d ? new Date(y, m - 1, d, 23, 59, 59, 999).getTime() : 0;
}

/** tomorrow is the first day that a consent may end on, as a date field writes it. */
export function tomorrow(now = new Date()): string {
  const at = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** seenIn says how often and where somebody is seen and heard. */
export function seenIn(p: Pick<Person, 'faces' | 'voices' | 'assets' | 'withdrawn'>): string {
  if (p.withdrawn) return 'Not recognised any more';
  if (p.assets === 0) return 'Not seen or heard yet';
  const how = [p.faces > 0 ? `seen ${plural(p.faces, 'time')}` : '', p.voices > 0 ? `heard in ${p.voices === p.assets && p.faces === 0 ? 'each' : p.voices.toLocaleString()}` : ''].filter(Boolean).join(', ');
  return `${plural(p.assets, 'asset')} · ${how}`;
}

/** standing says in a few words whether somebody may be recognised, and how good that is. */
export function standing(p: Pick<Person, 'consent' | 'withdrawn'>, setting: Pick<Biometrics, 'eachPerson'> | null): { text: string; tone: 'ok' | 'warn' | 'bad' | 'dim' } {
  if (p.withdrawn) return { text: p.withdrawn === 'revoked' ? 'Consent revoked' : 'Consent expired', tone: 'bad' };
  if (p.consent) return { text: `Consent ${until(p.consent.expiresMs)}`, tone: 'ok' };
  return setting?.eachPerson ? { text: 'No consent: not recognised', tone: 'warn' } : { text: 'No consent of their own', tone: 'dim' };
}

/** called is what a group without a name is called. */
export const called = (c: Pick<Cluster, 'face' | 'faces' | 'assets'>): string =>
  c.face.kind === 'voice'
    ? `A voice in ${plural(c.assets.length, 'asset')}`
    : `A face, ${plural(c.faces, 'time')} in ${plural(c.assets.length, 'asset')}`;

/** byAsset sorts appearances by their asset, and within it by time. */
export function byAsset(faces: Face[]): { asset: string; faces: Face[] }[] {
  const out = new Map<string, Face[]>();
  for (const f of faces) out.set(f.asset, [...(out.get(f.asset) ?? []), f]);
  return [...out].map(([asset, list]) => ({ asset, faces: list.sort((a, b) => a.startMs - b.startMs) }));
}
