/** A text that `*` matches: a label of a host's name, or the part before a fixed end of the label. */
const STAR = /^[a-z0-9][a-z0-9-]*$/;

/** Maximum length of a label of a host's name. */
const LABEL = 63;

/**
 * Whether an origin matches an allowed one. In a pattern, `*` stands for the first label of the host's name, or for its
 * beginning: `https://*.previews.example.com`, `https://*-team.example.com`. It never matches a dot, so the text after
 * it is the whole rest of the host and the port.
 * @param origin as a browser sends it
 * @param allowed an origin or a pattern, in lower case; the construct has validated it
 */
export const isAllowedOrigin = (origin: string, allowed: string): boolean => {
  const star = allowed.indexOf("*");
  const text = origin.toLowerCase();
  if (star < 0) return text === allowed;
  const [before, after] = [allowed.slice(0, star), allowed.slice(star + 1)];
  if (!text.startsWith(before) || !text.endsWith(after) || text.length <= before.length + after.length) return false;
  const label = text.slice(before.length, text.length - after.length);
  const [rest = ""] = after.split(".");
  return STAR.test(label) && label.length + rest.length <= LABEL && (rest !== "" || !label.endsWith("-"));
};
