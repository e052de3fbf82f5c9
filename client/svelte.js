// "push-it-client/svelte" for resolvers that do not read `exports`.
module.exports = require("./dist/cjs/svelte.js");
