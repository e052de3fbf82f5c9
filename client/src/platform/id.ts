import { base64url } from "./text.js";

/** The features that the SDK needs in every runtime, and the packages that add them to an older React Native. */
const POLYFILLS = { crypto: "react-native-get-random-values", btoa: "base-64" };

/**
 * @throws Error if the runtime lacks a feature that no option can replace
 */
export const requireRuntime = (): void => {
  const { crypto, btoa } = globalThis as { crypto?: Partial<Crypto>; btoa?: unknown };
  const found = { crypto: crypto?.getRandomValues, btoa };
  for (const [name, polyfill] of Object.entries(POLYFILLS))
    if (!found[name as keyof typeof found])
      throw new Error(
        `This runtime has no ${name}. Load a polyfill before push-it-client, in React Native "${polyfill}".`,
      );
};

/** A new id for a message or request: 128 random bits in 22 characters of `0-9A-Za-z-_`. */
export const newId = (): string => base64url(crypto.getRandomValues(new Uint8Array(16)));
