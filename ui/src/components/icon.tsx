/** Shapes drawn in a 16 x 16 box with the colour of the text around them. */
const paths = {
  alive: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm3.2 4.9L7.4 10.9 4.8 8.3",
  suspect: "M8 2 1.5 13.5h13L8 2Zm0 4.6v3.1m0 1.7v.3",
  dead: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM5.6 5.6l4.8 4.8m0-4.8-4.8 4.8",
  left: "M6.5 2.5h-4v11h4M10 4.8 13.2 8 10 11.2M13 8H6",
  unknown: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM6 6.3a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4m0 1.7v.3",
  info: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM8 7.4v3.8M8 4.6v.3",
  stop: "M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3l3.8-3.8ZM5.6 8h4.8",
  pause: "M5.5 3.5v9m5-9v9",
  play: "M5 3.2v9.6L12.5 8 5 3.2Z",
  plus: "M8 2.8v10.4M2.8 8h10.4",
  back: "M9.5 3.5 5 8l4.5 4.5",
  pencil: "M2.8 13.2l.7-3L10.8 3a1.6 1.6 0 0 1 2.2 2.2l-7.2 7.3-3 .7Z",
  remove: "M2.8 4.5h10.4M6.2 4.5V2.8h3.6v1.7m-5.6 0 .6 8.7h6.4l.6-8.7",
  external: "M6.5 3.5h-3v9h9v-3M9 2.8h4.2V7M13 3 7.5 8.5",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  camera: "M2 5h3l1.2-1.8h3.6L11 5h3v8H2V5Zm6 1.6a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4Z",
  lock: "M4 7.2h8v6.3H4zM5.6 7.2V5a2.4 2.4 0 0 1 4.8 0v2.2",
  user: "M8 2.5a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2ZM2.8 13.8c.4-2.8 2.5-4 5.2-4s4.8 1.2 5.2 4",
  download: "M8 2.5v7.2M5 7l3 3 3-3M2.8 13.2h10.4",
  link: "M6.5 9.5a2.4 2.4 0 0 0 3.6 0l2.4-2.4a2.5 2.5 0 0 0-3.6-3.6l-.9.9M9.5 6.5a2.4 2.4 0 0 0-3.6 0L3.5 8.9a2.5 2.5 0 0 0 3.6 3.6l.9-.9",
} as const;

export type IconName = keyof typeof paths;

/** A picture that stands beside words that say the same: screen readers skip it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
