import { request } from "node:https";
import { type EnrolmentKnock, MeshError } from "@pi-controller/schema";

const PATH = "/api/v1/enrolment/knock";
const TIMEOUT_MS = 5_000;

/**
 * Knocks at a member's API.
 *
 * The certificate is not verified: a node that belongs to no mesh has no root to verify it with, and what it sends is
 * no secret. Whoever answers in the member's place learns where a node waits, and can do nothing with it: the node
 * lets itself be admitted by the mesh of its token alone.
 *
 * @param origin as `https://192.168.1.20:8080`
 * @throws MeshError UNAVAILABLE when nobody takes it there
 */
export function httpsKnock(origin: string, knock: EnrolmentKnock, signal: AbortSignal): Promise<void> {
  const body = JSON.stringify(knock);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown) =>
      reject(new MeshError("UNAVAILABLE", `No member takes the knock at ${origin}: ${why}`, {}, { cause }));
    const sending = request(
      new URL(PATH, origin),
      {
        method: "POST",
        headers,
        rejectUnauthorized: false,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      },
      (response) => {
        const status = response.statusCode ?? 0;
        // What it says beyond the status is of no use.
        response.destroy();
        if (status >= 200 && status < 300) resolve();
        else fail(`it answered ${status}`);
      },
    );
    sending.on("error", (error) => fail(error.message, error));
    sending.end(body);
  });
}
