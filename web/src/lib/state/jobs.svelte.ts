import { jobs as api, wordsOf, type Job } from '$lib/api';
import { live, soon } from './live.svelte';

const OPEN = new Set(['queued', 'running', 'waiting', 'paused', 'held']);

/** The work that is not finished, kept current for the top bar and Home. */
class OpenJobs {
  items = $state<Job[]>([]);
  error = $state('');

  get running(): Job[] {
    return this.items.filter((j) => OPEN.has(j.state));
  }

  get progress(): number {
    const open = this.running;
    return open.length ? open.reduce((n, j) => n + j.progress, 0) / open.length : 0;
  }

  async load(): Promise<void> {
    try {
      this.items = (await api.list({ limit: 50 })).items;
      this.error = '';
    } catch (err) {
      this.error = wordsOf(err);
    }
  }

  /** follow reloads on every change of a job until the result is called. */
  follow(): () => void {
    const reload = soon(() => void this.load(), 400);
    void this.load();
    return live.on(['job.', 'asset.created', 'asset.published', 'asset.failed'], reload);
  }
}

export const openJobs = new OpenJobs();
export const isOpen = (j: Job): boolean => OPEN.has(j.state);
