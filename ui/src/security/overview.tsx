import { Facts } from "../components/facts.tsx";
import { Fingerprint } from "../components/fingerprint.tsx";
import { FromNow } from "../components/from-now.tsx";
import { useIdentity, useMay, useMayWithAuthority, usePrincipal } from "../identity/identity-context.ts";
import { securityPath } from "../route/route.ts";
import { ruleText } from "./roles/rule-text.ts";

/** Who one is here, what one may do, and where to go for the rest. */
export function Overview() {
  return (
    <>
      <div class="columns">
        <You />
        <ThisNode />
      </div>
      <Tasks />
    </>
  );
}

function You() {
  const principal = usePrincipal();
  return (
    <section class="panel" aria-label="You">
      <h2>You</h2>
      <Facts
        facts={[
          ["User name", <b key="name">{principal.userName}</b>],
          ["Roles", principal.roles.join(", ") || "none"],
          ["Logged in by", viaTexts[principal.via]],
          principal.idleExpiresAt === null
            ? null
            : ["Ends unless used", <FromNow key="idle" timestamp={principal.idleExpiresAt} />],
          principal.expiresAt === null
            ? null
            : ["Ends in any case", <FromNow key="end" timestamp={principal.expiresAt} />],
          [
            "You may",
            principal.rules.length === 0 ? (
              "nothing but log in"
            ) : (
              <ul key="rules" class="plain">
                {principal.rules.map((rule) => (
                  <li key={JSON.stringify(rule)}>{ruleText(rule)}</li>
                ))}
              </ul>
            ),
          ],
          [
            "Authority",
            principal.canUnseal
              ? "Your password opens the authority of the mesh: you can admit, revoke and change users."
              : "Your password does not open the authority of the mesh.",
          ],
        ]}
      />
    </section>
  );
}

const viaTexts = {
  session: "password",
  oidc: "OpenID provider",
  "api-token": "API token",
  jwt: "short-lived token",
  "client-certificate": "client certificate",
} as const;

function ThisNode() {
  const status = useIdentity().status.value;
  const mayLeave = useMayWithAuthority()("revoke", "nodes");
  if (status === null) return null;
  return (
    <section class="panel" aria-label="This node">
      <h2>This node</h2>
      <Facts
        facts={[
          ["Mesh", <b key="mesh">{status.meshName}</b>],
          ["Node", status.nodeName],
          ["Fingerprint", <Fingerprint key="fingerprint" text={status.fingerprint} />],
          ["Login by provider", status.oidc === null ? "not set up" : status.oidc.label],
        ]}
      />
      {mayLeave && (
        <p class="muted">
          To take it out of the mesh, see <a href="/mesh">Mesh</a>. To cut off another node, open its page.
        </p>
      )}
    </section>
  );
}

function Tasks() {
  const may = useMay();
  const tasks = [
    {
      section: "certificates",
      show: true,
      text: "Make your browser trust the mesh, so that it warns you no more.",
    },
    {
      section: "join-tokens",
      show: may("list", "join-tokens"),
      text: "Let cards that you flash join by themselves.",
    },
    { section: "users", show: may("list", "users"), text: "Give others a login of their own." },
    { section: "api-tokens", show: true, text: "Let a program or a script in." },
    { section: "audit", show: may("list", "audit"), text: "See who did what, and what was refused." },
  ] as const;
  return (
    <section class="panel" aria-label="What to do here">
      <h2>What to do here</h2>
      <ul class="bullets">
        {tasks
          .filter(({ show }) => show)
          .map(({ section, text }) => (
            <li key={section}>
              <a href={securityPath(section)}>{text}</a>
            </li>
          ))}
      </ul>
    </section>
  );
}
