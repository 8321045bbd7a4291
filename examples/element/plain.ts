// Where the user is signed in, on a page without a framework: <zitadel-sign-ins></zitadel-sign-ins>.
import { createAuthClient } from "zitadel-refresh-tokens";
import { SignInsElement } from "zitadel-refresh-tokens/element";

// What your sign-in library returns; `examples/spa-oidc.ts` has one.
declare const session: { readonly issuer: string; accessToken(): string };

customElements.define("zitadel-sign-ins", SignInsElement);

const element = document.querySelector("zitadel-sign-ins") as SignInsElement;
element.client = createAuthClient({ baseUrl: session.issuer, token: () => session.accessToken() });
element.apps = { "320010000000000011": "Portal" };
element.addEventListener("signedout", (event) => console.log(`signed out of ${event.detail.signIns.length}`));
