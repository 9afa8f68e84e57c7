/**
 * The file that a URL's path asks for, relative to the UI's directory.
 *
 * @param path not decoded, with a leading slash
 * @returns undefined when it cannot be one of ours: hidden, or a way out of the directory
 */
export function assetPathOf(path: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
  // A backslash or a NUL never is in a name that we built; a dot in front covers `..` and hidden files.
  const segments = decoded.split("/").filter((segment) => segment !== "");
  const proper = segments.every((segment) => /^[^.\\\0:][^\\\0:]*$/.test(segment));
  return proper ? segments.join("/") : undefined;
}

/** True for files whose name changes with their content, as Vite names them: `assets/index-B4dsf8_2.js`. */
export function isImmutable(assetPath: string): boolean {
  return /^assets\/.*-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/.test(assetPath);
}
