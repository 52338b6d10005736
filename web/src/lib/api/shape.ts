/** Translation from the server's JSON to the console's nouns: the only place that knows how the wire spells things. */
import type * as n from './nouns';

type Raw = Record<string, any>;

const FLICKS_PER_MS = 705_600;

const text = (v: unknown): string => (v === undefined || v === null ? '' : String(v));
const num = (v: unknown): number => (typeof v === 'number' && Number.isFinite(v) ? v : Number(v ?? 0) || 0);
const list = <T>(v: unknown): T[] => (Array.isArray(v) ? v : []);
const pick = (r: Raw, ...keys: string[]): any => {
  for (const key of keys) if (r[key] !== undefined && r[key] !== null) return r[key];
  return undefined;
};

export function page<T>(raw: any, shape: (r: Raw) => T): n.Page<T> {
  const items = Array.isArray(raw) ? raw : list<Raw>(raw?.items);
  return { items: items.map(shape), next: raw?.next || undefined, total: typeof raw?.total === 'number' ? raw.total : undefined };
}

export function asset(r: Raw, etag = ''): n.Asset {
  return {
    id: text(r.id), kind: r.kind || '', name: text(r.name), title: text(r.title), description: text(r.description),
    tags: list(r.tags), fields: r.fields ?? {}, source: text(r.source), licence: text(r.licence), credit: text(r.credit),
    territories: list(r.territories), fromMs: num(pick(r, 'fromMs', 'fromMS')), toMs: num(pick(r, 'toMs', 'toMS')),
    state: r.state, version: num(r.version), durationMs: num(pick(r, 'durationMs', 'durationMS')),
    width: num(r.width), height: num(r.height), bytes: num(r.bytes), sha256: text(r.sha256),
    createdMs: num(pick(r, 'createdMs', 'createdMS')), updatedMs: num(pick(r, 'updatedMs', 'updatedMS')),
    published: num(r.published), rev: etag || `"r${num(r.rev)}"`, error: text(r.error?.text ?? r.error)
  };
}

export function version(r: Raw): n.Version {
  return {
    number: num(r.number), name: text(r.name), bytes: num(r.bytes), sha256: text(r.sha256),
    createdMs: num(pick(r, 'createdMs', 'createdMS')), format: text(r.info?.format), streams: list(r.info?.streams)
  };
}

export function rendition(r: Raw): n.Rendition {
  return {
    id: text(r.id), name: text(r.name), role: text(r.role), codec: text(r.codec), width: num(r.width), height: num(r.height),
    kbps: num(r.kbps), lang: text(r.lang), bytes: num(r.bytes), state: text(r.state)
  };
}

/** rangeMs reads a media.Range (flicks) or a pair already in milliseconds. */
function rangeMs(r: Raw): [number, number] {
  const start = pick(r, 'startMs', 'startMS');
  if (start !== undefined) return [num(start), num(pick(r, 'endMs', 'endMS'))];
  const range = r.range ?? {};
  return [num(range.start) / FLICKS_PER_MS, num(range.end) / FLICKS_PER_MS];
}

export function annotation(r: Raw): n.Annotation {
  const [startMs, endMs] = rangeMs(r);
  return {
    id: text(r.id), track: text(r.track), startMs, endMs, label: text(r.label), text: text(r.text), lang: text(r.lang),
    score: num(r.score), model: text(r.model), lockedBy: text(r.lockedBy)
  };
}

export function finding(r: Raw): n.Finding {
  const [startMs, endMs] = rangeMs(r);
  const severity = text(r.severity);
  return {
    id: text(r.id), check: text(r.check), text: text(r.text), startMs, endMs,
    severity: severity === 'error' || severity === 'warning' ? severity : 'info',
    ranged: endMs > startMs, value: text(r.value),
    waivedBy: text(r.waivedBy) || (r.state === 'waived' ? 'someone' : ''), waivedReason: text(pick(r, 'reason', 'waivedReason')), thumb: text(r.thumb)
  };
}

export function entry(r: Raw): n.Entry {
  return {
    id: text(pick(r, 'id', 'seq')), atMs: num(pick(r, 'atMs', 'atMS', 'createdMs')), who: text(pick(r, 'actorName', 'actor', 'who')),
    action: text(pick(r, 'action', 'name')), outcome: text(r.outcome), text: text(pick(r, 'reason', 'text'))
  };
}

