// The console runs in the browser only; the server sends one page for every path.
export const ssr = false;
export const prerender = false;
