const PREFIX = "push-it.console.";

/** Values that this browser stores between visits, without credentials. */
export type Memory = "url" | "hint";

/** The stored value; `null` if there is none, or if the browser stores nothing. */
export const remembered = (name: Memory): string | null => {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
};

/** Stores a value, or removes it. If the browser stores nothing, this is not an error. */
export const remember = (name: Memory, value: string | undefined): void => {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    return;
  }
};