export function ledger(r: Raw): n.LedgerEntry {
  const settings = r.settings;
  return {
    output: text(r.output), inputs: list<unknown>(r.inputs).map((i) => (typeof i === 'string' ? i : JSON.stringify(i))), tool: text(r.tool),
    settings: typeof settings === 'string' ? settings : settings ? JSON.stringify(settings) : ''
  };
}

export function collection(r: Raw): n.Collection {
  return { id: text(r.id), name: text(r.name), description: text(r.description), count: num(pick(r, 'count', 'assets', 'size')) };
}

export function job(r: Raw): n.Job {
  const e = r.error;
  return {
    id: text(r.id), asset: text(r.asset), name: text(r.name), template: text(r.template), lane: text(r.lane), priority: num(r.priority),
    state: r.state, stage: text(r.stage), progress: num(r.progress), waitsFor: text(r.waitsFor),
    stages: list<Raw>(r.stages).map((s) => ({ name: text(s.name), state: text(s.state), progress: num(s.progress) })),
    estimateMs: num(pick(r, 'estimateMs', 'estimateMS')), createdMs: num(pick(r, 'createdMs', 'createdMS')),
    startedMs: num(pick(r, 'startedMs', 'startedMS')), playableMs: num(pick(r, 'playableMs', 'playableMS')),
    endedMs: num(pick(r, 'endedMs', 'endedMS')),
    error: e && (e.text || e.code || typeof e === 'string') ? { code: text(e.code), text: text(e.text ?? e) } : null
  };
}

export function play(r: Raw): n.Play {
  const ck = r.clearkey ?? r.clearKey;
  const keys = ck?.keys;
  const pairs: Record<string, string> = Array.isArray(keys)
    ? Object.fromEntries(keys.map((k: Raw) => [text(k.kid), text(k.key ?? k.k)]))
    : (keys ?? {});
  return {
    token: text(r.token), expiresMs: num(pick(r, 'expiresMs', 'expiresMS')), hls: text(r.hls), dash: text(r.dash), poster: text(r.poster),
    thumbs: text(r.thumbs), waveform: text(r.waveform), embed: text(r.embed), download: list(r.download),
    captions: list(r.captions), growing: Boolean(r.growing), durationMs: num(pick(r, 'durationMs', 'durationMS')),
    clearkey: ck ? { licence: typeof ck === 'string' ? ck : text(pick(ck, 'licence', 'licenceUrl', 'url')), keys: pairs } : null
  };
}

export function user(r: Raw): n.User {
  return { id: text(r.id), name: text(r.name), email: text(r.email), roles: list(r.roles), disabled: Boolean(r.disabled) };
}

export function session(r: Raw): n.Session {
  return { user: user(r.user ?? {}), tenant: text(r.tenant), rooms: list(r.rooms), permissions: list(r.permissions) };
}

export function apiKey(r: Raw): n.ApiKey {
  return {
    id: text(r.id), name: text(r.name), prefix: text(r.prefix), roles: list(r.roles),
    createdMs: num(pick(r, 'createdMs', 'createdMS')), lastUsedMs: num(pick(r, 'usedMs', 'lastUsedMs'))
  };
}

export function template(r: Raw): n.Template {
  return { name: text(r.name), title: text(r.title), description: text(pick(r, 'about', 'description')), version: num(r.version), body: r };
}

export function ability(r: Raw): n.Ability {
  return { name: text(pick(r, 'name', 'Name')), state: pick(r, 'state', 'State') ?? 'ok', text: text(pick(r, 'text', 'Text')) };
}

export function storage(r: Raw): n.Storage {
  const m = r.machine ?? {};
  return {
    sealed: Boolean(r.sealed), stores: list<Raw>(r.stores).map((p) => ({ name: text(p.name), kind: text(p.kind) })),
    freeBytes: num(m.diskFreeBytes), totalBytes: num(m.diskTotalBytes), cores: num(m.cores), memoryMb: num(m.memoryMb), daysUntilFull: num(m.daysUntilFull)
  };
}

export function stats(r: Raw): n.Stats {
  return { assets: num(r.assets), trashed: num(r.trashed), bytes: num(r.bytes), kinds: r.kinds ?? {}, states: r.states ?? {}, collections: num(r.collections) };
}
