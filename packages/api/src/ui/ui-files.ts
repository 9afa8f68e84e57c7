import { open, realpath } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { assetPathOf, isImmutable } from "./asset-path.ts";
import { contentTypeOf } from "./content-types.ts";

export interface UiAnswer {
  readonly status: number;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** No file of a UI is larger; one that is was put there by mistake. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

const compressed = [
  ["br", ".br"],
  ["gzip", ".gz"],
] as const;

const page = (body: string) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Pi-Controller</title>
<h1>The web UI is not built</h1>
${body}
<p>Build the UI with <code>npm run build</code>, then load this page again.</p>
</html>
`;

/** In the place of the UI's page. */
export const UI_NOT_BUILT = page(
  `<p>This peer runs and serves its API: see <a href="/api/v1/openapi.json">its description</a>, once you are
logged in.</p>`,
);

/** The same of a node that belongs to no mesh; whoever has no UI can set it up all the same. */
export const SETUP_UI_NOT_BUILT =
  page(`<p>This node belongs to no mesh yet. Its set-up code is on its console, in its log, and in the file
<code>setup-code</code> of its data directory. To make a mesh with this node in it, write</p>
<pre>{
  "code": "XXXXX-XXXXX-XXXXX-XXXXX",
  "meshName": "home",
  "userName": "ada",
  "password": "at least 12 characters"
}</pre>
<p>to a file <code>setup.json</code> and send it to this address:</p>
<pre>curl --json @setup.json http://127.0.0.1:8080/api/v1/setup</pre>
<p>To have this node join a mesh that there is, approve it on any of the mesh's nodes, with the same code.</p>`);

/** The built UI's files. They are read at every request, so that a new build shows without a restart. */
export class UiFiles {
  readonly #directory: string | undefined;

  readonly #notBuilt: string;

  /** @param notBuilt the page that is shown while there is no UI, HTML */
  constructor(directory: string | undefined, notBuilt: string) {
    this.#directory = directory;
    this.#notBuilt = notBuilt;
  }

  /**
   * @param path of the URL, not decoded
   * @param encodings that the client takes, as in `Accept-Encoding`
   * @returns undefined when there is no such file, nor can it be a page of the UI's own router
   */
  async answer(path: string, encodings: string): Promise<UiAnswer | undefined> {
    const asset = assetPathOf(path);
    if (asset === undefined) return undefined;
    const file = asset === "" ? undefined : await this.#read(asset, encodings);
    if (file !== undefined) return { status: 200, ...file };
    // A missing script must not be answered with a page; a page of the UI's router has no extension.
    if (extname(asset) !== "") return undefined;
    const page = await this.#read("index.html", encodings);
    if (page !== undefined) return { status: 200, ...page };
    const headers = { "content-type": contentTypeOf(".html"), "cache-control": "no-store" };
    return { status: 503, body: Buffer.from(this.#notBuilt), headers };
  }

  async #read(asset: string, encodings: string): Promise<Omit<UiAnswer, "status"> | undefined> {
    const headers = {
      "content-type": contentTypeOf(extname(asset)),
      "cache-control": isImmutable(asset) ? "public, max-age=31536000, immutable" : "no-cache",
      vary: "Accept-Encoding",
    };
    for (const [encoding, suffix] of compressed) {
      if (!acceptsEncoding(encodings, encoding)) continue;
      const body = await this.#bytes(asset + suffix);
      if (body !== undefined) return { body, headers: { ...headers, "content-encoding": encoding } };
    }
    const body = await this.#bytes(asset);
    return body === undefined ? undefined : { body, headers };
  }

  async #bytes(asset: string): Promise<Buffer | undefined> {
    if (this.#directory === undefined) return undefined;
    try {
      const root = await realpath(this.#directory);
      const path = await realpath(join(root, asset));
      // A link in the directory could lead out of it.
      if (!path.startsWith(root + sep)) return undefined;
      await using file = await open(path, "r");
      const status = await file.stat();
      return status.isFile() && status.size <= MAX_FILE_BYTES ? await file.readFile() : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }
}

/** True when `Accept-Encoding` names the encoding and does not give it a weight of zero. */
export function acceptsEncoding(header: string, encoding: string): boolean {
  return header
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => {
      const [name, ...parameters] = entry.split(/\s*;\s*/);
      return name === encoding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    });
}

function isMissing(error: unknown): boolean {
  const missing = ["ENOENT", "ENOTDIR", "EISDIR", "ENAMETOOLONG", "ELOOP"];
  return error instanceof Error && "code" in error && missing.includes(String(error.code));
}
