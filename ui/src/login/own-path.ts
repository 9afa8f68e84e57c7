/** Is it a path of this page's own, and nothing that leads to another host? */
export function isOwnPath(path: string): boolean {
  return /^\/(?![/\\])/.test(path);
}
