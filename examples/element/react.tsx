// Where the user is signed in, in React 19, which sets an element's properties and listens to its events by itself.
import { useState } from "react";
import { createRoot } from "react-dom/client";
import { createAuthClient } from "zitadel-refresh-tokens";
import { SignInsElement, type SignInsProps } from "zitadel-refresh-tokens/element";

// What your sign-in library returns; `examples/spa-oidc.ts` has one.
declare const session: { readonly issuer: string; accessToken(): string };

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "zitadel-sign-ins": React.HTMLAttributes<SignInsElement> & SignInsProps;
    }
  }
}

customElements.define("zitadel-sign-ins", SignInsElement);

const auth = createAuthClient({ baseUrl: session.issuer, token: () => session.accessToken() });
const apps = { "320010000000000011": "Portal" };

function SignIns() {
  const [count, setCount] = useState(0);
  return (
    <main>
      <zitadel-sign-ins
        client={auth}
        apps={apps}
        onsignedout={({ detail }) => setCount((before) => before + detail.signIns.length)}
      />
      <p id="count">{count} signed out</p>
    </main>
  );
}

createRoot(document.body.appendChild(document.createElement("div"))).render(<SignIns />);
