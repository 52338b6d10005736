import { assets, wordsOf, type Annotation, type Asset } from '$lib/api';
import { FLAGGED } from '$lib/analysis/panels';

export interface Flag {
  asset: Asset;
  note: Annotation;
}

/** ABREAST is how many assets are asked about at once. */
const ABREAST = 4;

/** The flags that no person has decided yet, gathered from asset to asset, the newest asset first. */
export class Queue {
  flags = $state.raw<Flag[]>([]);
  looked = $state(0);
  total = $state<number | undefined>();
  done = $state(false);
  error = $state('');
  private run = 0;

  async load(): Promise<void> {
    const run = ++this.run;
    this.flags = [];
    this.looked = 0;
    this.done = false;
    this.error = '';
    try {
      let cursor: string | undefined;
      do {
        const page = await assets.list({ cursor, limit: 100 });
        this.total = page.total;
        await this.look(page.items, run);
        cursor = page.next;
      } while (cursor && run === this.run);
      if (run === this.run) this.done = true;
    } catch (err) {
      if (run === this.run) this.error = wordsOf(err);
    }
  }

  private async look(list: Asset[], run: number): Promise<void> {
    for (let i = 0; i < list.length && run === this.run; i += ABREAST) {
      const some = list.slice(i, i + ABREAST);
      const found = await Promise.all(some.map((a) => open(a)));
      if (run !== this.run) return;
      this.looked += some.length;
      if (found.some((f) => f.length > 0)) this.flags = [...this.flags, ...found.flat()];
    }
  }

  /** again looks at one asset anew, when its analysis has written something; the flags keep their places. */
  async again(id: string): Promise<void> {
    try {
      const asset = await assets.one(id);
      const found = await open(asset);
      const kept = this.flags.filter((f) => f.asset.id !== id || found.some((n) => n.note.id === f.note.id));
      this.flags = [...kept, ...found.filter((f) => !kept.some((k) => k.note.id === f.note.id))];
    } catch {
      // It was trashed meanwhile; what is shown of it goes at the next look.
    }
  }

  async accept(f: Flag): Promise<void> {
    await assets.editNote(f.asset.id, f.note.id, {});
    this.drop(f);
  }

  async reject(f: Flag): Promise<void> {
    await assets.removeNote(f.asset.id, f.note.id);
    this.drop(f);
  }

  private drop(f: Flag): void {
    this.flags = this.flags.filter((x) => x.note.id !== f.note.id);
  }
}

async function open(asset: Asset): Promise<Flag[]> {
  const notes = await assets.annotations(asset.id, FLAGGED.join(','));
  return notes.filter((n) => FLAGGED.includes(n.track) && n.lockedBy === '' && !n.source.includes('@')).map((note) => ({ asset, note }));
}
