import { defineConfig } from "vite";
import { precompress } from "./precompress.ts";

/** The peer that `vite dev` passes API calls on to. */
const peerUrl = process.env["PI_CONTROLLER_PEER_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [precompress()],
  server: {
    proxy: {
      // The peer takes no event stream for a page of another origin.
      "/api": { target: peerUrl, changeOrigin: true, ws: true, rewriteWsOrigin: true },
      "/root": { target: peerUrl, changeOrigin: true },
    },
  },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    // The peer serves the page under `default-src 'self'`: an asset inlined as a data: URL would be blocked.
    assetsInlineLimit: 0,
    // Every browser that has <dialog> and CSS nesting preloads modules by itself.
    modulePreload: { polyfill: false },
    target: "es2023",
  },
});
