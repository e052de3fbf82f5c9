/** The response of a function URL. */
export interface UrlResponse {
  status: number;
  /** A list: the header is sent once for each value. */
  headers: Record<string, string | string[]>;
  body: Buffer;
}

/** The response if a function failed or returned an invalid response. */
export const badGateway = (): UrlResponse => jsonResponse(502, "Internal Server Error");

/** An answer of Lambda's own. */
export const jsonResponse = (status: number, body: unknown, headers: Record<string, string> = {}): UrlResponse => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
});

/**
 * Converts a function's result to a response. An object with a status is a response, any other value is the body.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-response-payload
 */
export const urlResponse = (payload: unknown): UrlResponse => {
  if (!isFields(payload) || payload["statusCode"] === undefined)
    return jsonResponse(200, JSON.stringify(payload ?? null));
  const { body = "", isBase64Encoded: encoded = false, cookies = [], headers = {} } = payload;
  const status = Number(payload["statusCode"]);
  const valid =
    Number.isInteger(status) && status >= 200 && status <= 599 && (body === null || typeof body === "string");
  const named = headerFields(headers);
  if (!valid || !named || !isTexts(cookies) || !cookies.every((each) => VALUE.test(each))) return badGateway();
  return {
    status,
    headers: { "content-type": "application/json", ...named, ...(cookies.length > 0 && { "set-cookie": cookies }) },
    body: Buffer.from(body ?? "", encoded === true ? "base64" : "utf8"),
  };
};

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

/** Headers of the HTTP connection, which a function cannot set. */
const CONNECTION = new Set(["connection", "content-length", "date", "keep-alive", "transfer-encoding", "upgrade"]);
const NAME = /^[!#$%&'*+.^`|~\w-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** A placeholder for a value that is not valid in a header. */
const UNSENDABLE = "\n";

const isScalar = (value: unknown): value is string | number | boolean =>
  ["string", "number", "boolean"].includes(typeof value);

/** Header by header in lower case; `undefined` when one cannot be sent. */
const headerFields = (headers: unknown): Record<string, string> | undefined => {
  if (!isFields(headers)) return undefined;
  const fields = Object.entries(headers)
    .map(([name, value]): [string, string] => [name.toLowerCase(), isScalar(value) ? String(value) : UNSENDABLE])
    .filter(([name]) => !CONNECTION.has(name));
  return fields.every(([name, value]) => NAME.test(name) && VALUE.test(value)) ? Object.fromEntries(fields) : undefined;
};
