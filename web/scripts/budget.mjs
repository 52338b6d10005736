// Prints and guards the first load: gzip bytes of every script index.html asks for, plus the sign-in and library pages' own.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const LIMIT = 160_000;
const html = readFileSync('dist/index.html', 'utf8');
const seen = new Set();

/** follow adds a script and everything it imports statically. */
function follow(path) {
  if (seen.has(path)) return;
  seen.add(path);
  const code = readFileSync(path, 'utf8');
  for (const [, from] of code.matchAll(/(?:from|import)\s*"(\.{1,2}\/[^"]+\.js)"/g)) follow(join(path, '..', from));
}

for (const [, path] of html.matchAll(/(?:src|href)="(\/[^"]+\.js)"/g)) follow(join('dist', path));
// Nodes are the pages: 0 the root, then the frames, the door and the rooms. The library's is the heaviest first page.
const nodes = 'dist/_app/immutable/nodes';
const library = readdirSync(nodes).find((f) => readFileSync(join(nodes, f), 'utf8').includes('Add your first film'));
const frame = readdirSync(nodes).find((f) => readFileSync(join(nodes, f), 'utf8').includes('Drop to add to the library'));
for (const file of [library, frame]) if (file) follow(join(nodes, file));

const total = [...seen].reduce((n, path) => n + gzipSync(readFileSync(path)).length, 0);
console.log(`first load: ${seen.size} scripts, ${Math.round(total / 1000)} kB gzip of ${LIMIT / 1000} kB (${[...seen].reduce((n, p) => n + statSync(p).size, 0)} bytes plain)`);
if (!library || !frame || total > LIMIT) {
  console.error(library && frame ? 'The first load is over its budget.' : 'The library page or the frame was not found in the build.');
  process.exit(1);
}
