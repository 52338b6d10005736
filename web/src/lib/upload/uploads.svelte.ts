import { forget, KEEP_BYTES, remember, remembered, type Saved } from './store';
import type { Picked } from './files';
import type { Upload as TusUpload } from 'tus-js-client';

export type UploadState = 'queued' | 'sending' | 'paused' | 'needs-file' | 'done' | 'failed';

const ENDPOINT = '/v1/uploads/';
const AT_ONCE = 3;

/** One file on its way. Progress is what the server has acknowledged or is receiving, never a guess. */
export class Sending {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly modified: number;
  readonly template: string;
  sent = $state(0);
  state = $state<UploadState>('queued');
  error = $state('');
  bytesPerS = $state(0);
  asset = $state('');
  /** the library already held these very bytes */
  duplicate = $state(false);
  file: File | null;
  url: string;
  tus: TusUpload | null = null;
  private mark = { at: 0, sent: 0 };

  constructor(saved: Saved) {
    this.id = saved.id;
    this.name = saved.name;
    this.path = saved.path;
    this.size = saved.size;
    this.modified = saved.modified;
    this.template = saved.template;
    this.url = saved.url;
    this.file = saved.file ?? null;
  }

  get progress(): number {
    return this.size > 0 ? this.sent / this.size : this.state === 'done' ? 1 : 0;
  }

  get leftMs(): number {
    return this.bytesPerS > 0 ? ((this.size - this.sent) / this.bytesPerS) * 1000 : 0;
  }

  saved(): Saved {
    const keep = this.file && this.size <= KEEP_BYTES ? this.file : undefined;
    return { id: this.id, name: this.name, path: this.path, size: this.size, modified: this.modified, url: this.url, template: this.template, file: keep };
  }

  /** moved notes acknowledged bytes and smooths the speed over about two seconds. */
  moved(sent: number): void {
    const now = performance.now();
    this.sent = sent;
    if (this.mark.at === 0 || sent < this.mark.sent) this.mark = { at: now, sent };
    const dt = now - this.mark.at;
    if (dt < 500) return;
    const speed = ((sent - this.mark.sent) / dt) * 1000;
    this.bytesPerS = this.bytesPerS ? this.bytesPerS * 0.6 + speed * 0.4 : speed;
    this.mark = { at: now, sent };
  }
}

class Uploads {
  items = $state<Sending[]>([]);
  private woken = false;

  get active(): Sending[] {
    return this.items.filter((u) => u.state !== 'done');
  }

  get progress(): number {
    const size = this.items.reduce((n, u) => n + u.size, 0);
    return size > 0 ? this.items.reduce((n, u) => n + u.sent, 0) / size : 0;
  }

  add(picked: Picked[], template = ''): void {
    for (const { file, path } of picked) {
      const waiting = this.items.find((u) => u.state === 'needs-file' && same(u, file));
      if (waiting) {
        waiting.file = file;
        waiting.state = 'queued';
        continue;
      }
      const saved: Saved = { id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, name: file.name, path, size: file.size, modified: file.lastModified, url: '', template, file };
      const item = new Sending(saved);
      this.items.push(item);
      void remember(item.saved());
    }
    this.next();
  }

  /** wake brings back what an earlier visit left unfinished. */
  async wake(): Promise<void> {
    if (this.woken) return;
    this.woken = true;
    for (const saved of await remembered()) {
      if (this.items.some((u) => u.id === saved.id)) continue;
      const item = new Sending(saved);
      item.state = item.file ? 'queued' : 'needs-file';
      this.items.push(item);
      if (item.url) void this.ask(item);
    }
    this.next();
  }

  pause(item: Sending): void {
    if (item.state === 'sending') void item.tus?.abort();
    item.state = 'paused';
    item.bytesPerS = 0;
    this.next();
  }

  resume(item: Sending): void {
    if (!item.file) {
      item.state = 'needs-file';
      return;
    }
    item.error = '';
    item.state = 'queued';
    this.next();
  }

  /** cancel ends an upload and asks the server to drop what it has. */
  cancel(item: Sending): void {
    if (item.tus) void item.tus.abort(true).catch(() => undefined);
    else if (item.url) void fetch(item.url, { method: 'DELETE', headers: { 'Tus-Resumable': '1.0.0' } }).catch(() => undefined);
    this.drop(item);
    this.next();
  }

  drop(item: Sending): void {
    void forget(item.id);
    this.items = this.items.filter((u) => u !== item);
  }

  clearDone(): void {
    this.items = this.items.filter((u) => u.state !== 'done');
  }

  private next(): void {
    const free = AT_ONCE - this.items.filter((u) => u.state === 'sending').length;
    for (const item of this.items.filter((u) => u.state === 'queued').slice(0, Math.max(0, free))) void this.send(item);
  }

  /** ask reads how much the server already holds, so that a reloaded page shows the truth before it continues. */
  private async ask(item: Sending): Promise<void> {
    const res = await fetch(item.url, { method: 'HEAD', headers: { 'Tus-Resumable': '1.0.0' } }).catch(() => null);
    if (res?.ok) item.sent = Math.max(item.sent, Number(res.headers.get('Upload-Offset') ?? 0));
    else if (res && (res.status === 404 || res.status === 410) && item.state === 'needs-file') this.drop(item);
  }

  private async send(item: Sending): Promise<void> {
    if (!item.file) {
      item.state = 'needs-file';
      return;
    }
    item.state = 'sending';
    const { Upload } = await import('tus-js-client');
    if (item.state !== 'sending' || !item.file) return;
    const tus = new Upload(item.file, {
      endpoint: ENDPOINT,
      uploadUrl: item.url || null,
      retryDelays: [0, 500, 1000, 2000, 4000, 8000, 15_000, 30_000],
      storeFingerprintForResuming: false,
      metadata: { filename: item.name, relativePath: item.path, ...(item.template ? { template: item.template } : {}) },
      onUploadUrlAvailable: () => {
        item.url = tus.url ?? '';
        void remember(item.saved());
      },
      onProgress: (sent) => item.moved(sent),
      onSuccess: ({ lastResponse }) => {
        item.asset = lastResponse.getHeader('Showreel-Asset') ?? '';
        item.duplicate = lastResponse.getHeader('Showreel-Duplicate') === 'true';
        this.finish(item);
      },
      onError: (err) => this.fail(item, err)
    });
    item.tus = tus;
    tus.start();
  }

  private finish(item: Sending): void {
    item.sent = item.size;
    item.state = 'done';
    item.file = null;
    void forget(item.id);
    this.next();
  }

  private fail(item: Sending, err: Error): void {
    if (item.state === 'paused') return;
    item.state = 'failed';
    item.error = reason(err);
    item.bytesPerS = 0;
    this.next();
  }
}

const same = (u: Sending, f: File): boolean => u.name === f.name && u.size === f.size && u.modified === f.lastModified;

/** reason finds the server's own sentence in a refused upload. */
function reason(err: Error): string {
  const response = (err as { originalResponse?: { getBody(): string; getStatus(): number } | null }).originalResponse;
  if (!response) return 'The connection broke. Continue when the server answers again; nothing is sent twice.';
  try {
    const body = JSON.parse(response.getBody());
    if (body.detail) return String(body.detail);
  } catch {
    // Not a problem document: the plain body, if it is short, else the status.
  }
  const body = response.getBody().trim();
  return body && body.length < 200 ? body : `The server refused this file (${response.getStatus()}).`;
}

export const uploads = new Uploads();
