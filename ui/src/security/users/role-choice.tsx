import { useLoaded } from "../../session/use-loaded.ts";

interface Properties {
  readonly chosen: readonly string[];
  readonly onChange: (roles: readonly string[]) => void;
  readonly problem: string | undefined;
}

/** Roles to tick. */
export function RoleChoice({ chosen, onChange, problem }: Properties) {
  const loaded = useLoaded((peer, call) => peer.roles.list(call));
  const known = loaded.value ?? [];
  // A role that was removed meanwhile can still be taken away.
  const gone =
    loaded.value === null ? [] : chosen.filter((name) => !known.some((role) => role.name === name));
  const choices = [...known, ...gone.map((name) => ({ name, description: "does not exist any more" }))];
  return (
    <fieldset class="roles">
      <legend>Roles</legend>
      {choices.map(({ name, description }) => (
        <label key={name} class="choice choice-line">
          <input
            type="checkbox"
            checked={chosen.includes(name)}
            onChange={() =>
              onChange(chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name])
            }
          />
          <span>
            <b>{name}</b> <span class="muted">{description}</span>
          </span>
        </label>
      ))}
      {loaded.error !== null && <p class="problem">{loaded.error.message}</p>}
      {problem !== undefined && <p class="problem">{problem}</p>}
    </fieldset>
  );
}
