/** What a started upload leaves in this browser, so that a reload loses nothing. IndexedDB, one record an upload. */

export interface Saved {
  id: string;
  name: string;
  path: string;
  size: number;
  modified: number;
  url: string;
  template: string;
  /** The file itself when it is small enough to keep; a larger one is asked for again. */
  file?: File;
}

/** Files up to this size are kept whole until they are sent, so that a reload continues by itself. */
export const KEEP_BYTES = 512 * 1000 * 1000;

function open(): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const req = indexedDB.open('showreel-uploads', 1);
    req.onupgradeneeded = () => req.result.createObjectStore('uploads', { keyPath: 'id' });
    req.onsuccess = () => done(req.result);
    req.onerror = () => fail(req.error);
  });
}

async function within<T>(mode: IDBTransactionMode, fn: (s: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await open();
  try {
    return await new Promise<T>((done, fail) => {
      const req = fn(db.transaction('uploads', mode).objectStore('uploads'));
      req.onsuccess = () => done(req.result);
      req.onerror = () => fail(req.error);
    });
  } finally {
    db.close();
  }
}

export const remember = (s: Saved): Promise<unknown> => within('readwrite', (o) => o.put(s)).catch(() => undefined);
export const forget = (id: string): Promise<unknown> => within('readwrite', (o) => o.delete(id)).catch(() => undefined);
export const remembered = (): Promise<Saved[]> => within('readonly', (o) => o.getAll() as IDBRequest<Saved[]>).catch(() => []);
