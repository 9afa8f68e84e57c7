/** A node's fingerprint, for people to compare. */
export function Fingerprint({ text }: { readonly text: string }) {
  return <code class="fingerprint">{text}</code>;
}
