import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @type {import('@sveltejs/kit').Config} */
export default {
  preprocess: vitePreprocess(),
  kit: {
    // A single-page app: every path the server does not know answers index.html, and the router takes it from there.
    adapter: adapter({ pages: 'dist', assets: 'dist', fallback: 'index.html', strict: false }),
    // A fixed name keeps the build reproducible; it defaults to the clock.
    version: { name: 'showreel' },
    prerender: { entries: [] },
    paths: { relative: false }
  }
};
