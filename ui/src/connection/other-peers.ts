import type { NodeView } from "@pi-controller/schema";

/** A way to the same page at another peer. */
export interface OtherPeer {
  readonly id: string;
  readonly name: string;
  readonly url: string;
}

const MAX_OTHERS = 8;

/**
 * Other peers that are likely to show the same page, the best bets first.
 *
 * @param nodes what was known last, the peer that told it among them
 * @param page where this page is: its host and path decide
 */
export function otherPeers(nodes: readonly NodeView[], page: URL): readonly OtherPeer[] {
  const order = ["alive", "suspect", "unknown"];
  return nodes
    .filter((node) => !node.self && order.includes(node.membership.state))
    .sort((left, right) => order.indexOf(left.membership.state) - order.indexOf(right.membership.state))
    .flatMap((node) => {
      const url = bestUrl(node.apiUrls, page);
      return url === undefined ? [] : [{ id: node.id, name: node.name, url: url.href }];
    })
    .slice(0, MAX_OTHERS);
}

/** As `URL` writes addresses; peers tell no other hosts of themselves. */
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\]|localhost)$/;

/**
 * Where to find this page at another peer. Peers write these URLs, and a hostile one must not lead people to a login
 * page somewhere on the Internet: anything but http and https, and a name in the place of an address, is refused.
 */
function bestUrl(apiUrls: readonly string[], page: URL): URL | undefined {
  const usable = apiUrls
    .filter((text) => URL.canParse(text))
    .map((text) => samePage(new URL(text), page))
    .filter(({ protocol, hostname }) => /^https?:$/.test(protocol) && ADDRESS.test(hostname))
    .filter(({ origin }) => origin !== page.origin);
  return usable.find((url) => isLoopback(url) === isLoopback(page)) ?? usable[0];
}

function samePage(url: URL, { pathname, search }: URL): URL {
  // Set, not resolved: a path such as `//host/` would lead to another host.
  url.pathname = pathname;
  url.search = search;
  url.username = "";
  url.password = "";
  return url;
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
