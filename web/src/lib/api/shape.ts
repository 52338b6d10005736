/**
 * Translation from the server's JSON to the console's nouns: the only place that knows how the wire spells things. The types of
 * the wire are generated from openapi.yaml (`npm run types`), so that a field renamed there is a compile error here.
 */
import type * as n from './nouns';
import type { components } from './schema';

type Wire = components['schemas'];

/** Every field may be absent: an older server, or one that leaves empty values out. */
type Some<K extends keyof Wire> = Partial<Wire[K]>;

const all = <T>(v: T[] | null | undefined): T[] => v ?? [];

export function page<W, T>(raw: { items?: W[] | null; next?: string; total?: number } | null | undefined, shape: (r: W) => T): n.Page<T> {
  return { items: all(raw?.items).map(shape), next: raw?.next || undefined, total: raw?.total };
}

export function asset(r: Some<'Asset'>, etag = ''): n.Asset {
  return {
    id: r.id ?? '', kind: (r.kind ?? '') as n.Asset['kind'], name: r.name ?? '', title: r.title ?? '', description: r.description ?? '',
    tags: all(r.tags), fields: r.fields ?? {}, source: r.source ?? '', licence: r.licence ?? '', credit: r.credit ?? '',
    territories: all(r.territories), fromMs: r.fromMs ?? 0, toMs: r.toMs ?? 0, state: (r.state ?? 'received') as n.AssetState,
    version: r.version ?? 0, published: r.published ?? 0, durationMs: r.durationMs ?? 0, width: r.width ?? 0, height: r.height ?? 0,
    bytes: r.bytes ?? 0, sha256: r.sha256 ?? '', createdMs: r.createdMs ?? 0, updatedMs: r.updatedMs ?? 0, rev: etag || `"r${r.rev ?? 0}"`,
    error: r.error?.text ?? ''
  };
}

export function version(r: Wire['Version']): n.Version {
  return { number: r.number, name: r.name, bytes: r.bytes, sha256: r.sha256, createdMs: r.createdMs, format: r.info?.format ?? '', streams: all(r.info?.streams) };
}

export function rendition(r: Wire['Rendition']): n.Rendition {
  return {
    id: r.id, name: r.name, role: r.role, codec: r.codec ?? '', width: r.width ?? 0, height: r.height ?? 0, kbps: r.kbps ?? 0,
    lang: r.lang ?? '', title: r.title ?? '', bytes: r.bytes, state: r.state, machine: String((r.meta as Record<string, unknown> | undefined)?.['machine'] ?? '')
  };
}

export function captionSetting(r: Wire['CaptionSetting']): n.CaptionSetting {
  return { collection: r.collection ?? '', automatic: r.automatic };
}

export function annotation(r: Some<'NoteView'>): n.Annotation {
  return {
    id: r.id ?? '', track: r.track ?? '', startMs: r.startMs ?? 0, endMs: r.endMs ?? 0, label: r.label ?? '', text: r.text ?? '',
    lang: r.lang ?? '', score: r.score ?? 0, model: r.model ?? '', lockedBy: r.lockedBy ?? '',
    source: r.source ?? '', person: r.person ?? '', who: '', box: r.box ?? null, path: all(r.path), words: all(r.words)
  };
}

export function overview(r: Wire['Overview']): n.Overview {
  return {
    open: r.run?.state === 'open',
    abilities: all(r.abilities).map((a) => ({
      ability: a.ability, title: a.title, state: a.state, text: a.text ?? '', model: a.model ?? '', tracks: all(a.tracks), pieces: a.pieces,
      piecesDone: a.piecesDone, found: a.found, cpuMs: a.cpuMs, wallMs: a.wallMs, onRequest: a.onRequest ?? false
    }))
  };
}

export function correction(r: Some<'Correction'>): n.Correction {
  return { id: r.id ?? '', wasText: r.wasText ?? '', wasLabel: r.wasLabel ?? '', rejected: r.rejected ?? false };
}

export function person(r: Wire['Person']): n.Person {
  const { id, name, faces, voices, assets } = r;
  return { id, name, note: r.note ?? '', consent: r.consent ? consent(r.consent) : null, withdrawn: r.withdrawn ?? '', faces, voices, assets, picture: r.picture ?? '' };
}

export function consent(r: Wire['PersonConsent']): n.Consent {
  const { id, basis, givenMs } = r;
  return { id, basis, document: r.document ?? '', givenMs, expiresMs: r.expiresMs ?? 0, endedMs: r.endedMs ?? 0, endedWhy: r.endedWhy ?? '' };
}

export function biometrics(r: Wire['Biometrics']): n.Biometrics {
  const { enabled, eachPerson, vectors } = r;
  return { enabled, eachPerson, vectors, basis: r.basis ?? '', document: r.document ?? '', expiresMs: r.expiresMs ?? 0, changedMs: r.changedMs ?? 0 };
}

export function face(r: Wire['FaceView']): n.Face {
  const { id, kind, asset, version, startMs, endMs, atMs, score } = r;
  return {
    id, kind, asset, version, startMs, endMs, atMs, score, speaker: r.speaker ?? '', person: r.person ?? '', personName: r.personName ?? '',
    how: r.how ?? '', group: r.group ?? '', picture: r.picture ?? ''
  };
}

