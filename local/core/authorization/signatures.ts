import type { IncomingMessage } from "node:http";
import { type Authorization, authorization, Verifier } from "./sigv4.js";
import type { Credentials } from "../credentials.js";

/** What is wrong with a request's signature. */
export type SignatureFault = "unsigned" | "incomplete" | "unknown" | "invalid" | "expired";

/** Who signed a request, by logical id, or why that cannot be told. */
export type Signer = { callerId: string; accessKeyId: string } | { fault: SignatureFault };

/**
 * Tells who of this run signed a request to a service, with Signature Version 4.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export class SignatureVerifier {
  readonly #verifier = new Verifier();

  /**
   * @param service what signatures must be for, such as `lambda`
   */
  constructor(
    private readonly credentials: Credentials,
    private readonly service: string,
  ) {}

  /**
   * Who signed the request.
   * @param body as it was sent
   */
  signer({ method = "", url = "", headers }: IncomingMessage, body: Buffer): Signer {
    if (!headers.authorization) return { fault: "unsigned" };
    const by = authorization(headers.authorization);
    if (!by) return { fault: "incomplete" };
    const callerId = this.credentials.identify(by.accessKeyId);
    const known = this.credentials.credentialsFor(by.accessKeyId);
    // The token comes along with temporary credentials, and only with them.
    const genuine = known && headers["x-amz-security-token"] === known.sessionToken;
    if (callerId === undefined || !genuine) return { fault: "unknown" };
    if (!isFor(by, this.service, String(headers["x-amz-date"]))) return { fault: "invalid" };
    const verdict = this.#verifier.verify({ method, url, headers, body }, by, known.secretAccessKey, Date.now());
    return verdict === "valid" ? { callerId, accessKeyId: by.accessKeyId } : { fault: verdict };
  }
}

/** The host must be signed, or a request could be played to another service. */
const isFor = ({ scope, signedHeaders }: Authorization, service: string, date: string): boolean =>
  scope.startsWith(date.slice(0, 8)) && scope.endsWith(`/${service}`) && signedHeaders.split(";").includes("host");

/** AWS's messages about signatures. */
export const SIGNATURE_MESSAGES: Record<SignatureFault, string> = {
  unsigned: "Missing Authentication Token",
  incomplete: "Authorization header is incomplete",
  unknown: "The security token included in the request is invalid.",
  invalid:
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
  expired: "Signature expired.",
};

/** AWS's names of what is wrong with signatures. */
export const SIGNATURE_ERRORS: Record<SignatureFault, string> = {
  unsigned: "MissingAuthenticationTokenException",
  incomplete: "IncompleteSignatureException",
  unknown: "UnrecognizedClientException",
  invalid: "InvalidSignatureException",
  expired: "InvalidSignatureException",
};
