import { createHash, randomBytes } from "node:crypto";

/** Credentials as a function finds them in its environment. */
export interface FunctionCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

/** Characters after `ASIA` in an access key id of temporary credentials. */
const KEY_ID_CHARACTERS = 16;

/**
 * Credentials that exist in this run only, different for each function: whoever receives a signed request knows by
 * the access key id which function sent it.
 */
export class Credentials {
  readonly #byFunction = new Map<string, FunctionCredentials>();
  readonly #byKey = new Map<string, string>();

  /** A function's credentials: always the same within a run. */
  of(functionId: string): FunctionCredentials {
    const known = this.#byFunction.get(functionId);
    if (known) return known;
    const made = {
      accessKeyId: keyIdOf(functionId),
      secretAccessKey: randomBytes(30).toString("base64url"),
      sessionToken: randomBytes(48).toString("base64url"),
    };
    this.#byFunction.set(functionId, made);
    this.#byKey.set(made.accessKeyId, functionId);
    return made;
  }

  /** The function with this access key id. */
  identify(accessKeyId: string): string | undefined {
    return this.#byKey.get(accessKeyId);
  }

  /** The secret of an access key; `undefined` when there is no such key. */
  secretFor(accessKeyId: string): string | undefined {
    const functionId = this.identify(accessKeyId);
    return functionId === undefined ? undefined : this.of(functionId).secretAccessKey;
  }

  /** The function whose credentials signed a request, by its `Authorization` header. */
  identifyHeader(authorization: string | undefined): string | undefined {
    const keyId = /Credential=([^/\s,]+)\//.exec(authorization ?? "")?.[1];
    return keyId === undefined ? undefined : this.identify(keyId);
  }
}

const keyIdOf = (functionId: string): string =>
  `ASIA${createHash("sha256").update(functionId).digest("hex").slice(0, KEY_ID_CHARACTERS).toUpperCase()}`;
