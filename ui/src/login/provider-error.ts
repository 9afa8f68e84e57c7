import type { ErrorCode } from "@pi-controller/schema";

/** What a login through an OpenID provider came back with, in words; the code is in the address's fragment. */
const texts: Partial<Record<ErrorCode, string>> = {
  UNAVAILABLE:
    "The provider cannot be reached from this node. Log in with your password, or try again later.",
  DEADLINE_EXCEEDED: "The provider did not answer in time. Log in with your password, or try again later.",
  FAILED_PRECONDITION: "The login at the provider took too long, or was begun in another browser. Try again.",
  PERMISSION_DENIED:
    "The provider knows you, but no user of this mesh is linked to you, or it leaves him no role. Ask an admin.",
  UNAUTHENTICATED: "The provider’s answer could not be verified. Try again.",
  RESOURCE_EXHAUSTED: "There were too many attempts. Wait a while, then try again.",
  UNIMPLEMENTED: "No provider is set up on this node any more.",
};

/** The code of the error that a fragment carries, as `#oidc-error=UNAVAILABLE`; null when it carries none. */
export function providerErrorOfFragment(fragment: string): string | null {
  return /^#oidc-error=([A-Z_]{1,40})$/.exec(fragment)?.[1] ?? null;
}

/** What to say of an error by its code. */
export function providerErrorText(code: string): string {
  const known = Object.hasOwn(texts, code) ? texts[code as ErrorCode] : undefined;
  return known ?? "The login through the provider did not work. Try again, or log in with your password.";
}
