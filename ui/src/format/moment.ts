const timeFormat = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const dateTimeFormat = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** A timestamp with its date, in the time zone of whoever looks. What is no timestamp is given back as it is. */
export function formatMoment(timestamp: string): string {
  if (Number.isNaN(Date.parse(timestamp))) return timestamp;
  return dateTimeFormat.format(new Date(timestamp));
}

/** A moment as people say it: the time alone when it is of the same day as `now`, otherwise with the date. */
export function formatTime(timeMs: number, nowMs: number): string {
  const time = new Date(timeMs);
  const sameDay = time.toDateString() === new Date(nowMs).toDateString();
  return (sameDay ? timeFormat : dateTimeFormat).format(time);
}