export function showing(r: Wire['Showing']): n.Showing {
  return { asset: r.asset, title: r.title, redaction: r.redaction ?? '', remade: r.remade ?? '', newState: r.newState ?? '' };
}

export function cluster(r: Wire['Cluster']): n.Cluster {
  return { face: face(r.face), faces: r.faces, assets: all(r.assets), best: all(r.best).map(face) };
}

export function finding(r: Some<'Finding'>): n.Finding {
  const [startMs, endMs] = [r.startMs ?? 0, r.endMs ?? 0];
  return {
    id: r.id ?? '', check: r.check ?? '', severity: r.severity ?? 'info', text: r.text ?? '', startMs, endMs, ranged: endMs > startMs,
    waivedBy: r.state === 'waived' ? r.waivedBy || 'someone' : '', waivedReason: r.reason ?? '', thumb: r.thumb ?? ''
  };
}

export function entry(r: Wire['AuditView']): n.Entry {
  return { id: r.id, atMs: r.atMs, who: r.actorName ?? '', action: r.action, outcome: r.outcome, text: r.reason ?? '' };
}

export function ledger(r: Wire['LedgerEntry']): n.LedgerEntry {
  return { output: r.output, inputs: all(r.inputs), tool: r.tool, settings: r.settings ? JSON.stringify(r.settings) : '' };
}

export function collection(r: Wire['Collection']): n.Collection {
  return { id: r.id, name: r.name, description: r.description ?? '', count: r.assets };
}

export function job(r: Some<'Job'>): n.Job {
  return {
    id: r.id ?? '', asset: r.asset ?? '', name: r.name ?? '', template: r.template ?? '', lane: r.lane ?? '', priority: r.priority ?? 0,
    state: r.state ?? 'queued', stage: r.stage ?? '', progress: r.progress ?? 0, waitsFor: r.waitsFor ?? '',
    stages: all(r.stages).map(({ name, state, progress }) => ({ name, state, progress })),
    estimateMs: r.estimateMs ?? 0, createdMs: r.createdMs ?? 0, startedMs: r.startedMs ?? 0, playableMs: r.playableMs ?? 0, endedMs: r.endedMs ?? 0,
    error: r.error ? { code: r.error.code, text: r.error.text } : null
  };
}

export function pull(r: Wire['Pull']): n.Pull {
  return { id: r.id, url: r.url, name: r.name || r.url, state: r.state, bytes: r.bytes, total: r.total ?? 0, asset: r.asset ?? '', duplicate: r.duplicate ?? false, error: r.error?.text ?? '' };
}

export function play(r: Some<'Play'>): n.Play {
  return {
    token: r.token ?? '', title: r.title ?? '', expiresMs: r.expiresMs ?? 0, hls: r.hls ?? '', dash: r.dash ?? '', poster: r.poster ?? '',
    thumbs: r.thumbs ?? '', waveform: r.waveform ?? '', embed: r.embed ?? '', download: all(r.download), captions: all(r.captions),
    growing: r.growing ?? false, durationMs: r.durationMs ?? 0,
    clearkey: r.clearkey ? { licence: r.clearkey.licence, keys: r.clearkey.keys ?? {} } : null
  };
}

export function user(r: Wire['User']): n.User {
  return { id: r.id, name: r.name, email: r.email, roles: all(r.roles), disabled: r.disabled };
}

export function session(r: Wire['SessionBody']): n.Session {
  const { id, name, email = '', roles } = r.user;
  return { user: { id, name, email, roles: all(roles), disabled: false }, tenant: r.tenant, rooms: r.rooms, permissions: r.permissions };
}

export function apiKey(r: Wire['Key']): n.ApiKey {
  return { id: r.id, name: r.name, prefix: r.prefix, roles: all(r.roles), createdMs: r.createdMs, lastUsedMs: r.usedMs ?? 0 };
}

export function template(r: Wire['Template']): n.Template {
  return { name: r.name, title: r.title, description: r.about ?? '', version: r.version, body: r };
}

export function ability(r: Wire['Ability']): n.Ability {
  return { name: r.name, state: r.state as n.Ability['state'], text: r.text };
}

export function storage(r: Wire['Storage']): n.Storage {
  const m = r.machine;
  return {
    sealed: r.sealed, stores: r.stores.map(({ name, kind }) => ({ name, kind })), freeBytes: m.diskFreeBytes, totalBytes: m.diskTotalBytes,
    cores: m.cores, memoryMb: m.memoryMb, daysUntilFull: m.daysUntilFull ?? 0
  };
}

export function stats(r: Wire['Stats']): n.Stats {
  return { assets: r.assets, trashed: r.trashed, bytes: r.bytes, kinds: r.kinds ?? {}, states: r.states ?? {}, collections: r.collections };
}

export function model(r: Wire['Status']): n.Model {
  const { id, name, version, role, does, set, bytes, memoryMb, state, using, wanted } = r;
  const licence = { id: r.licence.id ?? '', words: r.licence.words ?? '', unknown: r.licence.unknown ?? false };
  return {
    id, name, version, role, does, set, licence, bytes, memoryMb, state, using, wanted, abilities: all(r.abilities), needs: all(r.needs),
    step: r.progress?.step ?? '', doneBytes: r.progress?.bytes ?? 0, totalBytes: r.progress?.total ?? 0, problem: r.problem ?? '', refused: r.refused ?? ''
  };
}
