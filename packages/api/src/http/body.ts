import type { IncomingMessage } from "node:http";
import { MeshError } from "@pi-controller/schema";
import { bodyTooLarge, unsupportedMediaType } from "./http-rejection.ts";
import { jsonErrorOffset } from "./json-position.ts";

/**
 * Reads the JSON body of a request.
 *
 * @throws HttpRejection 413, 415
 * @throws MeshError INVALID_ARGUMENT that names the line and column at which it is no JSON; CANCELLED when
 *   the client went away
 */
export async function readJsonBody(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const { "content-type": contentType = "none", "content-encoding": encoding } = request.headers;
  if (!/^application\/json\s*(;|$)/i.test(contentType)) throw unsupportedMediaType(contentType.slice(0, 100));
  if (encoding !== undefined && encoding !== "identity") throw unsupportedMediaType(`${encoding} encoding`);
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw bodyTooLarge(maxBytes);
  return parseJson(await readBytes(request, maxBytes));
}

function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  // Not `for await`: leaving such a loop early destroys the socket, and the client would never see the 413.
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        chunks.length = 0;
        reject(bodyTooLarge(maxBytes));
      } else {
        chunks.push(chunk);
      }
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", (error) => {
      reject(new MeshError("CANCELLED", "The client went away", {}, { cause: error }));
    });
  });
}

function parseJson(bytes: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new MeshError("INVALID_ARGUMENT", "The body is not UTF-8", {}, { cause: error });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const offset = jsonErrorOffset(text);
    const before = text.slice(0, offset).split("\n");
    const found =
      offset < text.length ? `unexpected ${JSON.stringify(text[offset])}` : "the text ends too early";
    throw new MeshError(
      "INVALID_ARGUMENT",
      `The body is not JSON: ${found} at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1} (offset ${offset})`,
      {},
      { cause: error },
    );
  }
}
