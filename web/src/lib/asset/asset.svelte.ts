import { analysis, assets, jobs, people, wordsOf, type Annotation, type Asset, type Face, type Finding, type Job, type Overview, type Play, type Protection, type Rendition, type Version } from '$lib/api';
import { load, type Cue } from '$lib/library/thumbs';
import { wave, type Wave } from '$lib/timeline/tracks';
import type { Rate } from '$lib/timeline/timecode';

/** Everything an asset page shows, read part by part so that one missing part hides nothing else. */
export class AssetPage {
  asset = $state<Asset | null>(null);
  versions = $state<Version[]>([]);
  renditions = $state<Rendition[]>([]);
  /** A long film has tens of thousands: the list is replaced whole, never changed in place. */
  annotations = $state.raw<Annotation[]>([]);
  findings = $state<Finding[]>([]);
  /** The voices that the analysis told apart, with who they are. */
  voices = $state.raw<Face[]>([]);
  job = $state<Job | null>(null);
  overview = $state<Overview | null>(null);
  play = $state<Play | null>(null);
  cues = $state<Cue[]>([]);
  wave = $state<Wave | null>(null);
  error = $state('');
  private reading = 0;

  constructor(readonly id: string) {}

  /** durationMs is the film's, also while the stream that was opened holds but its beginning. */
  get durationMs(): number {
    return Math.max(this.play?.durationMs ?? 0, this.asset?.durationMs ?? 0);
  }

  get rate(): Rate | null {
    const v = this.versions.find((x) => x.number === this.asset?.version) ?? this.versions.at(-1);
    return v?.streams.find((s) => s.type === 'video')?.rate ?? null;
  }

  /** playable: there is a stream, perhaps a growing one. */
  get playable(): boolean {
    const a = this.asset;
    if (!a || (a.kind !== 'video' && a.kind !== 'audio')) return false;
    return a.state === 'ready' || this.renditions.some((r) => r.role === 'rung' || r.role === 'video' || r.role === 'audio' || r.role === 'proxy') || (this.job?.playableMs ?? 0) > 0;
  }

  async load(): Promise<void> {
    try {
      this.asset = await assets.one(this.id);
      this.error = '';
    } catch (err) {
      this.error = wordsOf(err);
      return;
    }
    await this.parts();
  }

  async parts(): Promise<void> {
    const keep = <T>(p: Promise<T>, put: (v: T) => void): Promise<void> => p.then(put, () => undefined);
    await Promise.all([
      keep(assets.versions(this.id), (v) => (this.versions = v)),
      keep(assets.renditions(this.id), (v) => (this.renditions = v)),
      this.notes().catch(() => undefined),
      this.stands(),
      keep(assets.findings(this.id), (v) => (this.findings = v)),
      keep(jobs.list({ asset: this.id, limit: 1 }), (p) => (this.job = p.items.find((j) => j.asset === this.id) ?? null))
    ]);
  }

  /** stands reads how the analysis stands. */
  async stands(): Promise<void> {
    await analysis.of(this.id).then((v) => (this.overview = v), () => undefined);
  }

  /** results reads what the analysis has written meanwhile. */
  async results(): Promise<void> {
    await Promise.all([this.stands(), this.notes().catch(() => undefined)]);
  }

  /** notes reads the timeline again after a person changed it, and who is on it. */
  async notes(): Promise<void> {
    const read = (this.reading += 1);
    const notes = await assets.annotations(this.id);
    const faces = notes.some((a) => a.person || a.track === 'speaker') ? await people.ofAsset(this.id).catch((): Face[] => []) : [];
    // A slower answer to an earlier question is not the newest.
    if (read !== this.reading) return;
    this.voices = faces.filter((f) => f.kind === 'voice');
    this.annotations = named(notes, faces);
  }

  /** ask fetches a playing link and keeps what the page shows of it. */
  async ask(protection: Protection): Promise<Play> {
    const play = await assets.play(this.id, protection);
    this.play = play;
    if (play.thumbs && this.cues.length === 0) void load(play.thumbs).then((c) => (this.cues = c));
    if (play.waveform && !this.wave) {
      void fetch(play.waveform)
        .then((r) => (r.ok ? r.json() : null))
        .then((raw) => raw && (this.wave = wave(raw, this.durationMs)))
        .catch(() => undefined);
    }
    return play;
  }
}

/** named puts people's names to what shows or holds them; what somebody says is theirs by name. */
export function named(notes: Annotation[], faces: Pick<Face, 'person' | 'personName'>[]): Annotation[] {
  const names = new Map(faces.filter((f) => f.person).map((f) => [f.person, f.personName]));
  return notes.map((a) => {
    const who = names.get(a.person);
    if (!who) return a;
    return { ...a, who, ...(a.track === 'speech' || a.track === 'speaker' ? { label: who } : {}) };
  });
}
