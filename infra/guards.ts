import type * as iam from "aws-cdk-lib/aws-iam";
import type * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { type GuardBundle, bundleGuards } from "./guard-bundle.js";
import type { GuardBundlingOptions } from "./options.js";

/** What a guard module needs besides its code. */
export interface GuardModuleProps {
  /**
   * Environment variables of the functions that run guards. Not for secrets: whoever may look at a function sees them.
   *
   * @default - none
   */
  readonly environment?: { [key: string]: string };

  /**
   * Secrets that guards read with `await secret("NAME")` from `push-it-aws/guards`, by the name they use. Granted to
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
   * What the functions that run guards may do besides their own work. Grants of other constructs take
   * `pushIt.guards`: `users.grantReadData(pushIt.guards)`.
   *
   * @default - nothing
   */
  readonly initialPolicy?: iam.PolicyStatement[];
}

/** What the construct needs to know of the guards. */
export interface GuardsConfig {
  /** As the user wrote it: relative to the app's working directory, or absolute. */
  readonly entry: string;
  readonly bundle: GuardBundle;
  readonly environment: { readonly [key: string]: string };
  readonly secrets: { readonly [name: string]: secretsmanager.ISecret };
  readonly initialPolicy: readonly iam.PolicyStatement[];
}

/**
 * Who decides about connections, subscriptions, publications and deliveries.
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
   * Bundles what there is to bundle. Called once for each construct that uses these guards.
   * @internal
   */
  abstract _bind(scope: Construct): GuardsConfig;
}

class ModuleGuards extends Guards {
  constructor(
    private readonly entry: string,
    private readonly props: GuardModuleProps,
  ) {
    super();
  }

  override _bind(scope: Construct): GuardsConfig {
    const { environment = {}, secrets = {}, initialPolicy = [], bundling = {} } = this.props;
    return { entry: this.entry, environment, secrets, initialPolicy, bundle: bundleGuards(scope, this.entry, bundling) };
  }
}
