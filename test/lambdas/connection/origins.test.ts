import fc from "fast-check";
import { isAllowedOrigin } from "../../../lambdas/connection/origins.js";

const LABEL = "https://*.previews.example.com";
const END = "https://*-team.example.app";

describe("an origin", () => {
  test.each([
    ["https://example.com", "https://example.com"],
    ["https://Example.COM", "https://example.com"],
    ["https://pr-17.previews.example.com", LABEL],
    ["https://a.previews.example.com", LABEL],
    ["https://0--9.previews.example.com", LABEL],
    ["https://PR-17.Previews.Example.com", LABEL],
    [`https://${"x".repeat(63)}.previews.example.com`, LABEL],
    ["https://app-git-main-team.example.app", END],
    ["https://a-team.example.app", END],
    ["https://a.example.com:8443", "https://*.example.com:8443"],
  ])("%s is allowed by %s", (origin, allowed) => {
    expect(isAllowedOrigin(origin, allowed)).toBe(true);
  });

  test.each([
    ["another site after it", "https://a.previews.example.com.attacker.net", LABEL],
    ["another site before it", "https://attacker.net/.previews.example.com", LABEL],
    ["a query", "https://attacker.net?.previews.example.com", LABEL],
    ["a fragment", "https://attacker.net#.previews.example.com", LABEL],
    ["a backslash", "https://attacker.net\\.previews.example.com", LABEL],
    ["user information", "https://a@b.previews.example.com", LABEL],
    ["user information after it", "https://a.previews.example.com@attacker.net", LABEL],
    ["a port", "https://a.previews.example.com:8443", LABEL],
    ["a port in the label", "https://attacker.net:1.previews.example.com", LABEL],
    ["no label", "https://.previews.example.com", LABEL],
    ["the domain itself", "https://previews.example.com", LABEL],
    ["two labels", "https://a.b.previews.example.com", LABEL],
    ["no scheme", "a.previews.example.com", LABEL],
    ["http", "http://a.previews.example.com", LABEL],
    ["another scheme with the same end", "xhttps://a.previews.example.com", LABEL],
    ["a newline at the end", "https://a.previews.example.com\n", LABEL],
    ["a newline in the label", "https://a\n.previews.example.com", LABEL],
    ["a space", "https://a b.previews.example.com", LABEL],
    ["a percent sign", "https://a%2e.previews.example.com", LABEL],
    ["an underscore", "https://a_b.previews.example.com", LABEL],
    ["a star", LABEL, LABEL],
    ["a hyphen first", "https://-a.previews.example.com", LABEL],
    ["a hyphen last", "https://a-.previews.example.com", LABEL],
    ["a letter that only looks like an ASCII letter", "https://\u0430.previews.example.com", LABEL],
    ["a full stop of another script", "https://attacker\u3002net.previews.example.com", LABEL],
    ["a label that is too long", `https://${"x".repeat(64)}.previews.example.com`, LABEL],
    ["a longer domain with the same end", "https://a.notpreviews.example.com", LABEL],
    ["null", "null", LABEL],
    ["nothing", "", LABEL],
    ["the suffix alone", "https://-team.example.app", END],
    ["the suffix without its hyphen", "https://team.example.app", END],
    ["another team", "https://a-otherteam.example.app", END],
    ["the suffix and one more label", "https://a.b-team.example.app", END],
    ["the suffix, too long", `https://${"x".repeat(59)}-team.example.app`, END],
    ["overlapping ends", "https://-team.example.app", "https://*https://-team.example.app"],
    ["another port than the pattern's", "https://a.example.com", "https://*.example.com:8443"],
    ["another origin", "https://example.com.attacker.net", "https://example.com"],
  ])("with %s is not allowed: %j", (_, origin, allowed) => {
    expect(isAllowedOrigin(origin, allowed)).toBe(false);
  });

  // The property holds for any text.
  test("that a pattern allows is a host directly below its domain", () => {
    const piece = fc.oneof(
      fc.constantFrom("https://", ".", "previews.example.com", "attacker.net", "@", ":", "/", "#", "\\", "a", "-", "%"),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join("")),
        (origin) => {
          if (!isAllowedOrigin(origin, LABEL)) return;
          expect(new URL(origin).host).toMatch(/^[a-z0-9-]+\.previews\.example\.com$/);
        },
      ),
      { seed: 1, numRuns: 20_000 },
    );
  });
});
