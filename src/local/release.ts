/** In what one ZITADEL differs from another. */
export interface Release {
  /** The `content-type`s that reach gRPC; every other one meets the gateway's 404. */
  readonly grpcContentType: RegExp;
  /** HTTP status of a REST path that is called with another method. */
  readonly wrongMethodStatus: 405 | 501;
  /** Headers that pages of other origins may send, beside those that every release allows. */
  readonly corsHeaders: { readonly rest: readonly string[]; readonly grpcWeb: readonly string[] };
  /** Headers of REST that such pages can read. */
  readonly restExposed: string;
  /** Error id of an `authorization` that is no bearer's. */
  readonly noBearerId: string;
  /** What is said where nobody is known by the host. */
  unknownInstance(host: string, scheme: string): string;
  /** Sign-ins are kept as sessions, and there is a SessionService. */
  readonly hasSessions: boolean;
  /** OAuth client id of an app: its number, with the project's name behind it in releases of long ago. */
  clientId(number: string, project: string): string;
  /** Errors that have no id come as Unknown, with the real code inside the text (zitadel#11730). */
  readonly wrapsBareStatus: boolean;
}

const v4: Release = {
  grpcContentType: /^application\/grpc(\+proto|\+json)?$/,
  wrongMethodStatus: 405,
  corsHeaders: {
    rest: ["connect-protocol-version", "connect-timeout-ms", "grpc-timeout", "x-requested-with"],
    grpcWeb: [],
  },
  restExposed: "Location, Content-Length, Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin",
  noBearerId: "AUTH-toLo1",
  unknownInstance: (host, scheme) =>
    `unable to set instance using origin &{${host}  ${scheme}} (ExternalDomain is localhost): ID=QUERY-1kIjX ` +
    "Message=Instance not found. Make sure you got the domain right. Check out " +
    "https://zitadel.com/docs/apis/introduction#domains Parent=(unable to get instance by host: " +
    `instanceHost ${host}, publicHost : ID=QUERY-1kIjX Message=Errors.IAM.NotFound)`,
  hasSessions: true,
  clientId: (number) => number,
  wrapsBareStatus: false,
};

/** The releases that the local ZITADEL can be like. */
export const releases = {
  "2.44": {
    ...v4,
    grpcContentType: /^application\/grpc$/,
    wrongMethodStatus: 501,
    corsHeaders: { rest: ["x-requested-with"], grpcWeb: ["x-requested-with"] },
    restExposed: "Location, Content-Length",
    noBearerId: "AUTH-7fs1e",
    hasSessions: false,
    clientId: (number, project) => `${number}@${project}`,
    unknownInstance: () =>
      "ID=QUERY-1kIjX Message=Instance not found. Check out https://zitadel.com/docs/self-hosting/manage/custom-domain",
  },
  "4": v4,
  "4.11": { ...v4, wrapsBareStatus: true },
} satisfies Record<string, Release>;
