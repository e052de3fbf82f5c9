// The CDK judges each synthesized template by CloudFormation's rules, which takes seconds in every suite. One suite has
// it do so (test/infra/props/validation.test.ts), and so does whatever calls the CDK from the command line in .ci/run.
process.env["CDK_VALIDATION"] ??= "false";
