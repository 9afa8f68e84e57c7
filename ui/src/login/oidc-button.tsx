import { useClient } from "../client-context.ts";
import { Icon } from "../components/icon.tsx";
import { useIdentity } from "../identity/identity-context.ts";
import { lastProviderError, rememberPage } from "./return-path.ts";

/** The way to an OpenID provider, where one is set up; and why the last one led nowhere. */
export function OidcButton() {
  const client = useClient();
  const oidc = useIdentity().status.value?.oidc ?? null;
  const error = lastProviderError();
  if (oidc === null && error === "") return null;
  return (
    <div class="other-login">
      {error !== "" && (
        <p class="problem" role="alert">
          {error}
        </p>
      )}
      {oidc !== null && (
        <>
          <p class="muted">or</p>
          <a class="button" href={client.session.oidcLoginUrl} onClick={rememberPage}>
            {oidc.label} <Icon name="external" />
          </a>
        </>
      )}
    </div>
  );
}
