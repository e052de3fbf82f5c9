const PREFIX = "push-it.console.";

/** What this browser remembers between visits. Credentials are not among it. */
export type Memory = "url" | "hint";

/** What is remembered; `null` for nothing, also where the browser keeps nothing. */
export const remembered = (name: Memory): string | null => {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
};

/** Remembers a value, or forgets it. A browser that keeps nothing is no reason to fail. */
export const remember = (name: Memory, value: string | undefined): void => {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    return;
  }
};
