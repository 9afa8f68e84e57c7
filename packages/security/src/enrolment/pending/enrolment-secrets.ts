import { join } from "node:path";
import type { Logger } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { type JoinTokenSecret, newSetupCode, parseJoinToken, parseSetupCode } from "../../crypto/index.ts";
import { writePrivateFile } from "../../files/private-file.ts";
import { readSmallFile } from "../../files/small-file.ts";
import { wipePaths } from "../../files/wipe-paths.ts";

const SETUP_CODE_FILE = "setup-code";
const JOIN_TOKEN_FILE = "join-token";
export const LOCK_OUT_FILE = "setup-lock-outs.json";

export interface EnrolmentSecretsOptions {
  readonly dataDirectory: string;
  /** Where a set-up code may be, as on the boot partition; the data directory when left out. */
  readonly setupCodeFile?: string | undefined;
  /** Likewise of a join token. */
  readonly joinTokenFile?: string | undefined;
  /** A join token itself, from wherever the options of the program come. */
  readonly joinToken?: string | undefined;
}

/** What an unclaimed node is admitted with. */
export interface EnrolmentSecrets {
  readonly setupCode: string;
  readonly joinToken: JoinTokenSecret | undefined;
}

/**
 * The set-up code of this node, made when there is none, and its join token, if it carries one.
 *
 * @throws MeshError FAILED_PRECONDITION when a file holds something else or cannot be read or written; the message
 *   never tells what is in it
 */
export async function loadEnrolmentSecrets(options: EnrolmentSecretsOptions): Promise<EnrolmentSecrets> {
  return { setupCode: await loadSetupCode(options), joinToken: await loadJoinToken(options) };
}

/**
 * Overwrites and removes them: the node is a member, and they are good for nothing any more. Called when it has
 * become one, and at each start of a member, in case it was interrupted. What cannot be removed, as on a boot
 * partition that is mounted read-only, is logged.
 */
export async function wipeEnrolmentSecrets(
  { dataDirectory, joinTokenFile, setupCodeFile }: EnrolmentSecretsOptions,
  logger: Logger,
): Promise<void> {
  const own = [SETUP_CODE_FILE, JOIN_TOKEN_FILE, LOCK_OUT_FILE].map((name) => join(dataDirectory, name));
  for (const path of [...own, setupCodeFile, joinTokenFile]) {
    if (path === undefined) continue;
    try {
      await wipePaths([path]);
    } catch (error) {
      logger.warn(
        { path, error },
        "A file that was good for enrolment alone could not be removed: remove it",
      );
    }
  }
}

async function loadSetupCode({ dataDirectory, setupCodeFile }: EnrolmentSecretsOptions): Promise<string> {
  const given = await readCode(setupCodeFile);
  if (given !== undefined) return given;
  const path = join(dataDirectory, SETUP_CODE_FILE);
  const kept = await readCode(path);
  if (kept !== undefined) return kept;
  const made = newSetupCode();
  await writePrivateFile(path, `${made}\n`);
  return made;
}

async function readCode(path: string | undefined): Promise<string | undefined> {
  const text = path === undefined ? undefined : await read(path);
  if (path === undefined || text === undefined) return undefined;
  const code = parseSetupCode(text);
  if (code === undefined)
    throw unusable(path, "holds no set-up code: 20 letters and digits in groups of five");
  return code;
}

async function loadJoinToken(options: EnrolmentSecretsOptions): Promise<JoinTokenSecret | undefined> {
  if (options.joinToken !== undefined) {
    const token = parseJoinToken(options.joinToken);
    if (token !== undefined) return token;
    throw new MeshError(
      "FAILED_PRECONDITION",
      "The join token that was given is none: it begins with picjoin_",
    );
  }
  for (const path of [options.joinTokenFile, join(options.dataDirectory, JOIN_TOKEN_FILE)]) {
    const text = path === undefined ? undefined : await read(path);
    if (path === undefined || text === undefined) continue;
    const token = parseJoinToken(text);
    if (token === undefined) throw unusable(path, "holds no join token: it begins with picjoin_");
    return token;
  }
  return undefined;
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readSmallFile(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw unusable(path, `cannot be read: ${why}`);
  }
}

function unusable(path: string, why: string): MeshError {
  return new MeshError("FAILED_PRECONDITION", `The file ${path} ${why}`);
}
