import { createHmac, hash } from "node:crypto";

/** The signed parts of a request. */
export interface Signable {
  method: string;
  /** Percent-encoded as it is sent, without a query. */
  path: string;
  /** All headers except `Host`. Results for the same object are cached for one second. */
  headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body, in hexadecimal. */
  sha256: string;
}

/** Returns a request's header lines, including the signature and the headers that it needs. */
export type Signer = (request: Signable) => string;

const ALGORITHM = "AWS4-HMAC-SHA256";

/** Sent with every request, as the SDKs do: the hash of the body. */
const HASH_HEADER = "X-Amz-Content-Sha256";

const hmac = (key: Buffer | string, data: string): Buffer => createHmac("sha256", key).update(data).digest();

/** SHA-256 in hexadecimal. */
export const sha256 = (text: string): string => hash("sha256", text);

/** Sizes of SHA-256's blocks and of its result, in bytes. */
const BLOCK = 64;
const DIGEST = 32;

/**
 * HMAC-SHA256 of ASCII texts with one key, of at most a block, in hexadecimal. It uses one-shot hashes. Node's `Hmac`
 * makes an object outside of the heap for each text, and collecting thousands of them costs more than the hashing.
 * @see https://www.rfc-editor.org/rfc/rfc2104
 */
const hmacWith = (key: Buffer): ((text: string) => string) => {
  const pad = (byte: number): Buffer => Buffer.alloc(BLOCK, byte).map((each, at) => each ^ (key[at] ?? 0)) as Buffer;
  const [inner, outer] = [pad(0x36).toString("latin1"), Buffer.concat([pad(0x5c), Buffer.alloc(DIGEST)])];
  return (text) => {
    hash("sha256", Buffer.from(inner + text, "latin1"), "buffer").copy(outer, BLOCK);
    return hash("sha256", outer);
  };
};

/** Every service but S3 signs the path with one more encoding than it is sent with. */
const encode = (path: string): string => {
  const encoded = encodeURIComponent(path).replaceAll("%2F", "/");
  return /[!'()*]/.test(encoded)
    ? encoded.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    : encoded;
};

/**
 * Signs requests to a service with Signature Version 4. It reads the function's credentials once: they do not change in
 * an execution environment.
 *
 * A library would sign any request, and compute the common parts again for each. Here each request needs three hashes
 * of its individual parts. Tests compare the result with such a library.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export const signer = (service: string, region: string, host: string): Signer => {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId = "",
    AWS_SECRET_ACCESS_KEY: secret = "",
    AWS_SESSION_TOKEN: token,
  } = process.env;
  const session: Record<string, string> = token ? { "X-Amz-Security-Token": token } : {};
  const signFor = lastOf((scope: string) =>
    hmacWith(scope.split("/").reduce<Buffer | string>(hmac, `AWS4${secret}`) as Buffer),
  );
  const dateOf = lastOf((second: number) => new Date(second * 1_000).toISOString().replace(/[-:]|\.\d+/g, ""));
  let kept: Prepared | undefined;
  return ({ method, path, headers, sha256: body }) => {
    const date = dateOf(Math.floor(Date.now() / 1_000));
    const scope = `${date.slice(0, 8)}/${region}/${service}/aws4_request`;
    if (kept?.of !== headers || kept.date !== date)
      kept = prepare(headers, date, { Host: host, "X-Amz-Date": date, ...session });
    const hashed = sha256(`${method}\n${encode(path)}\n\n${kept.before}${body}${kept.after}${body}`);
    const signature = signFor(scope)(`${ALGORITHM}\n${date}\n${scope}\n${hashed}`);
    const authorization = `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${kept.names}, Signature=${signature}`;
    return `${kept.lines}${HASH_HEADER}: ${body}\r\nAuthorization: ${authorization}\r\n`;
  };
};

/** The common parts of requests in one second with the same headers. */
interface Prepared {
  of: Signable["headers"];
  date: string;
  /** As they are sent. */
  lines: string;
  /** The signed headers' names, as the signature lists them. */
  names: string;
  /** The canonical headers, before and after the value of `HASH_HEADER`. */
  before: string;
  after: string;
}

const prepare = (of: Signable["headers"], date: string, more: Record<string, string>): Prepared => {
  const all = Object.entries({ ...of, ...more });
  const sorted = [...all, [HASH_HEADER, "\0"] as const]
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, " ")] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const names = sorted.map(([name]) => name).join(";");
  const [before = "", after = ""] = `${sorted.map(([name, value]) => `${name}:${value}\n`).join("")}\n${names}\n`.split(
    "\0",
  );
  return { of, date, lines: all.map(([name, value]) => `${name}: ${value}\r\n`).join(""), names, before, after };
};

/** Caches the result for the last key. */
const lastOf = <K, V>(compute: (key: K) => V): ((key: K) => V) => {
  let last: { key: K; value: V } | undefined;
  return (key) => {
    if (last?.key !== key) last = { key, value: compute(key) };
    return last.value;
  };
};
