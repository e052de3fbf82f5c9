import { RemovalPolicy, Stack } from "aws-cdk-lib";
import * as apigateway from "aws-cdk-lib/aws-apigateway";
import type * as apigatewayv2 from "aws-cdk-lib/aws-apigatewayv2";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as logs from "aws-cdk-lib/aws-logs";
import type { Construct, IConstruct } from "constructs";
import { having, removalPolicy, retention, struct } from "./props/checks/rules.js";
import { acknowledge } from "./nag.js";

/** The log group of the access logs. */
export interface AccessLogOptions {
  /**
   * The log group.
   *
   * @default - one is made, with `retention` and `removalPolicy`
   */
  readonly logGroup?: logs.ILogGroup;
  /**
   * How long the log group that is made keeps them.
   *
   * @default logs.RetentionDays.ONE_MONTH
   */
  readonly retention?: logs.RetentionDays;
  /**
   * The fate of the log group that is made, when the construct is removed.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;
}

const accessLogOptions = struct<AccessLogOptions>({
  logGroup: having<logs.ILogGroup>("logGroupArn", "a log group"),
  retention,
  removalPolicy,
});

/** The stage's log settings, and the construct that must exist before the stage. */
interface AccessLogConfig {
  readonly settings: apigatewayv2.CfnStage.AccessLogSettingsProperty;
  readonly dependency?: IConstruct;
}

/**
 * API Gateway's log of requests. API Gateway writes it through one role for the whole account and Region. Without that
 * role a deployment with access logs fails. A stack that sets the role sets it for all APIs there, so the choice is the
 * user's.
 */
export class AccessLogs {
  /** No access logs. */
  static none(): AccessLogs {
    return new AccessLogs(false, false, {});
  }

  /**
   * Access logs, through a role that the stack makes and sets for the account in this Region. Both stay when the stack
   * is deleted, because other APIs may have come to rely on them. Choose this for at most one stack per account and
   * Region.
   */
  static managedRole(options: AccessLogOptions = {}): AccessLogs {
    return new AccessLogs(true, true, options);
  }

  /** Access logs, through the role that the account already has set in this Region. */
  static existingRole(options: AccessLogOptions = {}): AccessLogs {
    return new AccessLogs(true, false, options);
  }

  private constructor(
    private readonly enabled: boolean,
    private readonly manageRole: boolean,
    private readonly options: AccessLogOptions,
  ) {}

  /**
   * Makes the resources that the logs need, and returns the stage's log settings.
   * @param encryptionKey the key of a log group that is made here
   * @internal
   */
  _bind(scope: Construct, encryptionKey?: kms.IKey): AccessLogConfig | undefined {
    if (!this.enabled) return undefined;
    accessLogOptions(scope, "accessLogs", this.options);
    const logGroup =
      this.options.logGroup ??
      new logs.LogGroup(scope, "AccessLogs", {
        encryptionKey,
        retention: this.options.retention ?? logs.RetentionDays.ONE_MONTH,
        removalPolicy: this.options.removalPolicy ?? RemovalPolicy.DESTROY,
      });
    return {
      settings: { destinationArn: logGroup.logGroupArn, format: FORMAT },
      dependency: this.manageRole ? accountRole(scope) : undefined,
    };
  }
}

/** Nothing that a client chose freely is logged, least of all the handshake's headers: they carry credentials. */
const FORMAT = JSON.stringify({
  requestId: "$context.requestId",
  requestTime: "$context.requestTime",
  eventType: "$context.eventType",
  routeKey: "$context.routeKey",
  status: "$context.status",
  connectionId: "$context.connectionId",
  connectedAt: "$context.connectedAt",
  ip: "$context.identity.sourceIp",
  integrationStatus: "$context.integrationStatus",
  integrationLatency: "$context.integrationLatency",
  error: "$context.error.responseType",
});

/** The account's setting; made once in a stack, however many Push-Its it has. */
const accountRole = (scope: Construct): IConstruct => {
  const stack = Stack.of(scope);
  const id = "PushItApiGatewayAccount";
  const existing = stack.node.tryFindChild(id);
  if (existing) return existing;
  const role = new iam.Role(stack, `${id}Role`, {
    description: "Lets every API of this account and Region write its logs",
    assumedBy: new iam.ServicePrincipal("apigateway.amazonaws.com"),
    managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName("service-role/AmazonAPIGatewayPushToCloudWatchLogs")],
  });
  role.applyRemovalPolicy(RemovalPolicy.RETAIN);
  acknowledge(
    role,
    "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]",
    "The policy that API Gateway's documentation asks for, on its own role; API Gateway checks for it",
  );
  const account = new apigateway.CfnAccount(stack, id, { cloudWatchRoleArn: role.roleArn });
  account.applyRemovalPolicy(RemovalPolicy.RETAIN);
  account.node.addDependency(role);
  return account;
};
