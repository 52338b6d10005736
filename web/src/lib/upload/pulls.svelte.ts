import { pulls as api, wordsOf, type Pull } from '$lib/api';

const EVERY_MS = 800;

/** Files that the server fetches from web addresses for this page, followed until they are there or have failed. */
class Pulls {
  items = $state<Pull[]>([]);

  get active(): Pull[] {
    return this.items.filter((p) => p.state === 'queued' || p.state === 'running');
  }

  /** add asks the server to fetch an address; what it refuses at once is thrown. */
  async add(url: string): Promise<void> {
    const pull = await api.create(url);
    this.items.push(pull);
    void this.follow(pull.id);
  }

  drop(id: string): void {
    this.items = this.items.filter((p) => p.id !== id);
  }

  clearEnded(): void {
    this.items = this.active;
  }

  private async follow(id: string): Promise<void> {
    for (;;) {
      await new Promise((done) => setTimeout(done, EVERY_MS));
      const at = this.items.findIndex((p) => p.id === id);
      if (at < 0) return;
      try {
        this.items[at] = await api.one(id);
      } catch (err) {
        this.items[at] = { ...this.items[at]!, error: wordsOf(err) };
      }
      if (!this.active.some((p) => p.id === id)) return;
    }
  }
}

export const pulls = new Pulls();
