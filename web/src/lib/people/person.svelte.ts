import { people, wordsOf, type Biometrics, type Consent, type Face, type Person, type Showing } from '$lib/api';
import { current } from '$lib/state/session.svelte';

/** One person: where they are seen and heard, what they agreed to, and what may be done about it. */
export class PersonPage {
  person = $state<Person | null>(null);
  faces = $state.raw<Face[]>([]);
  consents = $state.raw<Consent[]>([]);
  setting = $state<Biometrics | null>(null);
  /** In what they can still be seen after they withdrew. */
  shown = $state.raw<Showing[]>([]);
  error = $state('');
  said = $state('');
  busy = $state(false);

  constructor(readonly id: string) {}

  async load(): Promise<void> {
    try {
      const [person, faces, consents, setting] = await Promise.all([
        people.one(this.id), people.faces(this.id), people.consents(this.id), current.may('settings:read') ? people.biometrics() : null
      ]);
      this.person = person;
      this.faces = faces;
      this.consents = consents;
      this.setting = setting;
      this.shown = person.withdrawn ? await people.shown(this.id) : [];
      this.error = '';
    } catch (err) {
      this.error = wordsOf(err);
    }
  }

  /** act does something and reads everything again. `done` may tell more once it is done. */
  async act(done: string | (() => string), fn: () => Promise<unknown>): Promise<boolean> {
    this.busy = true;
    this.error = '';
    try {
      await fn();
      await this.load();
      this.said = typeof done === 'string' ? done : done();
      return true;
    } catch (err) {
      await this.load();
      this.error = wordsOf(err);
      return false;
    } finally {
      this.busy = false;
    }
  }

  rename = (name: string): Promise<boolean> => this.act('Saved.', () => people.patch(this.id, { name }));
  note = (note: string): Promise<boolean> => this.act('Saved.', () => people.patch(this.id, { note }));
  confirm = (f: Face): Promise<boolean> => this.act('Confirmed; it stays whatever is analysed again.', () => people.decide(f.id, { person: this.id }));
  reject = (f: Face): Promise<boolean> => this.act(`Not ${this.person?.name ?? 'them'}; it stays away.`, () => people.decide(f.id, { verdict: 'reject', person: this.id }));

  /** split takes faces out, and gives them a name of their own where one is given. */
  split = (faces: string[], name: string): Promise<boolean> =>
    this.act(name ? `They are ${name} now.` : 'Taken out; they wait for a name among the people without one.', async () => {
      const out = await people.split(faces);
      if (name && out[0]) await people.decide(out[0].id, { name });
    });

  consent = (basis: string, document: string, expiresMs: number): Promise<boolean> => this.act('The consent is recorded.', () => people.consent(this.id, { basis, document, expiresMs }));

  /** revoke ends the recognition, and has what shows them made again without their face where somebody wants that. */
  revoke = (keepNames: boolean, blur: boolean): Promise<boolean> =>
    this.act('They are not recognised any more; their likenesses are erased.', async () => {
      await people.revoke(this.id, keepNames);
      if (blur) await people.reblur(this.id, false);
    });

  /** reblur has films made again without their face; a picture cannot be, which is said. */
  reblur(takeDown: boolean): Promise<boolean> {
    let [made, left] = [0, 0];
    const done = (): string => [made > 0 ? 'Their face is being hidden; each rendition waits for a signature on the page of its asset.' : '', left > 0 ? 'Pictures are not blurred here: take them out of the library, or put others in their place.' : ''].filter(Boolean).join(' ');
    return this.act(done, async () => {
      const list = await people.reblur(this.id, takeDown);
      made = list.filter((s) => s.remade).length;
      left = list.length - made;
    });
  }

  forget = (blur: boolean): Promise<void> => people.forget(this.id, blur);
}
