// Where the user is signed in, in Vue 3. In a template: <zitadel-sign-ins .client="auth" @signedout="count" />, and
// `compilerOptions.isCustomElement: (tag) => tag === "zitadel-sign-ins"` where it is compiled.
import { createApp, defineComponent, h, ref } from "vue";
import { createAuthClient } from "zitadel-refresh-tokens";
import { type SignedOutEvent, SignInsElement } from "zitadel-refresh-tokens/element";

// What your sign-in library returns; `examples/spa-oidc.ts` has one.
declare const session: { readonly issuer: string; accessToken(): string };

customElements.define("zitadel-sign-ins", SignInsElement);

const auth = createAuthClient({ baseUrl: session.issuer, token: () => session.accessToken() });
const apps = { "320010000000000011": "Portal" };

const SignIns = defineComponent(() => {
  const count = ref(0);
  const onSignedout = ({ detail }: SignedOutEvent) => {
    count.value += detail.signIns.length;
  };
  return () => [
    h("zitadel-sign-ins", { ".client": auth, ".apps": apps, onSignedout }),
    h("p", { id: "count" }, `${count.value} signed out`),
  ];
});

createApp(SignIns).mount(document.body.appendChild(document.createElement("div")));
