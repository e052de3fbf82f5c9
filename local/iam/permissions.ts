import type { Place } from "../lambda/variables.js";
import type { FunctionModel, Log, RoleModel } from "../model.js";
import { type Caller, contextOf } from "./caller.js";
import type { CallContext } from "./patterns.js";
import { type Call, type Grant, judge, type Verdict } from "./policy.js";
import { refusalOf } from "./refusal.js";

/** What is run at the moment, as far as permissions are about it. */
export interface PermissionsSubject {
  place: Place;
  model: { functions: FunctionModel[]; roles: RoleModel[] };
}

/** Is told what came of each call; see `npm run iam`. */
export interface PermissionsWitness {
  /** A role's grant permitted something. */
  used(role: RoleModel, grant: Grant): void;
  denied(functionId: string, call: Call): void;
}

/** A call that was refused. */
export interface Refusal {
  caller: Caller;
  call: Call;
  /** What AWS says. */
  message: string;
}

const NOBODY: PermissionsWitness = { used: () => undefined, denied: () => undefined };

/** Judges what functions do by the policies of their roles. */
export class Permissions {
  /**
   * @param subject asked anew for every call, so that a reload counts
   */
  constructor(
    private readonly subject: () => PermissionsSubject,
    private readonly log: Log,
    private readonly witness: PermissionsWitness = NOBODY,
  ) {}

  /** Where the functions are said to be. */
  get place(): Place {
    return this.subject().place;
  }

  /**
   * The first of the calls that a function may not make; `undefined`: it may make them all. A refusal is logged.
   * @param functionId the function's logical id
   */
  check(functionId: string, calls: readonly Call[]): Refusal | undefined {
    const { place, model } = this.subject();
    const { name: session = functionId, role: roleId } = model.functions.find(has(functionId)) ?? {};
    const role = model.roles.find(has(roleId)) ?? noRole(roleId);
    const caller = { role: role.name, session };
    for (const call of calls) {
      const verdict = judgeByEitherName(role, call, contextOf(caller, place));
      if (verdict.allowed) this.witness.used(role, verdict.grant);
      else return this.#refuse(functionId, role, { caller, call, message: refusalOf(caller, call, verdict, place) }, verdict);
    }
    return undefined;
  }

  #refuse(functionId: string, { doubts }: RoleModel, refusal: Refusal, verdict: Verdict): Refusal {
    const { action, resource } = refusal.call;
    const why = [...(verdict.allowed ? [] : verdict.doubts), ...doubts].map((doubt) => `\n${doubt}`).join("");
    const message = `${functionId} may not ${action} on ${resource}\n${refusal.message}${why}`;
    this.log({ level: "error", source: "iam", message });
    this.witness.denied(functionId, refusal.call);
    return refusal;
  }
}

const judgeByEitherName = (role: RoleModel, call: Call, context: CallContext): Verdict => {
  const verdict = judge(role, call, context);
  if (verdict.allowed || call.alias === undefined) return verdict;
  const other = judge(role, { ...call, resource: call.alias }, context);
  return other.allowed ? other : verdict;
};

const has = (id: string | undefined) => (each: { logicalId: string }) => each.logicalId === id;

/** Whoever has no role that is known here may do nothing. */
const noRole = (id = "none"): RoleModel => ({
  logicalId: id,
  name: id,
  statements: [],
  doubts: ["Its role is not in the template, so that its policies are not known here."],
});
