/**
 * How many published messages a frame brings its client: none in an answer, one in a message, several in a frame that
 * holds several.
 */
export const deliveriesIn = (frame: string): number => {
  try {
    return count(JSON.parse(frame) as unknown);
  } catch {
    return 0;
  }
};

const count = (value: unknown): number => {
  if (Array.isArray(value)) return value.reduce((sum: number, each: unknown) => sum + count(each), 0);
  if (typeof value !== "object" || value === null) return 0;
  const { messages, channel, uuid, successful } = value as Record<string, unknown>;
  if (Array.isArray(messages)) return count(messages);
  return typeof channel === "string" && typeof uuid === "string" && successful === undefined ? 1 : 0;
};
