import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** The `Authorization` header of a request signed with Signature Version 4. */
export interface Authorization {
  accessKeyId: string;
  /** The scope of the signing key, such as `20261123/eu-west-1/execute-api`. */
  scope: string;
  signedHeaders: string;
  signature: string;
}

/** A request as it was signed. */
export interface SignedRequest {
  method: string;
  /** Path and query, exactly as received. */
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
const CREDENTIAL = "Credential=([^/,\\s]+)/(\\d{8}/[\\w-]+/[\\w-]+)/aws4_request";
const AUTHORIZATION = new RegExp(
  `^${ALGORITHM} ${CREDENTIAL},\\s*SignedHeaders=([^,\\s]+),\\s*Signature=([0-9a-f]{64})$`,
);
const DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/**
 * How far a signature's date may be from now, in milliseconds.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
 */
const SKEW_MS = 5 * 60_000;
const KEPT_KEYS = 64;

/** Reads an `Authorization` header; `undefined` when it is not one of Signature Version 4, or not complete. */
export const authorization = (header: string): Authorization | undefined => {
  const match = AUTHORIZATION.exec(header);
  if (!match) return undefined;
  const [, accessKeyId = "", scope = "", signedHeaders = "", signature = ""] = match;
  return { accessKeyId, scope, signedHeaders, signature };
};

const hmac = (key: Buffer | string, data: string): Buffer => createHmac("sha256", key).update(data).digest();
const hash = (data: Buffer | string): string => createHash("sha256").update(data).digest("hex");

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const canonicalQuery = (query: string): string =>
  [...new URLSearchParams(query)]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");

const headerValue = (value: string | string[] | undefined): string =>
  (Array.isArray(value) ? value.join(",") : (value ?? "")).trim().replace(/ +/g, " ");

const canonicalRequest = ({ method, url, headers, body }: SignedRequest, signedHeaders: string): string => {
  const [path = "/", query = ""] = url.split("?", 2);
  const lines = signedHeaders.split(";").map((name) => `${name}:${headerValue(headers[name])}\n`);
  // Every service but S3 signs the path encoded once more than it is sent.
  const canonicalPath = path.split("/").map(encode).join("/");
  const canonicalHeaders = `${lines.join("")}\n${signedHeaders}`;
  return `${method}\n${canonicalPath}\n${query && canonicalQuery(query)}\n${canonicalHeaders}\n${hash(body)}`;
};

const epoch = (date: string): number => {
  const match = DATE.exec(date);
  if (!match) return NaN;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
};

/** Verifies signatures, and keeps the few signing keys it derives. */
export class Verifier {
  readonly #keys = new Map<string, Buffer>();

  /**
   * Whether the request is signed with the secret, for this time.
   * @param now epoch milliseconds
   */
  verify(request: SignedRequest, by: Authorization, secret: string, now: number): "valid" | "invalid" | "expired" {
    const date = headerValue(request.headers["x-amz-date"]);
    const canonical = hash(canonicalRequest(request, by.signedHeaders));
    const toSign = `${ALGORITHM}\n${date}\n${by.scope}/aws4_request\n${canonical}`;
    const expected = hmac(this.#key(secret, by.scope), toSign);
    if (!timingSafeEqual(expected, Buffer.from(by.signature, "hex"))) return "invalid";
    return Math.abs(now - epoch(date)) <= SKEW_MS ? "valid" : "expired";
  }

  #key(secret: string, scope: string): Buffer {
    const name = `${scope}/${secret}`;
    const kept = this.#keys.get(name);
    if (kept) return kept;
    const key = [...scope.split("/"), "aws4_request"].reduce<Buffer | string>(hmac, `AWS4${secret}`) as Buffer;
    if (this.#keys.size >= KEPT_KEYS) this.#keys.clear();
    this.#keys.set(name, key);
    return key;
  }
}
