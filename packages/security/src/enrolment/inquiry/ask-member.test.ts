import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { unverifiableServer } from "../../certificates/testing.ts";
import { askMember } from "./ask-member.ts";

const question = { node: "12D3KooWsomewhere", signature: "A".repeat(86) };
const { signal } = new AbortController();

async function plain(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("askMember", () => {
  it("reaches a member whose certificate it cannot verify", async () => {
    const heard: unknown[] = [];
    const { origin } = await unverifiableServer((request, response) => {
      heard.push(`${request.method} ${request.url}`);
      response.end('{"envelopes":[]}');
    });
    expect(await askMember(origin, question, signal)).toEqual({ envelopes: [] });
    const { node, signature } = question;
    expect(heard).toEqual([`GET /api/v1/enrolment/revocation?node=${node}&signature=${signature}`]);
  });

  it("says when no member answers there, whatever else does", async () => {
    const origins = [
      await plain((_, response) => response.writeHead(429).end()),
      await plain((_, response) => response.end("<html>")),
      await plain((_, response) => response.writeHead(302, { location: "/elsewhere" }).end()),
      await plain((_, response) => response.end("x".repeat(2 * 1024 * 1024))),
      await plain((request) => request.socket.destroy()),
      "http://127.0.0.1:1",
      "https://127.0.0.1:1",
      "https://[::1]:1",
      "ftp://127.0.0.1:1",
      "nowhere",
    ];
    for (const origin of origins) {
      await expect(askMember(origin, question, signal), origin).rejects.toMatchObject({
        code: "UNAVAILABLE",
      });
    }
  });

  it("waits for nobody for ever", async () => {
    const silent = await plain(() => undefined);
    const trickling = await plain((_, response) => {
      const drip = setInterval(() => response.write(" "), 100);
      response.on("close", () => clearInterval(drip));
    });
    await Promise.all(
      [silent, trickling].map((origin) =>
        expect(askMember(origin, question, signal)).rejects.toMatchObject({ code: "UNAVAILABLE" }),
      ),
    );
    const stopped = askMember(silent, question, AbortSignal.timeout(50));
    await expect(stopped).rejects.toMatchObject({ code: "UNAVAILABLE" });
  }, 10_000);
});
