import aws4 from "aws4";
import { authorization, type SignedRequest, Verifier } from "../../../../local/core/authorization/sigv4.js";

const NOW = Date.UTC(2026, 10, 23, 18, 0, 0);
const SECRET = "local-secret";
const DATE = "20261123T180000Z";

const signed = (parts: { path?: string; body?: string; headers?: Record<string, string> } = {}): SignedRequest => {
  const { path = "/prod/@connections/KVmb8fjMIAMCFgQ%3D", body = '{"a":"ü"}', headers = {} } = parts;
  const request = aws4.sign(
    {
      host: "127.0.0.1:3001",
      method: "POST",
      path,
      body,
      service: "execute-api",
      region: "eu-west-1",
      headers: { "X-Amz-Date": DATE, ...headers },
    },
    { accessKeyId: "LOCALKEY", secretAccessKey: SECRET },
  );
  const lower = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), `${value}`]);
  return {
    method: "POST",
    url: path,
    headers: Object.fromEntries(lower) as Record<string, string>,
    body: Buffer.from(body),
  };
};
const check = (request: SignedRequest, { secret = SECRET, now = NOW } = {}): string => {
  const by = authorization(request.headers.authorization ?? "");
  return by ? new Verifier().verify(request, by, secret, now) : "none";
};

describe("authorization header", () => {
  it("names the key, the scope, the headers and the signature", () =>
    expect(authorization(signed().headers.authorization ?? "")).toEqual({
      accessKeyId: "LOCALKEY",
      scope: "20261123/eu-west-1/execute-api",
      signedHeaders: expect.stringContaining("host;x-amz-date") as string,
      signature: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    }));

  it.each([
    "",
    "Bearer abc",
    "AWS4-HMAC-SHA256",
    "AWS4-HMAC-SHA256 Credential=K/20261123/eu-west-1/execute-api/aws4_request, SignedHeaders=host",
    `AWS4-HMAC-SHA256 Credential=K/20261123/eu-west-1/aws4_request, SignedHeaders=host, Signature=${"0".repeat(64)}`,
    `AWS4-HMAC-SHA256 Credential=K/20261123/eu-west-1/execute-api/aws4_request, SignedHeaders=host, Signature=short`,
  ])("%p is none", (header) => expect(authorization(header)).toBeUndefined());
});

describe("signature", () => {
  it.each([
    ["a post", {}],
    ["an empty body", { body: "" }],
    ["an encoded @", { path: "/prod/%40connections/KVmb8fjMIAMCFgQ%3D" }],
    ["characters that only some encoders escape", { path: "/prod/@connections/a!'()*b" }],
    ["a query", { path: "/prod/@connections/abc?b=2&a=1%202&b=1" }],
    ["a session token", { headers: { "X-Amz-Security-Token": "token" } }],
    ["values with spaces", { headers: { "X-Amz-Meta": "  two   words " } }],
  ])("of %s is valid", (_, parts) => expect(check(signed(parts))).toBe("valid"));

  it("is valid again with the signing key that was kept", () => {
    const verifier = new Verifier();
    for (const body of ["one", "two"]) {
      const request = signed({ body });
      const by = authorization(request.headers.authorization ?? "");
      expect(by && verifier.verify(request, by, SECRET, NOW)).toBe("valid");
    }
  });

  it("is invalid with another secret", () => expect(check(signed(), { secret: "other" })).toBe("invalid"));

  it.each([
    ["body", (request: SignedRequest) => (request.body = Buffer.from("other"))],
    ["path", (request: SignedRequest) => (request.url = "/prod/@connections/other")],
    ["method", (request: SignedRequest) => (request.method = "DELETE")],
    ["host", (request: SignedRequest) => (request.headers.host = "elsewhere")],
    ["date", (request: SignedRequest) => (request.headers["x-amz-date"] = "20261123T180001Z")],
  ])("is invalid for another %s", (_, tamper) => {
    const request = signed();
    tamper(request);
    expect(check(request)).toBe("invalid");
  });

  it("expires after five minutes, and is not valid before its time either", () => {
    expect(check(signed(), { now: NOW + 300_000 })).toBe("valid");
    expect(check(signed(), { now: NOW + 301_000 })).toBe("expired");
    expect(check(signed(), { now: NOW - 301_000 })).toBe("expired");
  });
});
