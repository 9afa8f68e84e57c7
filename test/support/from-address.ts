import { request as httpRequest } from "node:http";
import type { ApiAnswer, ApiRequest } from "../../scripts/mesh-setup.ts";

const TIMEOUT_MS = 15_000;

/** Asks an HTTP API from another of this machine's loopback addresses, as another machine would. */
export function askFrom(localAddress: string, url: string, init: ApiRequest = {}): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const { hostname, port, pathname, search } = new URL(url);
    const length = init.body === undefined ? {} : { "content-length": Buffer.byteLength(init.body) };
    const request = httpRequest(
      {
        ...{ localAddress, hostname, port, path: pathname + search, method: init.method ?? "GET" },
        headers: { ...init.headers, ...length },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
          resolve({
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(headers) as Record<string, string>,
            body: text === "" ? undefined : (JSON.parse(text) as unknown),
          });
        });
      },
    );
    request.on("error", reject);
    request.end(init.body);
  });
}
