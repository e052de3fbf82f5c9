// "push-it-client/testing" for resolvers that do not read `exports`.
module.exports = require("./dist/cjs/testing.js");
