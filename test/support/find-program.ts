import { accessSync, constants } from "node:fs";

/** Finds a program on the PATH or at one of the given places. */
export function findProgram(...candidates: readonly string[]): string | undefined {
  const directories = (process.env.PATH ?? "").split(":");
  const paths = candidates.flatMap((candidate) =>
    candidate.startsWith("/") ? [candidate] : directories.map((directory) => `${directory}/${candidate}`),
  );
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Debian packages to install, of those that have the programs.
 *
 * @param programs names of programs, each with the packages that it needs
 * @returns the packages of the programs that are not there
 */
export function missingPackages(programs: Readonly<Record<string, string>>): string[] {
  return Object.entries(programs)
    .filter(([program]) => findProgram(program) === undefined)
    .map(([, packages]) => packages);
}
