/** Shaka behind a small face: load a stream, clear or ClearKey, choose size, sound and captions. Used by the console and the embed page. */

export type Format = 'hls' | 'dash';

export interface Source {
  url: string;
  /** ClearKey licence address; empty for clear streams. */
  licence: string;
  /** ClearKey pairs (kid → key, both hex), where the server hands them out directly. */
  keys: Record<string, string>;
}

export interface Size {
  id: number;
  height: number;
  kbps: number;
}

export interface Choice {
  id: string;
  text: string;
}

const CLEARKEY = 'org.w3.clearkey';

// shaka-player's own types use a global namespace that clashes with bundling; the few calls below are typed here.
interface Track {
  id: number;
  active: boolean;
  height: number | null;
  bandwidth: number;
  language: string;
  label: string | null;
  channelsCount?: number | null;
}

interface Shaka {
  attach(v: HTMLMediaElement): Promise<unknown>;
  configure(c: object): boolean;
  load(uri: string, start?: number | null): Promise<unknown>;
  unload(): Promise<unknown>;
  destroy(): Promise<unknown>;
  getVariantTracks(): Track[];
  selectVariantTrack(t: Track, clear?: boolean): void;
  getAudioTracks(): Track[];
  selectAudioTrack(t: Track): void;
  getTextTracks(): Track[];
  selectTextTrack(t: Track | null): void;
  addEventListener(name: string, fn: (e: any) => void): void;
  isLive(): boolean;
}

export class Film {
  private player: Shaka | null = null;
  private dead = false;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly on: { change: () => void; error: (text: string) => void }
  ) {}

  /** load starts a source at a second. It resolves when the first picture can be shown. */
  async load(src: Source, startS = 0): Promise<void> {
    const player = await this.ready();
    if (!player) return;
    const drm: Record<string, unknown> = { servers: {}, clearKeys: {} };
    if (Object.keys(src.keys).length > 0) drm.clearKeys = src.keys;
    else if (src.licence) drm.servers = { [CLEARKEY]: new URL(src.licence, location.href).href };
    player.configure({ drm });
    try {
      await player.load(new URL(src.url, location.href).href, startS);
    } catch (err) {
      if (this.dead || interrupted(err)) return;
      throw new Error(wordsOf(err));
    }
    this.on.change();
  }

  private async ready(): Promise<Shaka | null> {
    if (this.player) return this.player;
    const mod: any = await import('shaka-player/dist/shaka-player.compiled-es2021.js');
    if (this.dead) return null;
    const shaka = mod.default?.Player ? mod.default : mod;
    shaka.polyfill.installAll();
    if (!shaka.Player.isBrowserSupported()) throw new Error('This browser cannot play streams. A current Chrome, Firefox, Edge or Safari can.');
    const player: Shaka = new shaka.Player();
    await player.attach(this.video);
    player.configure({
      streaming: { bufferingGoal: 20, rebufferingGoal: 0.5, bufferBehind: 60, retryParameters: { maxAttempts: 5, baseDelay: 400 } },
      manifest: { retryParameters: { maxAttempts: 5, baseDelay: 400 } },
      abr: { defaultBandwidthEstimate: 4_000_000 }
    });
    for (const name of ['trackschanged', 'variantchanged', 'adaptation', 'textchanged', 'audiotrackschanged']) player.addEventListener(name, () => this.on.change());
    player.addEventListener('error', (e) => !interrupted(e.detail) && this.on.error(wordsOf(e.detail)));
    this.player = player;
    return player;
  }

  sizes(): Size[] {
    const best = new Map<number, Size>();
    for (const t of this.player?.getVariantTracks() ?? []) {
      const height = t.height ?? 0;
      const known = best.get(height);
      if (height > 0 && (!known || t.bandwidth > known.kbps * 1000)) best.set(height, { id: t.id, height, kbps: Math.round(t.bandwidth / 1000) });
    }
    return [...best.values()].sort((a, b) => b.height - a.height);
  }

  /** height of the picture being played, 0 before it is known. */
  height(): number {
    return this.player?.getVariantTracks().find((t) => t.active)?.height ?? 0;
  }

  choose(size: Size | null): void {
    this.player?.configure({ abr: { enabled: size === null } });
    const track = size && this.player?.getVariantTracks().find((t) => t.id === size.id);
    if (track) this.player?.selectVariantTrack(track, true);
  }

  sounds(): Choice[] {
    return (this.player?.getAudioTracks() ?? []).map((t, i) => ({ id: String(i), text: [t.language && t.language !== 'und' ? languageName(t.language) : t.label || (i === 0 ? 'Main' : `Track ${i + 1}`), layout(t.channelsCount)].filter(Boolean).join(' · ') }));
  }

  listen(id: string): void {
    const track = this.player?.getAudioTracks()[Number(id)];
    if (track) this.player?.selectAudioTrack(track);
  }

  async destroy(): Promise<void> {
    this.dead = true;
    await this.player?.destroy().catch(() => undefined);
  }
}

/** layout names the usual counts of channels. */
function layout(channels: number | null | undefined): string {
  if (!channels) return '';
  return ({ 1: 'mono', 2: 'stereo', 6: '5.1', 8: '7.1' } as Record<number, string>)[channels] ?? `${channels} channels`;
}

export function languageName(code: string): string {
  if (!code || code === 'und') return 'No language given';
  try {
    return new Intl.DisplayNames(undefined, { type: 'language' }).of(code) ?? code;
  } catch {
    return code;
  }
}

const LOAD_INTERRUPTED = 7000;
const interrupted = (err: any): boolean => err?.code === LOAD_INTERRUPTED;

/** wordsOf says what a Shaka error means for the person watching. */
export function wordsOf(err: any): string {
  const status = err?.code === 1001 ? Number(err?.data?.[1]) : 0;
  if (status === 403 || status === 410 || status === 401) return 'This playing link has ended. Reload the page for a fresh one.';
  if (status === 404) return 'This stream is not there yet, or not any more.';
  if (err?.category === 1) return 'The stream cannot be reached. Look at the connection, then try again.';
  if (err?.category === 6) return 'The keys of this encrypted stream were refused, or this browser cannot decrypt it.';
  if (typeof err?.code === 'number') return `This stream cannot be played here (player code ${err.code}).`;
  return err instanceof Error ? err.message : 'This stream cannot be played here.';
}
