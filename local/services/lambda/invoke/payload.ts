/** Parses a payload, or returns the error message. An empty payload is an empty object. */
export const parsePayload = (body: Buffer): { value: unknown } | string => {
  if (body.length === 0) return { value: {} };
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as unknown };
  } catch (error) {
    return error instanceof SyntaxError ? error.message : "the payload is not UTF-8";
  }
};
