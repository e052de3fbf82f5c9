/** A function's response to its proxy integration. */
export interface ProxyResponse {
  statusCode: number;
  body?: string;
  /** Finds a header by its name in any case. */
  header(name: string): string | undefined;
}

type Fields = Record<string, unknown>;

const FIELDS = new Set(["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"]);

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;

const findHeader = (payload: Fields, name: string): string | undefined => {
  for (const field of ["headers", "multiValueHeaders"]) {
    const headers = payload[field];
    if (!isFields(headers)) continue;
    const key = Object.keys(headers).find((candidate) => candidate.toLowerCase() === name);
    const value = key === undefined ? undefined : headers[key];
    const single: unknown = Array.isArray(value) ? value.at(-1) : value;
    if (typeof single === "string") return single;
  }
  return undefined;
};

/**
 * Reads a function's payload. Returns `undefined` if a proxy integration would not accept it: it has no status, a body
 * that is not a string, or an unknown field.
 */
export const proxyResponse = (payload: unknown): ProxyResponse | undefined => {
  if (!isFields(payload) || Object.keys(payload).some((field) => !FIELDS.has(field))) return undefined;
  const statusCode = Number(payload.statusCode);
  if (!Number.isInteger(statusCode) || statusCode < 100 || statusCode > 599) return undefined;
  const { body } = payload;
  if (body !== undefined && body !== null && typeof body !== "string") return undefined;
  return {
    statusCode,
    ...(typeof body === "string" ? { body } : {}),
    header: (name) => findHeader(payload, name.toLowerCase()),
  };
};
