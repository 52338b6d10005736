/** What the server says about renditions in which something is hidden, and the requests for them. */
import { call, get, type Annotation, type Box } from '$lib/api';
import type { components } from '$lib/api/schema';

type Wire = components['schemas'];

export interface Ask {
  what: string[];
  people: string[];
  kinds: string[];
  words: string[];
  sound: 'bleep' | 'mute';
  cover: 'blur' | 'fill' | 'pixelate';
}

export type State = 'making' | 'marked' | 'draft' | 'approved' | 'rejected' | 'replaced' | 'failed';

export interface Leftover {
  in: string;
  kind: string;
  startMs: number;
  text: string;
  hidden: boolean;
}

export interface Redaction {
  id: string;
  state: State;
  what: string[];
  cover: string;
  sound: string;
  marks: number;
  left: Leftover[];
  deaf: boolean;
  problem: string;
  createdMs: number;
  decidedName: string;
  decidedMs: number;
  published: string;
  reason: string;
}

export interface Mark {
  id: string;
  in: 'sound' | 'picture';
  kind: string;
  text: string;
  score: number;
  model: string;
  startMs: number;
  endMs: number;
  spots: { atMs: number; box: Box }[];
  dropped: boolean;
}

export interface Rate {
  kind: string;
  hard: boolean;
  missed: number;
  partly: number;
  of: number;
  synthetic: boolean;
  set: string;
  models: string;
  on: string;
}

export interface Range {
  startMs: number;
  endMs: number;
  sound?: boolean;
  box?: Box;
}

const of = (asset: string, rest = ''): string => `/v1/assets/${encodeURIComponent(asset)}/redactions${rest}`;
const one = (asset: string, id: string, rest = ''): string => of(asset, `/${encodeURIComponent(id)}${rest}`);
/** SPOTS_MS is how closely the spots of a mark are asked for; between two they move in a straight line. */
const SPOTS_MS = 200;

function redaction(r: Wire['Redaction']): Redaction {
  return {
    id: r.id,
    state: r.state,
    what: r.ask.what ?? [],
    cover: r.ask.cover || 'blur',
    sound: r.ask.sound || 'bleep',
    marks: r.report.marks.length,
    left: r.report.left.map((l) => ({ in: l.in, kind: l.kind, startMs: l.startMs, text: l.text ?? '', hidden: l.hidden })),
    deaf: r.report.deaf ?? false,
    problem: r.problem ?? '',
    createdMs: r.createdMs,
    decidedName: r.decidedName ?? '',
    decidedMs: r.decidedMs ?? 0,
    published: r.published ?? '',
    reason: r.reason ?? ''
  };
}

const mark = (m: Wire['RedactionMark']): Mark => ({
  id: m.id,
  in: m.in,
  kind: m.kind,
  text: m.text ?? '',
  score: m.score,
  model: m.model,
  startMs: m.startMs,
  endMs: m.endMs,
  spots: m.spots ?? [],
  dropped: m.dropped ?? false
});

export const redactions = {
  list: async (asset: string) => ((await get<Wire['PageRedaction']>(of(asset))).items ?? []).map(redaction),
  one: async (asset: string, id: string) => redaction(await get<Wire['Redaction']>(one(asset, id))),
  /** ask looks for what is to be hidden and stops there, so that a person can correct it. */
  ask: async (asset: string, a: Ask) => redaction((await call<Wire['Redaction']>('POST', of(asset), { body: { ...a, preview: true } })).data),
  marks: async (asset: string, id: string) => ((await get<Wire['PageRedactionMark']>(one(asset, id, '/marks'), { everyMs: SPOTS_MS })).items ?? []).map(mark),
  edit: async (asset: string, id: string, body: { drop?: string[]; keep?: string[]; add?: Range[] }) => void (await call('PATCH', one(asset, id, '/marks'), { body })),
  make: async (asset: string, id: string) => redaction((await call<Wire['Redaction']>('POST', one(asset, id, '/make'))).data),
  sign: async (asset: string, id: string, body: { name: string; anyway: boolean; title: string }) =>
    redaction((await call<Wire['Redaction']>('POST', one(asset, id, '/approve'), { body })).data),
  reject: async (asset: string, id: string, name: string) => redaction((await call<Wire['Redaction']>('POST', one(asset, id, '/reject'), { body: { name } })).data),
  rates: async (): Promise<Rate[]> =>
    ((await get<Wire['PageMissRate']>('/v1/redactions/rates')).items ?? []).map((r) => ({
      kind: r.kind, hard: r.hard ?? false, missed: r.missed, partly: r.partly ?? 0, of: r.of, synthetic: r.synthetic ?? false, set: r.set, models: r.models ?? '', on: r.on ?? ''
    })),
  fileUrl: (asset: string, id: string) => one(asset, id, '/file')
};

/** asNote is a mark as the boxes over the player take it. */
export function asNote(m: Mark): Annotation {
  return {
    id: m.id, track: m.kind === 'face' ? 'face' : 'pii', startMs: m.startMs, endMs: m.endMs, label: m.kind, text: '', lang: '', score: m.score, model: m.model,
    lockedBy: '', source: '', person: '', who: '', box: null, path: m.spots, words: []
  };
}
