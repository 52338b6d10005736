/** Every request the console makes, by noun. Pages import this and never a path. */
import { call, get, Problem, problemOf, withQuery } from './client';
import type * as n from './nouns';
import type { components } from './schema';
import * as shape from './shape';

type Wire = components['schemas'];


export * from './client';
export type * from './nouns';

const at = (path: string, id: string, rest = ''): string => `${path}/${encodeURIComponent(id)}${rest}`;

export interface AssetQuery {
  text?: string;
  kind?: string;
  state?: string;
  tags?: string[];
  collection?: string;
  sort?: string;
  cursor?: string;
  limit?: number;
  trash?: boolean;
}

export interface Bulk {
  ids: string[];
  patch?: n.AssetPatch;
  trash?: boolean;
  restore?: boolean;
  addTags?: string[];
  collection?: string;
}

export const assets = {
  list: async (q: AssetQuery, signal?: AbortSignal) => shape.page(await get<Wire['PageAsset']>('/v1/assets', { ...q }, signal), (r) => shape.asset(r)),
  async one(id: string): Promise<n.Asset> {
    const a = await call<Wire['Asset']>('GET', at('/v1/assets', id));
    return shape.asset(a.data, a.etag);
  },
  async patch(id: string, rev: string, patch: n.AssetPatch): Promise<n.Asset> {
    const a = await call<Wire['Asset']>('PATCH', at('/v1/assets', id), { body: patch, ifMatch: rev });
    return shape.asset(a.data, a.etag);
  },
  trash: async (id: string) => void (await call('DELETE', at('/v1/assets', id))),
  restore: async (id: string) => void (await call('POST', at('/v1/assets', id, '/restore'))),
  purge: async (id: string) => void (await call('POST', at('/v1/assets', id, '/purge'))),
  /** bulk changes many; when some could not be changed it throws with the first reason after changing the others. */
  async bulk(body: Bulk): Promise<void> {
    const { failed } = (await call<Wire['BulkResult']>('POST', '/v1/assets/bulk', { body })).data;
    if (failed.length > 0) {
      throw new Problem(409, 'bulk', `${failed.length} of ${body.ids.length} could not be changed. ${failed[0]!.text}`);
    }
  },
  versions: async (id: string) => shape.page(await get<Wire['PageVersion']>(at('/v1/assets', id, '/versions')), shape.version).items,
  renditions: async (id: string) => shape.page(await get<Wire['PageRendition']>(at('/v1/assets', id, '/renditions')), shape.rendition).items,
  annotations: async (id: string, track?: string) => shape.page(await get<Wire['PageNoteView']>(at('/v1/assets', id, '/annotations'), { track }), shape.annotation).items,
  annotate: async (id: string, note: n.Note) => shape.annotation((await call<Wire['NoteView']>('POST', at('/v1/assets', id, '/annotations'), { body: note })).data),
  editNote: async (id: string, note: string, change: n.Change) =>
    shape.annotation((await call<Wire['NoteView']>('PATCH', at('/v1/assets', id, `/annotations/${encodeURIComponent(note)}`), { body: change })).data),
  editText: async (id: string, note: string, text: string) => void (await call('PATCH', at('/v1/assets', id, `/annotations/${encodeURIComponent(note)}`), { body: { text } })),
  removeNote: async (id: string, note: string) => void (await call('DELETE', at('/v1/assets', id, `/annotations/${encodeURIComponent(note)}`))),
  /** corrections are people's decisions beside what the machine had said. */
  corrections: async (id: string) => ((await get<Wire['Exported']>(at('/v1/assets', id, '/export'))).corrections ?? []).map(shape.correction),
  transcriptUrl: (id: string, format: string, translation = false) => `${at('/v1/assets', id, '/transcript')}?format=${format}${translation ? '&translation=en' : ''}`,
  history: async (id: string) => shape.page(await get<Wire['PageAuditView']>(at('/v1/assets', id, '/history')), shape.entry).items,
  ledger: async (id: string) => shape.page(await get<Wire['PageLedgerEntry']>(at('/v1/assets', id, '/ledger')), shape.ledger).items,
  findings: async (id: string) => shape.page(await get<Wire['PageFinding']>(at('/v1/assets', id, '/findings')), shape.finding).items,
  reprocess: async (id: string, template: string) => void (await call('POST', at('/v1/assets', id, '/reprocess'), { body: { template } })),
  async play(id: string, drm: n.Protection): Promise<n.Play> {
    return shape.play((await call<Wire['Play']>('POST', at('/v1/assets', id, '/play'), { body: { drm } })).data);
  },
  posterUrl: (a: n.Asset) => `${at('/v1/assets', a.id, '/poster.jpg')}?v=${a.version}.${a.updatedMs}`,
  waveformUrl: (a: n.Asset) => `${at('/v1/assets', a.id, '/waveform.json')}?v=${a.published}`,
  thumbsUrl: (id: string) => at('/v1/assets', id, '/thumbs.vtt'),
  originalUrl: (id: string) => at('/v1/assets', id, '/original'),
  exportUrl: (id: string) => at('/v1/assets', id, '/export'),
  /** putCaptions adds or replaces the captions of a language; the file's name tells its format. */
  async putCaptions(id: string, lang: string, file: File): Promise<void> {
    const res = await fetch(withQuery(at('/v1/assets', id, `/captions/${encodeURIComponent(lang)}`), { name: file.name }), { method: 'PUT', body: file });
    if (!res.ok) throw await problemOf(res);
  },
  /** captionTiming compares captions with what is heard; null while there is nothing to compare with. */
  async captionTiming(id: string, lang: string): Promise<n.Timing | null> {
    try {
      return await get<Wire['CaptionTiming']>(at('/v1/assets', id, `/captions/${encodeURIComponent(lang)}/timing`));
    } catch (err) {
      if (err instanceof Problem && (err.status === 404 || err.status === 503)) return null;
      throw err;
    }
  },
  alignCaptions: async (id: string, lang: string): Promise<n.Timing> => (await call<Wire['CaptionTiming']>('POST', at('/v1/assets', id, `/captions/${encodeURIComponent(lang)}/align`))).data,
  removeCaptions: async (id: string, lang: string) => void (await call('DELETE', at('/v1/assets', id, `/captions/${encodeURIComponent(lang)}`)))
};

