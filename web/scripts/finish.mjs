// Runs after `vite build`: moves the console's inline start script into a file, so that the server can send a content
// security policy without 'unsafe-inline', then builds the embeddable player page into the same folder.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'vite';

const page = 'dist/index.html';
const html = readFileSync(page, 'utf8');
const inline = /<script>([\s\S]*?)<\/script>/g;
let found = 0;
const outside = html.replace(inline, (_, body) => {
  found += 1;
  const code = body.replace(/^\s*\n/, '').trimEnd() + '\n';
  const name = `_app/immutable/start.${createHash('sha256').update(code).digest('hex').slice(0, 10)}.js`;
  writeFileSync(`dist/${name}`, code);
  return `<script src="/${name}"></script>`;
});
if (found !== 1) throw new Error(`expected one inline script in ${page}, found ${found}`);
writeFileSync(page, outside);

await build({ configFile: 'vite.embed.config.ts', logLevel: 'warn' });
