// What "push-it-client/core" is to resolvers that know no `exports`. A folder of this name would not do: its own
// package.json hides the `exports` of the package from Metro, which then bundles two copies of the SDK.
module.exports = require("./dist/cjs/core.js");
