import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Both need no root, and change nothing of how apt is set up: lists and files are in a directory of their own.

/**
 * Downloads a package of the Debian release that this machine runs; from its backports as well, when none of the
 * sources that are configured has it.
 *
 * @param directory an empty one for the package and for apt's lists
 * @returns path of the package
 * @throws Error with apt's own words when no source has it
 */
export function downloadPackage(name: string, directory: string): string {
  try {
    apt(directory, ["download", name]);
  } catch {
    // The machine's lists may be empty, as in a container, or old.
    const releases = configuredReleases();
    const backports = releases.filter(isMain).map((it) => ({ ...it, release: `${it.release}-backports` }));
    const options = ownLists(directory, "deb", [...releases, ...backports]);
    apt(directory, [...options, "update"]);
    apt(directory, [...options, "download", name]);
  }
  return findFile(directory, /\.deb$/);
}

/**
 * Downloads the source that a package of the Debian release that this machine runs is made of.
 *
 * @param directory an empty one for the source and for apt's lists
 * @returns path of the archive as its authors published it, without what Debian changes
 * @throws Error with apt's own words when there is none
 */
export function downloadSource(name: string, directory: string): string {
  const options = ownLists(directory, "deb-src", configuredReleases().filter(isMain));
  apt(directory, [...options, "update"]);
  apt(directory, [...options, "source", "--download-only", name]);
  return findFile(directory, /\.orig\.tar\.[a-z0-9]+$/);
}

interface Release {
  readonly uri: string;
  /** As `bookworm`, `bookworm-updates`. */
  readonly release: string;
  readonly component: string;
}

function configuredReleases(): Release[] {
  const format = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
  // Without release information it tells what is configured, and not only what there are lists of.
  return apt(".", ["indextargets", "--no-release-info", "--format", format, "Created-By: Packages"])
    .trim()
    .split("\n")
    .map((target) => target.split(" "))
    .map(([uri = "", release = "", component = ""]) => ({ uri, release, component }));
}

/** The release itself, and not its updates and security fixes, which have no backports and sources beside them. */
function isMain({ release, component }: Release): boolean {
  return /^[a-z]+$/.test(release) && component === "main";
}

/** @returns options that make apt use these releases, and lists of its own */
function ownLists(directory: string, type: "deb" | "deb-src", releases: readonly Release[]): string[] {
  const lists = join(directory, "lists");
  mkdirSync(join(lists, "partial"), { recursive: true });
  const lines = releases.map(({ uri, release, component }) => `${type} ${uri} ${release} ${component}\n`);
  const sources = join(directory, "sources.list");
  writeFileSync(sources, [...new Set(lines)].join(""));
  return [
    ...["-o", `Dir::Etc::SourceList=${sources}`, "-o", "Dir::Etc::SourceParts=/dev/null"],
    ...["-o", `Dir::State::Lists=${lists}`],
  ];
}

/** @returns what it wrote; @throws Error with apt's own words */
function apt(directory: string, args: readonly string[]): string {
  const options = ["APT::Sandbox::User=root", "Dir::Cache::pkgcache=", "Dir::Cache::srcpkgcache="];
  const command = ["-qq", ...options.flatMap((option) => ["-o", option]), ...args];
  const { error, status, stdout, stderr } = spawnSync("apt-get", command, {
    cwd: directory,
    encoding: "utf8",
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`apt-get ${args.join(" ")}: ${stderr}`);
  return stdout;
}

function findFile(directory: string, name: RegExp): string {
  const file = readdirSync(directory).find((entry) => name.test(entry));
  if (file === undefined)
    throw new Error(`apt-get says that it downloaded ${String(name)}, but it is not there`);
  return join(directory, file);
}
