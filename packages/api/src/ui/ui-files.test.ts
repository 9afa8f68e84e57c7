import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { sendRaw } from "../testing/raw-http.ts";
import { startApi } from "../testing/start-api.ts";

async function builtUi(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "ui-files-"));
  onTestFinished(() => rm(root, { recursive: true }));
  const directory = join(root, "dist");
  await mkdir(join(directory, "assets"), { recursive: true });
  await writeFile(join(root, "secret.txt"), "the secret");
  await writeFile(join(directory, "index.html"), "<!doctype html><title>UI</title>");
  await writeFile(join(directory, ".env"), "the secret");
  await writeFile(join(directory, "assets/index-B4dsf8_2.js"), "console.log(1)");
  await writeFile(join(directory, "assets/index-B4dsf8_2.js.gz"), gzipSync("console.log(1)"));
  await symlink(join(root, "secret.txt"), join(directory, "link.txt"));
  return directory;
}

describe("the UI", () => {
  it("serves hashed files for ever, compressed beforehand, and the page anew each time", async () => {
    const { url, fetch } = await startApi({ uiDirectory: await builtUi() });
    const script = await fetch(`${url}/assets/index-B4dsf8_2.js`);
    expect(await script.text()).toBe("console.log(1)");
    expect(Object.fromEntries(script.headers)).toMatchObject({
      "content-type": "text/javascript; charset=utf-8",
      "content-encoding": "gzip",
      "cache-control": "public, max-age=31536000, immutable",
      vary: "Accept-Encoding",
    });
    const plain = await fetch(`${url}/assets/index-B4dsf8_2.js`, {
      headers: { "accept-encoding": "gzip;q=0, br" },
    });
    expect(plain.headers.get("content-encoding")).toBeNull();
    const page = await fetch(`${url}/`);
    expect(page.headers.get("cache-control")).toBe("no-cache");
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    expect(page.headers.get("content-security-policy")).not.toContain("unsafe");
  });

  it("gives its page for the paths of its own router, but not for files or the API", async () => {
    const { url, fetch } = await startApi({ uiDirectory: await builtUi() });
    expect(await (await fetch(`${url}/nodes/12D3KooWNode000001`)).text()).toContain("<title>UI</title>");
    for (const path of ["/assets/gone-12345678.js", "/api", "/api/v2/nodes", "/api/v1/nodes/x/y"]) {
      expect((await fetch(url + path)).status, path).toBe(404);
    }
    expect((await fetch(`${url}/nodes`, { method: "POST" })).status).toBe(405);
  });

  it.each([
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/..%5csecret.txt",
    "//..//secret.txt",
    "/.env",
    "/link.txt",
    "/%00",
    "/%",
    "/secret.txt%00.html",
    `/${"a".repeat(5_000)}.txt`,
  ])("does not let %s out", async (path) => {
    const { url } = await startApi({ uiDirectory: await builtUi() });
    const answer = await sendRaw(url, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).not.toContain("the secret");
  });

  it("says so when it is not built", async () => {
    const { url, fetch } = await startApi({ uiDirectory: "/nonexistent" });
    const response = await fetch(`${url}/nodes`);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("The web UI is not built");
  });
});
