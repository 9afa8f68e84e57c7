interface Properties {
  readonly resources: readonly string[];
  readonly holderOf: (resource: string) => string | null;
  readonly chosen: string | null;
  readonly onChoose: (resource: string) => void;
}

/** Devices to choose from, with who holds them. */
export function DeviceButtons({ resources, holderOf, chosen, onChoose }: Properties) {
  return (
    <ul class="devices">
      {resources.map((resource) => {
        const holder = holderOf(resource);
        return (
          <li key={resource}>
            <button type="button" aria-pressed={resource === chosen} onClick={() => onChoose(resource)}>
              {resource} {holder !== null && <small>held by {holder}</small>}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
