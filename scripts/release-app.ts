// The app that a release keeps, for the CDK's command.
import { App } from "aws-cdk-lib";
import { addReleaseStacks } from "./release-stacks.js";

addReleaseStacks(new App({ analyticsReporting: false }));
