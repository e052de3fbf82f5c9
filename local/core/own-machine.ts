/** Names of this machine. Its systems are the user's own. */
const OWN_HOSTS = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Whether a URL leads to this machine. */
export const isOwnMachine = (url: string): boolean => OWN_HOSTS.has(new URL(url).hostname);
