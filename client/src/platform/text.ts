/**
 * The bytes of `text` in UTF-8. JSON never has half of a surrogate pair. Written out: Jest's jsdom has no TextEncoder.
 */
export const utf8 = (text: string): Uint8Array =>
  Uint8Array.from(encodeURIComponent(text).match(/%..|./g) ?? [], (each) =>
    each.length > 1 ? parseInt(each.slice(1), 16) : each.charCodeAt(0),
  );

/** `bytes` in base64url, without padding. */
export const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=/g, "");

/** A number as people read it: `32,640`. */
export const formatNumber = (number: number): string => number.toLocaleString("en");

/** The reason of an error: `40,000 bytes of JSON, but at most 32,639 are allowed.` */
export const tooLarge = (bytes: number, limit: number): string =>
  `${formatNumber(bytes)} bytes of JSON, but at most ${formatNumber(limit)} are allowed.`;
