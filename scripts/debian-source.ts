import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Downloads a package of the Debian release that this machine runs; from its backports as well, when none of the
 * sources that are configured has it. Needs no root, and changes nothing of how apt is set up.
 *
 * @param directory an empty one for the package and for apt's lists
 * @returns path of the package
 * @throws Error with apt's own words when no source has it
 */
export function downloadPackage(name: string, directory: string): string {
  try {
    apt(directory, ["download", name]);
  } catch {
    const options = [...withBackports(directory)];
    apt(directory, [...options, "update"]);
    apt(directory, [...options, "download", name]);
  }
  const file = readdirSync(directory).find((entry) => entry.endsWith(".deb"));
  if (file === undefined) throw new Error(`apt-get says it has downloaded ${name}, but there is no file`);
  return join(directory, file);
}

/** Options for apt with lists of their own, since the machine's may be empty, as in a container. */
function withBackports(directory: string): string[] {
  const lists = join(directory, "lists");
  mkdirSync(join(lists, "partial"), { recursive: true });
  const targets = execFileSync(
    "apt-get",
    ["indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"],
    { encoding: "utf8" },
  );
  const lines = new Set<string>();
  for (const target of targets.trim().split("\n")) {
    const [uri, release = "", component] = target.split(" ");
    if (uri === undefined || component === undefined) continue;
    lines.add(`deb ${uri} ${release} ${component}`);
    // The release itself, not its updates or its security fixes, which have no backports beside them.
    if (/^[a-z]+$/.test(release) && component === "main") {
      lines.add(`deb ${uri} ${release}-backports ${component}`);
    }
  }
  const sources = join(directory, "sources.list");
  writeFileSync(sources, `${[...lines].join("\n")}\n`);
  return [
    ...["-o", `Dir::Etc::SourceList=${sources}`, "-o", "Dir::Etc::SourceParts=/dev/null"],
    ...["-o", `Dir::State::Lists=${lists}`],
  ];
}

function apt(directory: string, args: readonly string[]): void {
  const quiet = [
    "-qq",
    "-o",
    "APT::Sandbox::User=root",
    "-o",
    "Dir::Cache::pkgcache=",
    "-o",
    "Dir::Cache::srcpkgcache=",
  ];
  execFileSync("apt-get", [...quiet, ...args], { cwd: directory, stdio: ["ignore", "inherit", "pipe"] });
}
