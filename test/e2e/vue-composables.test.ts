import "../client/bindings/document.js";
import { version } from "vue";
import { vue } from "../client/vue/framework.js";
import { bindingTests } from "./support/binding.js";

describe(`the composables of Vue ${version}, on the local system`, () => bindingTests(vue));
