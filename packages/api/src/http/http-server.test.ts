import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request as httpRequest, type IncomingMessage, type RequestListener } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import { connect, createServer, type Socket } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { Emitter, seededRandom, silentLogger, systemClock } from "@pi-controller/runtime";
import { NodeCertificates } from "@pi-controller/security";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { defaultLimits } from "../options.ts";
import { rawSocket, sendRaw, untilClosed } from "../testing/raw-http.ts";
import { connectionInfo } from "./connection-info.ts";
import { Gate } from "./gate.ts";
import { HttpServer } from "./http-server.ts";
import type { SecureContextSource } from "./tls-source.ts";

/** Of this machine on some network, where it has one. */
const ownAddress = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

async function newCertificates(): Promise<NodeCertificates> {
  const directory = mkdtempSync(join(tmpdir(), "pi-controller-tls-"));
  const clock = systemClock();
  const names = {
    nodeName: () => "door",
    certificateNames: () => ({ dnsNames: ["door.local"], ipAddresses: [] }),
    observe: () => () => undefined,
  };
  const now = () => clock.now();
  const certificates = new NodeCertificates({ clock, logger: silentLogger, names, now }, { directory });
  await certificates.start();
  onTestFinished(async () => {
    await certificates.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  return certificates;
}

type Setting = Partial<ConstructorParameters<typeof HttpServer>[1]> & {
  readonly tls?: SecureContextSource | undefined;
  readonly onRequest?: RequestListener;
  readonly allowedNetworks?: readonly string[];
};

interface Started {
  readonly server: HttpServer;
  readonly port: number;
}

async function start({ tls, onRequest, allowedNetworks, ...options }: Setting): Promise<Started> {
  const hosts = options.hosts ?? ["127.0.0.1"];
  const clock = systemClock();
  const limits = { ...defaultLimits, ...options.limits };
  const rate = { perSecond: 1_000, burst: 1_000, maxSenders: 16 };
  const gate = new Gate(
    { clock },
    { hosts, hostNames: () => ["door.local"], allowedNetworks, maxRequestsInFlight: 8, rate },
  );
  const server = new HttpServer(
    {
      clock,
      random: seededRandom(1),
      logger: silentLogger,
      gate,
      tls,
      onRequest: onRequest ?? ((request, response) => response.end(JSON.stringify(connectionInfo(request)))),
      onUpgrade: (_, socket) => void socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
    },
    {
      hosts,
      port: 0,
      portOption: "--port",
      plainHttp: options.plainHttp ?? "loopback",
      hsts: options.hsts ?? false,
      limits,
    },
  );
  await server.start(new AbortController().signal);
  onTestFinished(() => server.stop());
  return { server, port: server.addresses()[0]?.port ?? 0 };
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

function ask(
  url: string,
  options: Parameters<typeof httpsRequest>[1] & { readonly body?: string } = {},
): Promise<Answer> {
  const send = url.startsWith("https") ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, { rejectUnauthorized: false, ...options }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    request.on("error", reject);
    request.end(options.body);
  });
}

async function handshake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
  onTestFinished(() => void socket.destroy());
  await once(socket, "secureConnect");
  return socket;
}

