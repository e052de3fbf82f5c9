// "push-it-client/vue" for resolvers that do not read `exports`.
module.exports = require("./dist/cjs/vue.js");
