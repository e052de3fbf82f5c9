/** The bytes of `text` in UTF-8. */
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** `bytes` in base64url, without padding. */
export const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");

/** A number for people: `32,640`. */
export const figure = (number: number): string => number.toLocaleString("en");
