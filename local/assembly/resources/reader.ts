import { UserError } from "../../core/user-error.js";
import type { ResourceVerdict } from "../model/verdicts.js";
import { holds, resolve, Unresolvable, type Scope } from "../template/intrinsics.js";
import type { StackArtifact } from "../template/manifest.js";
import type { Resource } from "../template/template.js";

/** A resource that is not run, and why. */
export class Refused extends Error {
  override name = "Refused";

  /**
   * @param message the reason
   * @param verdict `inert` for a resource that does nothing locally; `refused` for an unsupported resource
   */
  constructor(
    message: string,
    readonly verdict: "refused" | "inert" = "refused",
  ) {
    super(message);
  }
}

/** Reads the resources of one construct type by type, and records a verdict on each. */
export class ResourceReader {
  readonly #verdicts = new Map<string, ResourceVerdict>();

  /** @param resources the construct's resources, by logical id */
  constructor(
    readonly stack: StackArtifact,
    readonly scope: Scope,
    readonly resources: Record<string, Resource>,
  ) {}

  /** The verdicts so far, in the template's order. */
  get verdicts(): ResourceVerdict[] {
    return Object.keys(this.resources).flatMap((id) => this.#verdicts.get(id) ?? []);
  }

  /**
   * Reads every resource of the given types. If `read` throws `Refused`, or a value cannot be resolved, the resource is
   * refused by its logical id and left out.
   * @param read returns `undefined` if other code decides about the resource
   */
  each<T>(types: string[], read: (logicalId: string, properties: Properties) => T | undefined): T[] {
    return Object.entries(this.resources).flatMap(([logicalId, resource]) => {
      if (!types.includes(resource.Type)) return [];
      try {
        if (this.#absent(logicalId, resource)) return [];
        const value = read(logicalId, new Properties(resource.Properties ?? {}, this.scope));
        if (value === undefined) return [];
        this.#note(logicalId, "run");
        return [value];
      } catch (error) {
        if (!(error instanceof Refused) && !(error instanceof Unresolvable)) throw error;
        this.#note(logicalId, error instanceof Refused ? error.verdict : "refused", error.message);
        return [];
      }
    });
  }

  /** Logical ids of all resources of a type in the whole stack, the construct's and others. */
  all(type: string): string[] {
    const resources = Object.entries(this.stack.template.Resources ?? {});
    return resources.filter(([, resource]) => resource.Type === type).map(([logicalId]) => logicalId);
  }

  /** A reader of the whole stack. This reader can adopt its verdicts on the construct's resources. */
  ofStack(): ResourceReader {
    return new ResourceReader(this.stack, this.scope, this.stack.template.Resources ?? {});
  }

  /** Adopts another reader's verdicts on resources of this reader. */
  adopt(verdicts: ResourceVerdict[]): void {
    for (const each of verdicts) if (this.resources[each.logicalId]) this.#verdicts.set(each.logicalId, each);
  }

  /** Decides about everything that has not been read. */
  decideRemaining(inert: Record<string, string>): void {
    for (const [logicalId, resource] of Object.entries(this.resources)) {
      if (this.#verdicts.has(logicalId)) continue;
      const reason = inert[resource.Type];
      if (reason) this.#note(logicalId, "inert", reason);
      else this.#note(logicalId, "refused", `${resource.Type} is not known here`);
    }
  }

  #note(logicalId: string, verdict: ResourceVerdict["verdict"], reason?: string): void {
    const type = this.resources[logicalId]?.Type ?? "";
    this.#verdicts.set(logicalId, { logicalId, type, verdict, ...(reason !== undefined && { reason }) });
  }

  /** The one resource of a type that there must be. */
  requireOne<T>(found: T[], what: string): T {
    if (found.length === 1) return found[0]!;
    const refused = this.verdicts.filter(({ verdict }) => verdict === "refused");
    const reasons = refused.map(({ logicalId, reason }) => `  ${logicalId}: ${reason}`).join("\n");
    throw new UserError(
      `The construct has ${found.length} ${what} that can be run; it takes one.${reasons && `\n${reasons}`}`,
    );
  }

  #absent(logicalId: string, { Condition: name }: Resource): boolean {
    if (name === undefined || holds(this.scope.condition(name), this.scope)) return false;
    this.#note(logicalId, "inert", `its condition ${name} does not hold`);
    return true;
  }
}

/** The properties of one resource. Each is resolved when it is read. */
export class Properties {
  constructor(
    private readonly raw: Record<string, unknown>,
    private readonly scope: Scope,
  ) {}

  /** A property; `undefined` if it is left out. */
  get(name: string): unknown {
    const value = resolve(this.raw[name], this.scope);
    return typeof value === "symbol" ? undefined : value;
  }

  /** A property that must be text. */
  text(name: string): string {
    const value = this.get(name);
    if (typeof value !== "string") throw new Refused(`${name} is missing`);
    return value;
  }

  /** A property that is a number, or a number as text. */
  number(name: string): number | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : Number(value);
  }

  /** A property that is an object; empty if it is left out. */
  object(name: string): Record<string, unknown> {
    return (this.get(name) ?? {}) as Record<string, unknown>;
  }

  /** A property as it stands in the template. */
  unresolved(name: string): unknown {
    return this.raw[name];
  }
}
