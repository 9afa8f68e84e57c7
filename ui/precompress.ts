import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const COMPRESSIBLE = /\.(?:css|html|js|svg)$/;

/**
 * Writes a `.br` and a `.gz` beside each file of the build, which the peer sends to browsers that take them:
 * a Pi Zero has better things to do than to compress the same file for each of them.
 */
export function precompress(): Plugin {
  return {
    name: "precompress",
    apply: "build",
    // After everybody else: `index.html` is made in this hook too.
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const [fileName, output] of Object.entries(bundle)) {
          if (!COMPRESSIBLE.test(fileName)) continue;
          const source = Buffer.from(output.type === "chunk" ? output.code : output.source);
          const best = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: source.length } };
          this.emitFile({
            type: "asset",
            fileName: `${fileName}.br`,
            source: brotliCompressSync(source, best),
          });
          this.emitFile({
            type: "asset",
            fileName: `${fileName}.gz`,
            source: gzipSync(source, { level: 9 }),
          });
        }
      },
    },
  };
}
