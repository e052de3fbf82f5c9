import type { IncomingMessage } from "node:http";
import { authorization, Verifier } from "../gateway/management/sigv4.js";
import type { Credentials } from "../lambda/credentials.js";

/** Who signed a request, or why that cannot be told. */
export type Signer = { functionId: string } | { fault: "unsigned" | "incomplete" | "unknown" | "invalid" | "expired" };

/** Tells which function of this run signed a request to a service, with Signature Version 4. */
export class Signatures {
  readonly #verifier = new Verifier();

  /**
   * @param service what signatures must be for, such as `lambda`
   */
  constructor(
    private readonly credentials: Credentials,
    private readonly service: string,
  ) {}

  /** Who signed the request. */
  signer({ method = "", url = "", headers }: IncomingMessage, body: Buffer): Signer {
    if (!headers.authorization) return { fault: "unsigned" };
    const by = authorization(headers.authorization);
    if (!by) return { fault: "incomplete" };
    const functionId = this.credentials.identify(by.accessKeyId);
    if (functionId === undefined) return { fault: "unknown" };
    if (!by.scope.endsWith(`/${this.service}`)) return { fault: "invalid" };
    const secret = this.credentials.of(functionId).secretAccessKey;
    const state = this.#verifier.verify({ method, url, headers, body }, by, secret, Date.now());
    return state === "valid" ? { functionId } : { fault: state };
  }
}
