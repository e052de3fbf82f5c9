/** Variables that would send a browser's requests to this machine's own server somewhere else. */
const PROXIES = /^(https?|all|no|ftp)_proxy$/i;

/** The environment for a browser: this process's own without proxies, and `more`. */
export const environment = (more: Record<string, string> = {}): Record<string, string> => {
  const own = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...Object.fromEntries(own.filter(([name]) => !PROXIES.test(name))), ...more };
};
