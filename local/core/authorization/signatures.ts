import type { IncomingMessage } from "node:http";
import { type Authorization, authorization, Verifier } from "./sigv4.js";
import type { Credentials } from "../credentials.js";

/** Why a request's signature is not accepted. */
export type SignatureFault = "unsigned" | "incomplete" | "unknown" | "invalid" | "expired";

/** The signer of a request by logical id, or why the signature is not accepted. */
export type Signer = { callerId: string; accessKeyId: string } | { fault: SignatureFault };

/**
 * Verifies Signature Version 4 of requests to one service.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export class SignatureVerifier {
  readonly #verifier = new Verifier();

  /** @param service the service that signatures must name, such as `lambda` */
  constructor(
    private readonly credentials: Credentials,
    private readonly service: string,
  ) {}

  /**
   * Returns the signer of a request.
   * @param body the body as it was received
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

/** AWS's error types for signatures. */
export const SIGNATURE_ERRORS: Record<SignatureFault, string> = {
  unsigned: "MissingAuthenticationTokenException",
  incomplete: "IncompleteSignatureException",
  unknown: "UnrecognizedClientException",
  invalid: "InvalidSignatureException",
  expired: "InvalidSignatureException",
};