export const analysis = {
  of: async (id: string) => shape.overview(await get<Wire['Overview']>(at('/v1/assets', id, '/analysis'))),
  ask: async (id: string, mode: 'missing' | 'all', only?: string[]) =>
    shape.overview((await call<Wire['Overview']>('POST', at('/v1/assets', id, '/analysis'), { body: { mode, only } })).data),
  cancel: async (id: string) => shape.overview((await call<Wire['Overview']>('POST', at('/v1/assets', id, '/analysis/cancel'))).data)
};

export interface Verdict {
  verdict?: 'confirm' | 'reject' | 'together' | 'apart' | 'clear';
  person?: string;
  name?: string;
  other?: string;
}

export const people = {
  list: async () => shape.page(await get<Wire['PagePerson']>('/v1/people'), shape.person).items,
  one: async (id: string) => shape.person(await get<Wire['Person']>(at('/v1/people', id))),
  create: async (name: string) => shape.person((await call<Wire['Person']>('POST', '/v1/people', { body: { name } })).data),
  patch: async (id: string, body: { name?: string; note?: string }) => shape.person((await call<Wire['Person']>('PATCH', at('/v1/people', id), { body })).data),
  /** forget removes somebody; with `blur` their faces are remembered by place alone, so that redactions hide them. */
  forget: async (id: string, blur: boolean) => void (await call('DELETE', at('/v1/people', id), { query: { blur } })),
  merge: async (into: string, from: string[]) => shape.person((await call<Wire['Person']>('POST', '/v1/people/merge', { body: { into, from } })).data),
  unnamed: async () => shape.page(await get<Wire['PageCluster']>('/v1/people/unnamed'), shape.cluster).items,
  split: async (faces: string[]) => shape.page((await call<Wire['PageFaceView']>('POST', '/v1/people/split', { body: { faces } })).data, shape.face).items,
  faces: async (id: string) => shape.page(await get<Wire['PageFaceView']>(at('/v1/people', id, '/faces')), shape.face).items,
  ofAsset: async (id: string) => shape.page(await get<Wire['PageFaceView']>(at('/v1/assets', id, '/faces')), shape.face).items,
  decide: async (face: string, body: Verdict) => shape.face((await call<Wire['FaceView']>('POST', at('/v1/faces', face, '/person'), { body })).data),
  consents: async (id: string) => shape.page(await get<Wire['PagePersonConsent']>(at('/v1/people', id, '/consent')), shape.consent).items,
  consent: async (id: string, body: { basis: string; document?: string; expiresMs?: number }) =>
    shape.person((await call<Wire['Person']>('POST', at('/v1/people', id, '/consent'), { body })).data),
  revoke: async (id: string, keepNames: boolean) => shape.person((await call<Wire['Person']>('DELETE', at('/v1/people', id, '/consent'), { query: { keepNames } })).data),
  exportUrl: (id: string) => at('/v1/people', id, '/export'),
  /** shown lists in what somebody who withdrew can still be seen. */
  shown: async (id: string) => shape.page(await get<Wire['PageShowing']>(at('/v1/people', id, '/shown')), shape.showing).items,
  /** reblur makes those again with their face hidden: drafts until a person signs them. */
  reblur: async (id: string, takeDown: boolean) => shape.page((await call<Wire['PageShowing']>('POST', at('/v1/people', id, '/reblur'), { body: { takeDown } })).data, shape.showing).items,
  biometrics: async () => shape.biometrics(await get<Wire['Biometrics']>('/v1/settings/biometrics')),
  turn: async (body: { enabled: boolean; basis?: string; document?: string; eachPerson?: boolean; expiresMs?: number; keepNames?: boolean }) =>
    shape.biometrics((await call<Wire['Biometrics']>('PUT', '/v1/settings/biometrics', { body })).data)
};

