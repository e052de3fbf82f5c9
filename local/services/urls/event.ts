import type { Place } from "../../core/place.js";

/** A request to a function URL. */
export interface UrlRequest {
  method: string;
  /** Path and query as they came over the wire. */
  url: string;
  /** Names and values in turn, as they came over the wire. */
  rawHeaders: readonly string[];
  body: Buffer;
  sourceIp: string;
  protocol: string;
}

/** Who signed a request, as the function is told. */
export interface UrlCaller {
  accessKeyId: string;
  arn: string;
  /** The caller's unique id; a session's name follows its role's. */
  userId: string;
}

/** What an event says besides the request. */
export interface UrlFacts {
  urlId: string;
  place: Place;
  requestId: string;
  /** Epoch milliseconds. */
  now: number;
  /** Absent: nobody had to sign. */
  caller?: UrlCaller;
}

/** Headers that no function is told of: whoever has them could act as the caller for a while. */
const SECRET_HEADERS = new Set(["authorization", "x-amz-security-token"]);

/** Content types whose bodies are given as text. */
const TEXT = /^(text\/|application\/(json|javascript|xml|[\w.-]+\+(json|xml))\b)/i;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * The event that a function gets of a request to its URL: payload format 2.0.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
 */
export const urlEvent = (request: UrlRequest, facts: UrlFacts): Record<string, unknown> => {
  const { method, url, body, sourceIp, protocol } = request;
  const [path = "/", query = ""] = splitOnce(url, "?");
  const { host = "", ...headers } = headersOf(request.rawHeaders);
  const cookies = headers["cookie"]?.split(/;\s*/);
  const rawPath = decoded(path);
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath,
    rawQueryString: query,
    ...(cookies && { cookies }),
    headers: { ...headers, host, ...forwarded(host, sourceIp, facts) },
    ...(query && { queryStringParameters: parametersOf(query) }),
    requestContext: {
      accountId: facts.caller ? facts.place.account : "anonymous",
      apiId: facts.urlId,
      ...(facts.caller && { authorizer: { iam: iamOf(facts.caller, facts.place) } }),
      domainName: host,
      domainPrefix: facts.urlId,
      http: { method, path: rawPath, protocol, sourceIp, userAgent: headers["user-agent"] ?? "" },
      requestId: facts.requestId,
      routeKey: "$default",
      stage: "$default",
      time: requestTime(new Date(facts.now)),
      timeEpoch: facts.now,
    },
    ...bodyOf(body, headers["content-type"] ?? ""),
  };
};

/** Names in lower case; values of a repeated header are joined by commas. */
const headersOf = (raw: readonly string[]): Record<string, string> => {
  const headers = new Map<string, string[]>();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase();
    if (!SECRET_HEADERS.has(name)) headers.set(name, [...(headers.get(name) ?? []), raw[at + 1]!]);
  }
  return Object.fromEntries([...headers].map(([name, values]) => [name, values.join(name === "cookie" ? "; " : ",")]));
};

const forwarded = (host: string, sourceIp: string, { requestId }: UrlFacts): Record<string, string> => ({
  "x-forwarded-for": sourceIp,
  "x-forwarded-port": /:(\d+)$/.exec(host)?.[1] ?? "80",
  "x-forwarded-proto": "http",
  "x-amzn-trace-id": `Root=1-${requestId.replaceAll("-", "").slice(0, 8)}-${requestId.replaceAll("-", "").slice(8)}`,
});

const parametersOf = (query: string): Record<string, string> => {
  const parameters = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query))
    parameters.set(name, [...(parameters.get(name) ?? []), value]);
  return Object.fromEntries([...parameters].map(([name, values]) => [name, values.join(",")]));
};

const iamOf = ({ accessKeyId, arn, userId }: UrlCaller, { account }: Place) => ({
  accessKey: accessKeyId,
  accountId: account,
  callerId: userId,
  cognitoIdentity: null,
  principalOrgId: null,
  userArn: arn,
  userId,
});

const bodyOf = (body: Buffer, contentType: string) => {
  if (body.length === 0) return { isBase64Encoded: false };
  const text = TEXT.test(contentType) ? textOf(body) : undefined;
  if (text !== undefined) return { body: text, isBase64Encoded: false };
  return { body: body.toString("base64"), isBase64Encoded: true };
};

const textOf = (body: Buffer): string | undefined => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return undefined;
  }
};

/** Such as `12/Mar/2020:19:03:58 +0000`. */
const requestTime = (date: Date): string => {
  const [day, month, year] = [date.getUTCDate(), MONTHS[date.getUTCMonth()], date.getUTCFullYear()];
  return `${String(day).padStart(2, "0")}/${month}/${year}:${date.toISOString().slice(11, 19)} +0000`;
};

const splitOnce = (text: string, separator: string): [string, string] => {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
};

/** What cannot be decoded stays as it came. */
const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};
