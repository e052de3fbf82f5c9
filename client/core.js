// "push-it-client/core" for resolvers that do not read `exports`. A folder of this name does not work: its own
// package.json hides the package's `exports` from Metro. Metro then bundles two copies of the SDK.
module.exports = require("./dist/cjs/core.js");