export const models = {
  list: async () => shape.page(await get<Wire['PageStatus']>('/v1/models'), shape.model).items,
  install: async (id: string) => void (await call('POST', at('/v1/models', id, '/install'))),
  verify: async (id: string) => void (await call('POST', at('/v1/models', id, '/verify'))),
  use: async (role: string, model: string) => void (await call('PUT', '/v1/models/use', { body: { role, model } }))
};

export const findings = {
  waive: async (id: string, reason: string) => void (await call('POST', at('/v1/findings', id, '/waive'), { body: { reason } }))
};

export const tags = async (): Promise<string[]> =>
  shape.page(await get<Wire['PageTagCount']>('/v1/tags'), (r) => r.tag).items;

export const settings = {
  /** captions tells whether transcripts are offered as automatic captions; the tenant's own choice has no collection. */
  captions: async () => (await get<Wire['PageCaptionSetting']>('/v1/settings/captions')).items.map(shape.captionSetting),
  setCaptions: async (collection: string, automatic: string) =>
    (await call<Wire['PageCaptionSetting']>('PUT', '/v1/settings/captions', { body: { collection, automatic } })).data.items.map(shape.captionSetting)
};

export const collections = {
  list: async () => shape.page(await get<Wire['PageCollection']>('/v1/collections'), shape.collection).items,
  one: async (id: string) => shape.collection(await get<Wire['Collection']>(at('/v1/collections', id))),
  create: async (name: string, description = '') =>
    shape.collection((await call<Wire['Collection']>('POST', '/v1/collections', { body: { name, description } })).data),
  patch: async (id: string, body: { name?: string; description?: string }) => void (await call('PATCH', at('/v1/collections', id), { body })),
  remove: async (id: string) => void (await call('DELETE', at('/v1/collections', id))),
  put: async (id: string, ids: string[]) => void (await call('PUT', at('/v1/collections', id, '/assets'), { body: { ids } })),
  take: async (id: string, ids: string[]) => void (await call('DELETE', at('/v1/collections', id, '/assets'), { body: { ids } }))
};

export type JobVerb = 'pause' | 'resume' | 'cancel' | 'retry' | 'release';

export const jobs = {
  list: async (q: { state?: string; asset?: string; cursor?: string; limit?: number }) => shape.page(await get<Wire['PageJob']>('/v1/jobs', { ...q }), shape.job),
  one: async (id: string) => shape.job(await get<Wire['Job']>(at('/v1/jobs', id))),
  act: async (id: string, verb: JobVerb) => void (await call('POST', at('/v1/jobs', id, `/${verb}`))),
  patch: async (id: string, body: { priority?: number; lane?: string }) => void (await call('PATCH', at('/v1/jobs', id), { body }))
};

export const pulls = {
  create: async (url: string) => shape.pull((await call<Wire['Pull']>('POST', '/v1/pulls', { body: { url } })).data),
  one: async (id: string) => shape.pull(await get<Wire['Pull']>(at('/v1/pulls', id)))
};

export const templates = {
  list: async () => shape.page(await get<Wire['PageTemplate']>('/v1/templates'), shape.template).items,
  one: async (name: string) => shape.template(await get<Wire['Template']>(at('/v1/templates', name))),
  put: async (name: string, body: unknown) => void (await call('PUT', at('/v1/templates', name), { body }))
};

export const session = {
  setupNeeded: async () => Boolean((await get<Wire['SetupStateBody']>('/v1/setup')).needed),
  setup: async (body: { token: string; name: string; email: string; password: string }) => void (await call('POST', '/v1/setup', { body })),
  open: async (email: string, password: string) => void (await call('POST', '/v1/session', { body: { email, password } })),
  current: async () => shape.session(await get<Wire['SessionBody']>('/v1/session')),
  close: async () => void (await call('DELETE', '/v1/session'))
};

export const users = {
  list: async () => shape.page(await get<Wire['PageUser']>('/v1/users'), shape.user).items,
  create: async (body: { name: string; email: string; password: string; roles: string[] }) => void (await call('POST', '/v1/users', { body })),
  patch: async (id: string, body: { roles?: string[]; disabled?: boolean; password?: string }) => void (await call('PATCH', at('/v1/users', id), { body })),
  remove: async (id: string) => void (await call('DELETE', at('/v1/users', id)))
};

export const keys = {
  list: async () => shape.page(await get<Wire['PageKey']>('/v1/keys'), shape.apiKey).items,
  async create(name: string, roles: string[]): Promise<string> {
    return (await call<Wire['NewKeyOutBody']>('POST', '/v1/keys', { body: { name, roles } })).data.secret;
  },
  remove: async (id: string) => void (await call('DELETE', at('/v1/keys', id)))
};

export const audit = async (cursor?: string) => shape.page(await get<Wire['PageAuditView']>('/v1/audit', { cursor, limit: 100 }), shape.entry);
export const stats = async (): Promise<n.Stats> => shape.stats(await get<Wire['Stats']>('/v1/stats'));
export const storage = async (): Promise<n.Storage> => shape.storage(await get<Wire['Storage']>('/v1/storage'));
export const doctor = async (): Promise<n.Ability[]> => (await get<Wire['Report']>('/v1/doctor')).abilities.map(shape.ability);
