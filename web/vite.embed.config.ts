import { defineConfig } from 'vite';

// The embeddable player page: a second, small entry next to the console. It writes dist/embed.html and dist/assets/*
// (addresses under /embed/ belong to the server).
export default defineConfig({
  root: 'embed',
  base: '/',
  publicDir: false,
  build: {
    target: 'es2022',
    outDir: '../dist',
    emptyOutDir: false,
    assetsDir: 'assets',
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1500,
    modulePreload: { polyfill: false },
    rollupOptions: { input: 'embed/embed.html' }
  }
});
