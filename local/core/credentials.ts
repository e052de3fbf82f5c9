import { createHash, randomBytes } from "node:crypto";

/** Credentials that requests are signed with. */
export interface CallerCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Absent for a user, whose keys do not expire. */
  sessionToken?: string;
}

/** Credentials as a function finds them in its environment. */
export type FunctionCredentials = Required<CallerCredentials>;

/** Characters after `ASIA` or `AKIA` in an access key id. */
const KEY_ID_CHARACTERS = 16;

/** The owner of an access key id. */
interface Owner {
  callerId: string;
  credentials: CallerCredentials;
}

/**
 * Credentials that exist only in this run. Each function, environment, role and user has its own, so the access key id
 * of a signed request identifies its sender.
 */
export class Credentials {
  readonly #byCaller = new Map<string, CallerCredentials>();
  readonly #byKey = new Map<string, Owner>();
  #environments = 0;

  /** A function's or a role's credentials, by its logical id: always the same within a run. */
  of(callerId: string): FunctionCredentials {
    return this.#make(callerId, () => temporary(callerId));
  }

  /** Credentials of one of a function's environments, by the function's logical id: new ones each time. */
  ofEnvironment(functionId: string): FunctionCredentials {
    this.#environments += 1;
    const credentials = temporary(`${functionId} ${this.#environments}`);
    this.#byKey.set(credentials.accessKeyId, { callerId: functionId, credentials });
    return credentials;
  }

  /** A user's credentials, by its logical id: always the same within a run. */
  ofUser(userId: string): CallerCredentials {
    return this.#make(userId, () => ({ accessKeyId: keyIdOf("AKIA", userId), secretAccessKey: randomSecret() }));
  }

  #make<T extends CallerCredentials>(callerId: string, make: () => T): T {
    const credentialsFor = this.#byCaller.get(callerId);
    if (credentialsFor) return credentialsFor as T;
    const made = make();
    this.#byCaller.set(callerId, made);
    this.#byKey.set(made.accessKeyId, { callerId, credentials: made });
    return made;
  }

  /** The logical id of an access key's owner. */
  identify(accessKeyId: string): string | undefined {
    return this.#byKey.get(accessKeyId)?.callerId;
  }

  /** The secret of an access key; `undefined` when there is no such key. */
  secretFor(accessKeyId: string): string | undefined {
    return this.credentialsFor(accessKeyId)?.secretAccessKey;
  }

  /** All of an access key's credentials; `undefined` when there is no such key. */
  credentialsFor(accessKeyId: string): CallerCredentials | undefined {
    return this.#byKey.get(accessKeyId)?.credentials;
  }

  /** The logical id of a request's signer, by its `Authorization` header. */
  identifyHeader(authorization: string | undefined): string | undefined {
    const keyId = /Credential=([^/\s,]+)\//.exec(authorization ?? "")?.[1];
    return keyId === undefined ? undefined : this.identify(keyId);
  }
}

const temporary = (name: string): FunctionCredentials => ({
  accessKeyId: keyIdOf("ASIA", name),
  secretAccessKey: randomSecret(),
  sessionToken: randomBytes(48).toString("base64url"),
});

const randomSecret = (): string => randomBytes(30).toString("base64url");

const keyIdOf = (prefix: "ASIA" | "AKIA", callerId: string): string =>
  `${prefix}${createHash("sha256").update(callerId).digest("hex").slice(0, KEY_ID_CHARACTERS).toUpperCase()}`;
