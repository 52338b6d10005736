import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';

// The server that answers /v1 while developing: `SHOWREEL_SERVER=http://127.0.0.1:8080 npm run dev`.
const server = process.env.SHOWREEL_SERVER ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [tailwindcss(), sveltekit()],
  server: { proxy: { '/v1': server, '/v/': server } },
  build: { target: 'es2022', reportCompressedSize: false, chunkSizeWarningLimit: 1500 },
  test: { include: ['src/**/*.test.ts'], environment: 'node' }
});
