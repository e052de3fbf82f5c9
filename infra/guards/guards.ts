import type * as iam from "aws-cdk-lib/aws-iam";
import type * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import type { GuardTimeouts } from "../../protocol/index.js";
import { boolean, having, list, record, struct, text, texts } from "../props/checks/rules.js";
import { GUARD_BUNDLING } from "./guard-build.js";
import { type GuardBundle, bundleGuards } from "./guard-bundle.js";
import {
  combinedFunctions,
  clampTimeouts,
  type GuardFunctionMap,
  type GuardFunctions,
  guardFunctionMap,
  guardFunctionProps,
} from "./guard-functions.js";
import { validationError } from "../props/validation-error.js";
import type { GuardBundlingOptions } from "../props/options.js";

/** The props of a guard module. */
export interface GuardModuleProps {
  /**
   * Environment variables of the functions that run guards. Not for secrets: everyone with read access to a function
   * sees them.
   *
   * @default - none
   */
  readonly environment?: { [key: string]: string };

  /**
   * Secrets that guards read with `await secret("NAME")` from `push-it-server/guards`, by the name they use. Granted to
   * the functions that run guards; read when first used.
   *
   * @default - none
   */
  readonly secrets?: { [name: string]: secretsmanager.ISecret };

  /**
   * How esbuild bundles the module.
   *
   * @default - everything in one readable file with a source map
   */
  readonly bundling?: GuardBundlingOptions;

  /**
   * Further permissions of the functions that run guards. Grants of other constructs take `pushIt.guards`:
   * `users.grantReadData(pushIt.guards)`.
   *
   * @default - nothing
   */
  readonly initialPolicy?: iam.PolicyStatement[];
}

const guardModuleProps = struct<GuardModuleProps>({
  environment: texts,
  secrets: record("an object with secrets", having<secretsmanager.ISecret>("secretArn", "a secret of Secrets Manager")),
  bundling: struct<GuardBundlingOptions>({
    externalModules: list("strings", text),
    define: texts,
    alias: texts,
    loader: texts,
    minify: boolean,
    keepNames: boolean,
    sourceMap: boolean,
    tsconfig: text,
  }),
  initialPolicy: list("statements", having<iam.PolicyStatement>("toStatementJson", "an iam.PolicyStatement")),
});

/** A guard module as the construct uses it. */
export interface GuardModuleConfig {
  /** As the user wrote it: relative to the app's working directory, or absolute. */
  readonly entry: string;
  readonly bundle: GuardBundle;
  readonly environment: { readonly [key: string]: string };
  readonly secrets: { readonly [name: string]: secretsmanager.ISecret };
  readonly initialPolicy: readonly iam.PolicyStatement[];
}

/** The guards as the construct uses them: a module, functions, or both. */
export interface GuardsConfig {
  readonly module?: GuardModuleConfig;
  readonly functions: GuardFunctionMap;
}

/**
 * Guards decide about connections, subscriptions, publications and deliveries.
 *
 * @example
 * declare const signingKey: secretsmanager.Secret;
 *
 * new PushIt(this, "PushIt", {
 *   guards: Guards.fromModule("guards.ts", {
 *     environment: { AUDIENCE: "example.com" },
 *     secrets: { SIGNING_KEY: signingKey },
 *   }),
 * });
 */
export abstract class Guards {
  /**
   * Guards that run inside the functions themselves: they cost no further invocation.
   *
   * @param entry the TypeScript or JavaScript module that default-exports the guards; relative to the working
   * directory of the CDK app, or absolute
   */
  static fromModule(entry: string, props: GuardModuleProps = {}): Guards {
    return new ModuleGuards(entry, props);
  }

  /**
   * Guards that are functions of their own, in any language: each is invoked as docs/GUARDS.md says. A function without
   * a timeout of its own gets the timeout of its guard.
   *
   * @param guards the functions, by what they decide
   */
  static fromLambda(guards: GuardFunctions): Guards {
    return new FunctionGuards(guards);
  }

  /**
   * Guards of several kinds: at most one module, and any number of functions. Each place has one guard. If the module
   * and a function both have a guard for one place, every request there is denied, and the log says why.
   *
   * @param guards which
   */
  static combine(...guards: Guards[]): Guards {
    return new CombinedGuards(guards);
  }

  /**
   * Bundles the module if there is one, and sets the functions' timeouts. Called once for each construct that uses
   * these guards.
   * @param timeouts the guards', in milliseconds
   * @internal
   */
  abstract _bind(scope: Construct, timeouts: GuardTimeouts): GuardsConfig;
}

class ModuleGuards extends Guards {
  constructor(
    private readonly entry: string,
    private readonly props: GuardModuleProps,
  ) {
    super();
  }

  override _bind(scope: Construct): GuardsConfig {
    text(scope, "guards: the path of the guard module", this.entry ?? null);
    guardModuleProps(scope, "guards", this.props);
    const { environment = {}, secrets = {}, initialPolicy = [], bundling = {} } = this.props;
    const bundle = bundleGuards(scope, this.entry, bundling);
    // For tools that bundle the module again without a synthesis. It is in the cloud assembly, and not in the template.
    scope.node.addMetadata(GUARD_BUNDLING, bundling);
    return { module: { entry: this.entry, environment, secrets, initialPolicy, bundle }, functions: new Map() };
  }
}

class FunctionGuards extends Guards {
  constructor(private readonly guards: GuardFunctions) {
    super();
  }

  override _bind(scope: Construct, timeouts: GuardTimeouts): GuardsConfig {
    guardFunctionProps(scope, "guards", this.guards);
    const functions = guardFunctionMap(scope, this.guards);
    clampTimeouts(scope, functions, timeouts);
    return { functions };
  }
}

class CombinedGuards extends Guards {
  constructor(private readonly guards: readonly Guards[]) {
    super();
  }

  override _bind(scope: Construct, timeouts: GuardTimeouts): GuardsConfig {
    const configs = this.guards.map((guards) => guards._bind(scope, timeouts));
    const modules = configs.flatMap(({ module }) => module ?? []);
    if (configs.length === 0) throw validationError(scope, "guards: Guards.combine needs something to combine");
    if (modules.length > 1) {
      throw validationError(
        scope,
        `guards: there can be one guard module, not ${modules.map(({ entry }) => entry).join(" and ")}`,
      );
    }
    const functions = combinedFunctions(
      scope,
      configs.map((config) => config.functions),
    );
    return { ...(modules[0] && { module: modules[0] }), functions };
  }
}
