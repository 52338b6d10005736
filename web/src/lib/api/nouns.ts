/** What the console knows of the server's nouns. Times are milliseconds unless the name says otherwise. */

export interface Page<T> {
  items: T[];
  next?: string;
  total?: number;
}

export type Kind = 'video' | 'audio' | 'image' | 'text';
export type AssetState = 'received' | 'processing' | 'ready' | 'failed' | 'held' | 'trashed';

export interface Asset {
  id: string;
  /** empty until the file was probed */
  kind: Kind | '';
  name: string;
  title: string;
  description: string;
  tags: string[];
  fields: Record<string, string>;
  source: string;
  licence: string;
  credit: string;
  territories: string[];
  fromMs: number;
  toMs: number;
  state: AssetState;
  version: number;
  /** the newest version that is ready, 0 if none */
  published: number;
  durationMs: number;
  width: number;
  height: number;
  bytes: number;
  sha256: string;
  createdMs: number;
  updatedMs: number;
  rev: string;
  error: string;
}

/** The fields a person may change. */
export type AssetPatch = Partial<
  Pick<Asset, 'title' | 'description' | 'tags' | 'fields' | 'source' | 'licence' | 'credit' | 'territories' | 'fromMs' | 'toMs'>
>;

export interface Stream {
  index: number;
  type: string;
  codec: string;
  profile?: string;
  lang?: string;
  title?: string;
  width?: number;
  height?: number;
  rate?: { num: number; den: number };
  sampleRate?: number;
  channels?: number;
  pixFmt?: string;
  transfer?: string;
  /** closed captions inside the picture: cea-608, cea-708, or cea-608/708 where the probe cannot tell */
  captions?: string[] | null;
  vfr?: boolean;
}

export interface Version {
  number: number;
  name: string;
  bytes: number;
  sha256: string;
  createdMs: number;
  format: string;
  streams: Stream[];
}

export interface Rendition {
  id: string;
  name: string;
  role: string;
  codec: string;
  width: number;
  height: number;
  kbps: number;
  lang: string;
  title: string;
  bytes: number;
  state: string;
}

export interface Annotation {
  id: string;
  track: string;
  startMs: number;
  endMs: number;
  label: string;
  text: string;
  lang: string;
  score: number;
  model: string;
  lockedBy: string;
}

/** What a person writes on the timeline; the server keeps the whole of it. */
export type Note = Pick<Annotation, 'track' | 'startMs' | 'endMs' | 'text'> & Partial<Pick<Annotation, 'label' | 'lang'>>;

export type Severity = 'info' | 'warning' | 'error';

export interface Finding {
  id: string;
  check: string;
  severity: Severity;
  text: string;
  startMs: number;
  endMs: number;
  ranged: boolean;
  waivedBy: string;
  waivedReason: string;
  /** address of a picture of the place, or empty */
  thumb: string;
}

export interface Entry {
  id: string;
  atMs: number;
  who: string;
  action: string;
  outcome: string;
  text: string;
}

export interface LedgerEntry {
  output: string;
  inputs: string[];
  tool: string;
  settings: string;
}

export interface Collection {
  id: string;
  name: string;
  description: string;
  count: number;
}

export interface Stage {
  name: string;
  state: string;
  progress: number;
}

export interface Job {
  id: string;
  asset: string;
  name: string;
  template: string;
  lane: string;
  priority: number;
  state: 'queued' | 'running' | 'waiting' | 'paused' | 'held' | 'done' | 'failed' | 'cancelled';
  stage: string;
  stages: Stage[];
  progress: number;
  waitsFor: string;
  estimateMs: number;
  createdMs: number;
  startedMs: number;
  playableMs: number;
  endedMs: number;
  error: { code: string; text: string } | null;
}

/** A file that the server fetches from a web address; total is 0 while it is not known. */
export interface Pull {
  id: string;
  url: string;
  name: string;
  state: 'queued' | 'running' | 'done' | 'failed';
  bytes: number;
  total: number;
  asset: string;
  duplicate: boolean;
  error: string;
}

export interface Play {
  token: string;
  title: string;
  expiresMs: number;
  hls: string;
  dash: string;
  poster: string;
  thumbs: string;
  waveform: string;
  embed: string;
  download: { height: number; url: string; bytes: number }[];
  captions: { lang: string; url: string; kind: string }[];
  clearkey: { licence: string; keys: Record<string, string> } | null;
  growing: boolean;
  durationMs: number;
}

export type Protection = 'none' | 'cenc' | 'cbcs';

export interface User {
  id: string;
  name: string;
  email: string;
  roles: string[];
  disabled: boolean;
}

export interface Session {
  user: User;
  tenant: string;
  rooms: string[];
  permissions: string[];
}

export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  roles: string[];
  createdMs: number;
  lastUsedMs: number;
}

export interface Template {
  name: string;
  title: string;
  description: string;
  version: number;
  body: unknown;
}

export interface Ability {
  name: string;
  state: 'ok' | 'degraded' | 'missing';
  text: string;
}

export interface Storage {
  sealed: boolean;
  stores: { name: string; kind: string }[];
  freeBytes: number;
  totalBytes: number;
  cores: number;
  memoryMb: number;
  /** at the present pace of growth; 0 when nothing grows */
  daysUntilFull: number;
}

export interface Stats {
  assets: number;
  trashed: number;
  bytes: number;
  kinds: Record<string, number>;
  states: Record<string, number>;
  collections: number;
}
