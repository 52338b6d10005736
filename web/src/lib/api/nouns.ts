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
  /** captions that no person wrote: the model that heard or translated them */
  machine: string;
}

/** Whether automatic captions are offered: of a collection, or of everything else where it is empty. */
export interface CaptionSetting {
  collection: string;
  automatic: string;
}

/** How captions that a person brought lie to what is heard. */
export interface Timing {
  verdict: string;
  text: string;
  lateMs: number;
  rate: number;
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
  /** the ability it came from; a name after "@" is another model's, kept beside for comparison */
  source: string;
  /** id of the person it shows, or empty */
  person: string;
  /** that person's name, where the page has looked it up */
  who: string;
  box: Box | null;
  path: Spot[];
  words: Word[];
}

/** Somebody who is seen or heard in the library. */
export interface Person {
  id: string;
  name: string;
  note: string;
  /** that stands now */
  consent: Consent | null;
  /** why they are not recognised any more */
  withdrawn: '' | 'revoked' | 'expired';
  /** stretches in which their face is seen */
  faces: number;
  /** assets in which their voice is heard */
  voices: number;
  assets: number;
  /** address of the crop of their best face, or empty */
  picture: string;
}

/** A person's agreement to be recognised; 0 in expiresMs is never. */
export interface Consent {
  id: string;
  basis: string;
  document: string;
  givenMs: number;
  expiresMs: number;
  endedMs: number;
  endedWhy: '' | 'revoked' | 'expired' | 'replaced';
}

/** Whether faces and voices are compared here, and on what basis. */
export interface Biometrics {
  enabled: boolean;
  basis: string;
  document: string;
  /** only people with a consent of their own are recognised */
  eachPerson: boolean;
  expiresMs: number;
  changedMs: number;
  /** that are stored now */
  vectors: number;
}

/** One face through a shot, or one voice through an asset. */
export interface Face {
  id: string;
  kind: 'face' | 'voice';
  asset: string;
  version: number;
  startMs: number;
  endMs: number;
  /** of its best picture */
  atMs: number;
  /** of a voice: its label in the asset */
  speaker: string;
  person: string;
  personName: string;
  how: '' | 'confirmed' | 'matched';
  group: string;
  score: number;
  picture: string;
}

/** Something in which a person who withdrew can still be seen. */
export interface Showing {
  asset: string;
  title: string;
  /** of that asset; empty is the original with its renditions */
  redaction: string;
  /** the redaction in which they are blurred, made or being made */
  remade: string;
  newState: string;
}

/** Somebody without a name: faces, or voices, that are alike. */
export interface Cluster {
  face: Face;
  faces: number;
  assets: string[];
  best: Face[];
}

/** Fractions of the upright picture, origin top left. */
export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** Where something is at one instant; between two spots it moves in a straight line. */
export interface Spot {
  atMs: number;
  box: Box;
}

/** One spoken word with its punctuation; the score is the model's confidence, 0..1. */
export interface Word {
  text: string;
  startMs: number;
  endMs: number;
  score: number;
}

/** How one ability stands with a version. An empty state: never asked for. */
export interface Standing {
  ability: string;
  title: string;
  state: '' | 'waiting' | 'running' | 'done' | 'failed' | 'unavailable' | 'cancelled';
  text: string;
  model: string;
  tracks: string[];
  pieces: number;
  piecesDone: number;
  found: number;
  cpuMs: number;
  wallMs: number;
  /** done only where it is asked for by name */
  onRequest: boolean;
}

export interface Overview {
  abilities: Standing[];
  /** a run is open: something waits or works */
  open: boolean;
}

/** What the machine had said where a person decided otherwise. */
export interface Correction {
  id: string;
  wasText: string;
  wasLabel: string;
  rejected: boolean;
}

/** What a person writes on the timeline; the server keeps the whole of it. */
export type Note = Pick<Annotation, 'track' | 'startMs' | 'endMs' | 'text'> & Partial<Pick<Annotation, 'label' | 'lang'>> & { box?: Box };

/** What a person changes of an annotation; what is left out stays. */
export type Change = Partial<Note>;

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
  captions: { lang: string; label: string; url: string; kind: string; machine?: boolean }[];
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

/** A model's files as they are on this machine. */
export interface Model {
  id: string;
  name: string;
  version: string;
  role: string;
  does: string;
  set: string;
  abilities: string[];
  licence: { id: string; words: string; unknown: boolean };
  bytes: number;
  memoryMb: number;
  state: 'absent' | 'installing' | 'ready' | 'damaged' | 'own';
  using: boolean;
  wanted: boolean;
  step: string;
  doneBytes: number;
  totalBytes: number;
  problem: string;
  refused: string;
  needs: string[];
}
