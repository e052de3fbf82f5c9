import { buildSubprotocols, encodeCredentials } from "../../../client/src/connection/handshake.js";
import { PushItError } from "../../../client/src/errors.js";

const PREFIX = "push-it.credentials.";

const credentialsOf = (protocols: string[]): unknown => {
  const entry = protocols.find((name) => name.startsWith(PREFIX))!;
  return JSON.parse(Buffer.from(entry.slice(PREFIX.length), "base64url").toString());
};

describe("the offered subprotocols", () => {
  it("are the version and the one for a denial's reason", () => {
    expect(buildSubprotocols(undefined, [])).toEqual(["push-it.v1", "push-it.v1.denied"]);
  });

  it("have the client's own ones before the credentials", () => {
    const [, , added, credentials] = buildSubprotocols("token", ["push-it.session.x"]);
    expect([added, credentials]).toEqual(["push-it.session.x", expect.stringMatching(/^push-it\.credentials\./)]);
  });

  it.each([["a token"], [{ user: "Zoë", roles: ["editor"] }], [null], [""], [0], [false], [["ÿÿ>>??", "\u{1f600}"]]])(
    "carry any JSON: %j",
    (credentials) => {
      const protocols = buildSubprotocols(credentials, []);
      expect(credentialsOf(protocols)).toEqual(credentials);
      // The characters that a header's list of names may have, and no padding.
      expect(protocols[2]).toMatch(/^push-it\.credentials\.[\w-]+$/);
    },
  );

  it("carry at most 4,096 bytes of JSON", () => {
    expect(credentialsOf(buildSubprotocols("x".repeat(4_094), []))).toHaveLength(4_094);
    expect(() => buildSubprotocols("x".repeat(4_095), [])).toThrow(PushItError);
    expect(buildSubprotocols("ö".repeat(2_047), [])).toHaveLength(3);
    expect(() => buildSubprotocols("ö".repeat(2_048), [])).toThrow(PushItError);
  });

  it("fit the 10,240 bytes that API Gateway allows for all headers", () => {
    expect(buildSubprotocols("x".repeat(4_094), []).join(", ").length).toBeLessThan(6_000);
  });
});

describe("credentials that are too large", () => {
  it("are refused with both sizes", () => {
    expect(() => encodeCredentials("x".repeat(7_000))).toThrow(
      expect.objectContaining({
        code: "credentials_too_large",
        retryable: false,
        message: expect.stringMatching(/7,002 bytes.*4,096/),
      }),
    );
  });
});
