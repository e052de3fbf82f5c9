const encoder = new TextEncoder();
const number = new Intl.NumberFormat("en-US");

/** The size of `text` in UTF-8, which the protocol's limits count. */
export const byteLength = (text: string): number => encoder.encode(text).length;

/** A count for people: `32,768`. */
export const count = (value: number): string => number.format(value);

/** A size for people: `1 byte`, `4,096 bytes`. */
export const bytes = (value: number): string => `${count(value)} byte${value === 1 ? "" : "s"}`;

/** A short size: `940 B`, `31.4 KB`. */
export const size = (value: number): string => (value < 1_000 ? `${value} B` : `${(value / 1_024).toFixed(1)} KB`);

/** Local time of day to the millisecond: `14:03:09.027`. */
export const clock = (epochMs: number): string => {
  const time = new Date(epochMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  const millis = String(time.getMilliseconds()).padStart(3, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${millis}`;
};

/** A duration for people: `12 ms`, `1.2 s`, `9 min`. */
export const duration = (milliseconds: number): string => {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${Number((milliseconds / 1_000).toFixed(1))} s`;
  return `${Number((milliseconds / 60_000).toFixed(1))} min`;
};

/** A hue from 0 to 359 that a channel's name always gets, so that the eye finds a channel in a list. */
export const hueOf = (channel: string): number => {
  let hash = 0;
  for (const character of channel) hash = (hash * 31 + character.codePointAt(0)!) >>> 0;
  // Neighbouring names (`stories/5`, `stories/6`) get neighbouring hashes: the golden angle pulls them apart.
  return Math.round(hash * 137.508) % 360;
};
