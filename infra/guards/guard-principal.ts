import * as iam from "aws-cdk-lib/aws-iam";
import { DependencyGroup } from "constructs";

/** Several roles as one grantee. Each role gets every grant. */
export class GuardPrincipal implements iam.IPrincipal, iam.IGrantable {
  readonly grantPrincipal: iam.IPrincipal = this;
  readonly assumeRoleAction = "sts:AssumeRole";

  constructor(private readonly roles: readonly iam.Role[]) {}

  get principalAccount(): string | undefined {
    return this.roles[0]?.principalAccount;
  }

  /** For resource policies: every role by its ARN. */
  get policyFragment(): iam.PrincipalPolicyFragment {
    return new iam.PrincipalPolicyFragment({ AWS: this.roles.map((role) => role.roleArn) });
  }

  addToPrincipalPolicy(statement: iam.PolicyStatement): iam.AddToPrincipalPolicyResult {
    const policies = new DependencyGroup();
    for (const role of this.roles) {
      const { policyDependable } = role.addToPrincipalPolicy(statement.copy());
      if (policyDependable) policies.add(policyDependable);
    }
    return { statementAdded: true, policyDependable: policies };
  }

  addToPolicy(statement: iam.PolicyStatement): boolean {
    return this.addToPrincipalPolicy(statement).statementAdded;
  }
}
