import type { EncryptedResource } from "../../assembly/model/encryption.js";
import type { FunctionModel } from "../../assembly/model/functions.js";
import type { RoleModel, UserModel } from "../../assembly/model/principals.js";
import type { Call, CallContext } from "../../core/authorization/call.js";
import type { Refusal } from "../../core/authorization/permissions.js";
import type { Log } from "../../core/log.js";
import type { Place } from "../../core/place.js";
import { type Caller, contextOf } from "../../core/authorization/caller.js";
import { keyCalls } from "./keys.js";
import { type Grant, evaluate, type Verdict } from "./policy.js";
import type { Permissions } from "../../core/authorization/permissions.js";
import { denialMessage } from "./refusal.js";

/** The part of the running system that permissions depend on. */
export interface PermissionsSubject {
  place: Place;
  model: { functions: FunctionModel[]; roles: RoleModel[]; users?: UserModel[]; encrypted?: EncryptedResource[] };
}

/** Receives the result of each check; see `npm run iam`. */
export interface PermissionObserver {
  /** A role's grant permitted something. */
  used(role: RoleModel, grant: Grant): void;
  denied(callerId: string, call: Call): void;
}

const NO_OBSERVER: PermissionObserver = { used: () => undefined, denied: () => undefined };

/** Checks calls of functions, roles and users by their policies. */
export class IamPermissions implements Permissions {
  /** @param subject called for every check, so that a reload takes effect */
  constructor(
    private readonly subject: () => PermissionsSubject,
    private readonly log: Log,
    private readonly witness: PermissionObserver = NO_OBSERVER,
  ) {}

  /** The Region, account and partition that ARNs of this run name. */
  get place(): Place {
    return this.subject().place;
  }

  /**
   * Checks whether a caller may make all of these calls, and use the KMS keys of their resources. A denial is logged.
   * @param callerId the logical id of a function, a role or a user
   * @param otherwise whether something else than the caller's own policies permits a call, such as a resource policy
   * @returns the first denied call; `undefined` if all are permitted
   */
  check(
    callerId: string,
    calls: readonly Call[],
    otherwise: (call: Call) => boolean = () => false,
  ): Refusal | undefined {
    const { place, model } = this.subject();
    const { caller, policies } = this.#identify(callerId);
    for (const call of calls.flatMap((each) => [each, ...keyCalls(each, model.encrypted ?? [], place)])) {
      const verdict = evaluateByEitherName(policies, call, { ...contextOf(caller, place), ...call.context });
      if (verdict.allowed) this.witness.used(policies, verdict.grant);
      else if (verdict.because === "explicit-deny" || !otherwise(call))
        return this.#refuse(
          callerId,
          policies,
          { caller, call, message: denialMessage(caller, call, verdict, place) },
          verdict,
        );
    }
    return undefined;
  }

  /** The AWS identity of a function, role or user by its logical id, and its unique id. */
  callerOf(callerId: string): { caller: Caller; userId: string } {
    const { caller, policies } = this.#identify(callerId);
    const { uniqueId = policies.logicalId } = policies;
    return { caller, userId: "user" in caller ? uniqueId : `${uniqueId}:${caller.session}` };
  }

  #identify(callerId: string): { caller: Caller; policies: RoleModel } {
    const { functions, roles, users = [] } = this.subject().model;
    const user = users.find(has(callerId));
    if (user) return { caller: { user: user.name }, policies: user };
    const asRole = roles.find(has(callerId));
    if (asRole) return { caller: { role: asRole.name, session: SESSION }, policies: asRole };
    const { name: session = callerId, role: roleId } = functions.find(has(callerId)) ?? {};
    const role = roles.find(has(roleId)) ?? noRole(roleId);
    return { caller: { role: role.name, session }, policies: role };
  }

  #refuse(callerId: string, { doubts }: RoleModel, refusal: Refusal, verdict: Verdict): Refusal {
    const { action, resource } = refusal.call;
    const why = [...(verdict.allowed ? [] : verdict.doubts), ...doubts].map((doubt) => `\n${doubt}`).join("");
    const message = `${callerId} may not ${action} on ${resource}\n${refusal.message}${why}`;
    this.log({ level: "error", source: "iam", message });
    this.witness.denied(callerId, refusal.call);
    return refusal;
  }
}

/** The session name of callers that are not functions. */
const SESSION = "push-it-dev";

const evaluateByEitherName = (role: RoleModel, call: Call, context: CallContext): Verdict => {
  const verdict = evaluate(role, call, context);
  if (verdict.allowed || call.alias === undefined) return verdict;
  const other = evaluate(role, { ...call, resource: call.alias }, context);
  return other.allowed ? other : verdict;
};

const has = (id: string | undefined) => (each: { logicalId: string }) => each.logicalId === id;

/** A caller without a known role has no permissions. */
const noRole = (id = "none"): RoleModel => ({
  logicalId: id,
  name: id,
  statements: [],
  doubts: ["Its role is not in the template, so that its policies are not known here."],
});
