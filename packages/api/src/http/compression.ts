import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Context, Next } from "koa";
import { acceptsEncoding } from "../ui/ui-files.ts";

const gzipped = promisify(gzip);

/** Below this, one network packet holds it either way. */
const MIN_BYTES = 1_400;
/** Higher levels take a Pi Zero several times as long, for a few per cent. */
const LEVEL = 2;

/** Compresses large text answers, off the main thread. */
export async function compressed(ctx: Context, next: Next): Promise<void> {
  await next();
  const { body } = ctx;
  if (typeof body !== "string" || body.length < MIN_BYTES) return;
  ctx.vary("Accept-Encoding");
  if (ctx.method === "HEAD" || !acceptsEncoding(ctx.get("accept-encoding"), "gzip")) return;
  const type = ctx.response.get("content-type");
  ctx.body = await gzipped(body, { level: LEVEL });
  ctx.set("content-encoding", "gzip");
  ctx.set("content-type", type);
}
