interface Properties {
  readonly all: boolean;
  readonly onChange: (all: boolean) => void;
}

/** Chooses between what is one's own and what is everybody's. */
export function OwnOrAllChoice({ all, onChange }: Properties) {
  return (
    <div class="counts" role="group" aria-label="Whose">
      <button type="button" aria-pressed={!all} onClick={() => onChange(false)}>
        Mine
      </button>
      <button type="button" aria-pressed={all} onClick={() => onChange(true)}>
        Everybody’s
      </button>
    </div>
  );
}
