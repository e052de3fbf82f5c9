import type { IncomingMessage } from "node:http";
import type { GatewayContext } from "../context.js";
import { denied, Errors, type ManagementError } from "./errors.js";
import { authorization, Verifier } from "../../../core/authorization/sigv4.js";

/** Checks the signature of a request to `@connections`, and the signer's permissions. */
export class ManagementAuthorizer {
  readonly #verifier = new Verifier();

  constructor(private readonly context: GatewayContext) {}

  /** Returns the error to respond with; `undefined` if the request is authorized. */
  check(request: IncomingMessage, body: Buffer): ManagementError | undefined {
    const { headers, method = "", url = "" } = request;
    if (!headers.authorization) return Errors.unsigned;
    const by = authorization(headers.authorization);
    if (!by) return Errors.incomplete;
    const { secretFor, authorize, now } = this.context;
    if (secretFor) {
      const secret = secretFor(by.accessKeyId);
      if (secret === undefined) return Errors.unknownKey;
      const state = this.#verifier.verify({ method, url, headers, body }, by, secret, now());
      if (state !== "valid") return state === "expired" ? Errors.expired : Errors.badSignature;
    }
    const refusal = authorize?.({ accessKeyId: by.accessKeyId, method, path: url });
    return refusal === undefined ? undefined : denied(refusal);
  }
}
