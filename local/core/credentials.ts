import { createHash, randomBytes } from "node:crypto";

/** Credentials that requests are signed with. */
export interface CallerCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Absent for a user: a user's own keys are for good. */
  sessionToken?: string;
}

/** Credentials as a function finds them in its environment. */
export type FunctionCredentials = Required<CallerCredentials>;

/** Characters after `ASIA` or `AKIA` in an access key id. */
const KEY_ID_CHARACTERS = 16;

/** What an access key id stands for. */
interface Owner {
  callerId: string;
  credentials: CallerCredentials;
}

/**
 * Credentials that exist in this run only, different for each function, each of its environments, each role and user:
 * whoever receives a signed request knows by the access key id who sent it.
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

  /** Whose access key id this is: a logical id. */
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

  /** Who signed a request, by its `Authorization` header. */
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
