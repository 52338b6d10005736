/** Files out of pickers and drops, folders included, each with its path below the dropped folder. */

export interface Picked {
  file: File;
  path: string;
}

export function fromList(list: FileList | null): Picked[] {
  return [...(list ?? [])].filter((f) => visible(f.name)).map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

/** fromDrop reads a drop. Entries must be taken before the first await: the list empties when the event ends. */
export async function fromDrop(data: DataTransfer): Promise<Picked[]> {
  const entries = [...data.items].map((i) => (i.kind === 'file' ? i.webkitGetAsEntry() : null)).filter((e) => e !== null);
  if (entries.length === 0) return fromList(data.files);
  const out: Picked[] = [];
  for (const entry of entries) await walk(entry, out);
  return out;
}

async function walk(entry: FileSystemEntry, out: Picked[]): Promise<void> {
  if (!visible(entry.name)) return;
  if (entry.isFile) {
    const file = await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail));
    out.push({ file, path: entry.fullPath.replace(/^\//, '') });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (batch.length === 0) return;
    for (const child of batch) await walk(child, out);
  }
}

/** visible leaves out what file managers write for themselves. */
const visible = (name: string): boolean => !name.startsWith('.') && name !== 'Thumbs.db' && name !== 'desktop.ini';
