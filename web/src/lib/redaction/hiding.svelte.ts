import { people, wordsOf, type Person } from '$lib/api';
import { redactions, type Ask, type Mark, type Range, type Rate, type Redaction } from './api';

/** What the page knows about the redactions of an asset: all of them, the one that is open, and its marks. */
export class Hiding {
  list = $state<Redaction[]>([]);
  open = $state<Redaction | null>(null);
  marks = $state.raw<Mark[]>([]);
  rates = $state<Rate[]>([]);
  people = $state<Person[]>([]);
  error = $state('');
  busy = $state('');
  loaded = $state(false);
  private choosing = true;

  constructor(readonly asset: string) {}

  async load(): Promise<void> {
    try {
      this.list = await redactions.list(this.asset);
      if (this.choosing && !this.open) this.open = this.list.find((r) => ['making', 'marked', 'draft'].includes(r.state)) ?? null;
      else if (this.open) this.open = this.list.find((r) => r.id === this.open?.id) ?? null;
      await this.read();
    } catch (err) {
      this.error = wordsOf(err);
    }
    this.loaded = true;
  }

  /** around reads what else the page offers; without it the rest works. */
  async around(): Promise<void> {
    await Promise.all([
      redactions.rates().then((r) => (this.rates = r), () => undefined),
      people.list().then((p) => (this.people = p.filter((x) => !x.withdrawn)), () => undefined)
    ]);
  }

  /** read brings the marks of the open redaction, once they are known. */
  private async read(): Promise<void> {
    const r = this.open;
    const known = r && ['marked', 'draft', 'approved'].includes(r.state);
    const marks = known ? await redactions.marks(this.asset, r.id).catch((): Mark[] => []) : [];
    if (this.open?.id === r?.id) this.marks = marks;
  }

  choose(r: Redaction | null): void {
    this.choosing = false;
    this.open = r;
    this.marks = [];
    this.error = '';
    void this.read();
  }

  /** act does one thing at a time and says what went wrong. */
  async act(what: string, fn: () => Promise<Redaction | void>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = what;
    this.error = '';
    try {
      const r = await fn();
      if (r) this.open = r;
      await this.load();
      return true;
    } catch (err) {
      this.error = wordsOf(err);
      return false;
    } finally {
      this.busy = '';
    }
  }

  ask = (a: Ask): Promise<boolean> => this.act('ask', () => redactions.ask(this.asset, a));
  toggle = (m: Mark): Promise<boolean> => this.act(m.id, () => redactions.edit(this.asset, this.open!.id, m.dropped ? { keep: [m.id] } : { drop: [m.id] }));
  add = (r: Range): Promise<boolean> => this.act('add', () => redactions.edit(this.asset, this.open!.id, { add: [r] }));
  make = (): Promise<boolean> => this.act('make', () => redactions.make(this.asset, this.open!.id));
  sign = (body: { name: string; anyway: boolean; title: string }): Promise<boolean> => this.act('sign', () => redactions.sign(this.asset, this.open!.id, body));
  reject = (name: string): Promise<boolean> => this.act('reject', () => redactions.reject(this.asset, this.open!.id, name));
}
