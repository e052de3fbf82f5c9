// "push-it-client/react" for resolvers that do not read `exports`.
module.exports = require("./dist/cjs/react.js");