describe("one port for TLS and HTTP", () => {
  it("serves both to this machine, and says over which a request came", async () => {
    const { port, server } = await start({ tls: await newCertificates() });
    const plain = await ask(`http://127.0.0.1:${port}/`);
    expect(JSON.parse(plain.text)).toEqual({
      secure: false,
      remoteAddress: "127.0.0.1",
      localAddress: "127.0.0.1",
      loopback: true,
    });
    expect(JSON.parse((await ask(`https://127.0.0.1:${port}/`)).text)).toMatchObject({ secure: true });
    expect(server.url()).toBe(`http://127.0.0.1:${port}`);
  });

  it("speaks TLS 1.3 with HTTP/1.1, and nothing older or else", async () => {
    const { port } = await start({ tls: await newCertificates() });
    const socket = await handshake(port, { ALPNProtocols: ["h2", "http/1.1"] });
    expect([socket.getProtocol(), socket.alpnProtocol]).toEqual(["TLSv1.3", "http/1.1"]);
    await expect(handshake(port, { maxVersion: "TLSv1.2" })).rejects.toThrow(/protocol version/);
    await expect(handshake(port, { ALPNProtocols: ["h2"] })).rejects.toThrow(/no application protocol/);
    expect((await ask(`https://127.0.0.1:${port}/`)).status).toBe(200);
  });

  it("gets every byte, however they come", async () => {
    const bodies: string[] = [];
    const onRequest: RequestListener = (request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => {
        body += part.toString();
      });
      request.on("end", () => {
        bodies.push(body);
        response.end();
      });
    };
    const { port } = await start({ tls: await newCertificates(), onRequest });
    const drip = await drippingProxy(port);
    const body = "0123456789".repeat(30);
    const large = "0123456789".repeat(50_000);
    for (const scheme of ["http", "https"]) {
      const options = { method: "POST", body };
      expect((await ask(`${scheme}://127.0.0.1:${drip}/`, options)).status).toBe(200);
      expect((await ask(`${scheme}://127.0.0.1:${port}/`, { ...options, body: large })).status).toBe(200);
    }
    expect(bodies).toEqual([body, large, body, large]);
  });

  it("serves on after garbage of every first byte", async () => {
    const { port } = await start({ tls: await newCertificates() });
    const url = `http://127.0.0.1:${port}`;
    const random = seededRandom(11);
    for (let first = 0; first < 256; first++) {
      const noise = Uint8Array.from({ length: 40 }, () => Math.floor(random.next() * 256));
      noise[0] = first;
      const socket = rawSocket(url);
      socket.end(noise);
      expect(await untilClosed(socket)).not.toMatch(/^HTTP\/1\.1 [25]\d\d/);
    }
    const nothing = rawSocket(url);
    nothing.end();
    expect(await untilClosed(nothing)).toBe("");
    expect((await ask(`https://127.0.0.1:${port}/`)).status).toBe(200);
  });

  it("watches over slow requests inside TLS, too", async () => {
    const limits = { ...defaultLimits, headersTimeoutMs: 100, requestTimeoutMs: 200 };
    const { port } = await start({ tls: await newCertificates(), limits });
    const socket = await handshake(port);
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nX-");
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("sends no strict transport security unless told to, and over TLS alone", async () => {
    const tls = await newCertificates();
    const header = async (url: string) => (await ask(url)).headers["strict-transport-security"];
    const { port: without } = await start({ tls });
    expect(await header(`https://127.0.0.1:${without}/`)).toBeUndefined();
    const { port } = await start({ tls, hsts: true });
    expect(await header(`https://127.0.0.1:${port}/`)).toBe("max-age=31536000");
    expect(await header(`http://127.0.0.1:${port}/`)).toBeUndefined();
  });
});

describe("HTTP without TLS where it is not served", () => {
  it("is sent to the same over TLS, as it was", async () => {
    const onRequest = vi.fn<RequestListener>();
    const { port, server } = await start({ tls: await newCertificates(), plainHttp: "never", onRequest });
    const answer = await ask(`http://127.0.0.1:${port}/nodes?a=%20b`, {
      method: "POST",
      headers: { host: `door.local:${port}` },
    });
    expect(answer.status).toBe(308);
    expect(answer.headers).toMatchObject({
      location: `https://door.local:${port}/nodes?a=%20b`,
      connection: "close",
    });
    expect(onRequest).not.toHaveBeenCalled();
    expect(server.url()).toBe(`https://127.0.0.1:${port}`);
  });

  it.each([
    "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "GET http://evil.example/ HTTP/1.1\r\nHost: door.local\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: door.local\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  ])("redirects nobody elsewhere, and upgrades nothing: %j", async (bytes) => {
    const { port } = await start({ tls: await newCertificates(), plainHttp: "never" });
    const answer = await sendRaw(`http://127.0.0.1:${port}`, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer.toLowerCase()).not.toContain("location:");
  });

  it.skipIf(ownAddress === undefined)("is what comes from beyond the loopback", async () => {
    const hosts = [ownAddress ?? "", "127.0.0.1"];
    const { port, server } = await start({ tls: await newCertificates(), hosts });
    const url = `http://${ownAddress}:${port}/`;
    expect((await ask(url)).headers.location).toBe(`https://${ownAddress}:${port}/`);
    expect((await ask(`https://${ownAddress}:${port}/`)).status).toBe(200);
    expect((await ask(`http://127.0.0.1:${port}/`)).status).toBe(200);
    expect(server.url()).toBe(`http://127.0.0.1:${port}`);
    const { port: withoutTls } = await start({ hosts });
    expect((await ask(`http://${ownAddress}:${withoutTls}/`)).status).toBe(403);
  });
});

describe("who may connect, and how many", () => {
  it.skipIf(ownAddress === undefined)(
    "cuts networks that are not allowed before it reads a byte",
    async () => {
      const hosts = [ownAddress ?? "", "127.0.0.1"];
      const { port } = await start({
        tls: await newCertificates(),
        hosts,
        allowedNetworks: ["203.0.113.0/24"],
      });
      await expect(ask(`https://${ownAddress}:${port}/`)).rejects.toThrow();
      expect((await ask(`http://127.0.0.1:${port}/`)).status).toBe(200);
    },
  );

  it("keeps half handshakes few: the oldest goes, and honest clients are served meanwhile", async () => {
    const limits = { ...defaultLimits, maxHandshakes: 4 };
    const { port } = await start({ tls: await newCertificates(), limits });
    const held: Socket[] = [];
    for (let count = 0; count < 12; count++) {
      const socket = rawSocket(`http://127.0.0.1:${port}`);
      socket.on("error", () => undefined);
      await once(socket, "connect");
      // What a handshake begins with, or nothing at all.
      if (count % 2 === 0) socket.write(Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00));
      held.push(socket);
      expect((await ask(`https://127.0.0.1:${port}/`)).status).toBe(200);
    }
    await vi.waitUntil(() => held.filter(({ closed }) => !closed).length <= 4);
    expect(held.slice(-2).every(({ closed }) => !closed)).toBe(true);
  });

  it("closes what does not show in time what it is", async () => {
    const limits = { ...defaultLimits, handshakeTimeoutMs: 100 };
    const { port } = await start({ tls: await newCertificates(), limits });
    const silent = rawSocket(`http://127.0.0.1:${port}`);
    const half = rawSocket(`http://127.0.0.1:${port}`);
    half.write(Uint8Array.of(0x16, 0x03, 0x01));
    expect(await Promise.all([untilClosed(silent), untilClosed(half)])).toEqual(["", ""]);
  });

  it("closes a connection whose client reads nothing of its answer", async () => {
    const finished: Promise<boolean>[] = [];
    const onRequest: RequestListener = (_, response) => {
      finished.push(once(response, "close").then(() => response.writableFinished));
      response.end(Buffer.alloc(64 * 2 ** 20));
    };
    const limits = { ...defaultLimits, stalledTimeoutMs: 200 };
    const { port } = await start({ tls: await newCertificates(), onRequest, limits });
    for (const socket of [await handshake(port), rawSocket(`http://127.0.0.1:${port}`)]) {
      socket.on("error", () => undefined);
      socket.pause();
      socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    await vi.waitUntil(() => finished.length === 2);
    expect(await Promise.all(finished)).toEqual([false, false]);
  });

  it("stops at once with half handshakes and idle connections", async () => {
    const { port, server } = await start({ tls: await newCertificates() });
    const half = rawSocket(`http://127.0.0.1:${port}`);
    half.on("error", () => undefined);
    half.write(Uint8Array.of(0x16, 0x03, 0x01));
    const agent = new Agent({ keepAlive: true });
    await ask(`https://127.0.0.1:${port}/`, { agent });
    const startedMs = performance.now();
    await server.stop();
    expect(performance.now() - startedMs).toBeLessThan(defaultLimits.stopTimeoutMs / 2);
    agent.destroy();
  });
});

describe("certificates", () => {
  it("are swapped for new connections when renewed, while old ones live", async () => {
    const certificates = await newCertificates();
    const { port } = await start({ tls: certificates });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const sockets: TLSSocket[] = [];
    const askOn = async () => {
      const answer = await ask(`https://127.0.0.1:${port}/`, { agent });
      const [idle] = Object.values(agent.freeSockets).flatMap((free) => free ?? []);
      sockets.push(idle as TLSSocket);
      return answer.status;
    };
    expect(await askOn()).toBe(200);
    const before = (await handshake(port)).getPeerCertificate().fingerprint256;
    await certificates.renew();
    const after = (await handshake(port)).getPeerCertificate().fingerprint256;
    expect(after).not.toBe(before);
    expect(await askOn()).toBe(200);
    expect(sockets[0]).toBe(sockets[1]);
    expect(sockets[1]?.getPeerCertificate().fingerprint256).toBe(before);
  });

  it("that cannot be served leave the old one in place", async () => {
    const { key, cert } = (await newCertificates()).secureContext();
    const changes = new Emitter<void>(() => undefined);
    let current = { key, cert };
    const { port } = await start({
      tls: { secureContext: () => current, observe: (listener) => changes.on(listener) },
    });
    current = { key, cert: "nonsense" };
    changes.emit();
    expect((await ask(`https://127.0.0.1:${port}/`)).status).toBe(200);
  });

  it("of clients are asked for under the mesh's root alone, and told by their fingerprint", async () => {
    const own = await newCertificates();
    const client = await newCertificates();
    const { key, cert } = client.secureContext();
    const context = { ...own.secureContext(), ca: own.secureContext().cert };
    const { port } = await start({ tls: { secureContext: () => context, observe: () => () => undefined } });
    const fingerprint = async (options: ConnectionOptions) =>
      JSON.parse((await ask(`https://127.0.0.1:${port}/`, { ...options, agent: false })).text)
        .clientCertificate;
    expect(await fingerprint({ key, cert })).toBe(client.served().leaf.fingerprint);
    expect(await fingerprint({})).toBeUndefined();
    const { port: withoutRoot } = await start({ tls: own });
    const answer = await ask(`https://127.0.0.1:${withoutRoot}/`, { key, cert, agent: false });
    expect(JSON.parse(answer.text).clientCertificate).toBeUndefined();
  });
});

describe("a TLS session that is taken up again", () => {
  it("still tells the certificate of the client", async () => {
    const own = (await newCertificates()).secureContext();
    const client = await newCertificates();
    const { key, cert } = client.secureContext();
    const context = { ...own, ca: own.cert };
    const { port } = await start({ tls: { secureContext: () => context, observe: () => () => undefined } });
    const first = connectTls({ host: "127.0.0.1", port, key, cert, rejectUnauthorized: false });
    onTestFinished(() => void first.destroy());
    const session = once(first, "session");
    first.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const [ticket] = (await session) as [Buffer];
    const again = await handshake(port, { session: ticket });
    expect(again.isSessionReused()).toBe(true);
    again.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    expect(await untilClosed(again)).toContain(client.served().leaf.fingerprint);
  });
});

/** Passes on what clients send one byte at a time. */
async function drippingProxy(port: number): Promise<number> {
  const proxy = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: "127.0.0.1", port, noDelay: true });
    upstream.pipe(client);
    for (const socket of [client, upstream]) socket.on("error", () => undefined);
    client.on("data", (chunk: Buffer) => {
      for (const byte of chunk) upstream.write(Uint8Array.of(byte));
    });
    client.on("end", () => upstream.end());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => void proxy.close());
  return (proxy.address() as { port: number }).port;
}
