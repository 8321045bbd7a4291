/** In what one ZITADEL differs from another. */
export interface Release {
  /** The `content-type`s that reach gRPC; every other one meets the gateway's 404. */
  readonly grpcContentType: RegExp;
  /** HTTP status of a REST path that is called with another method. */
  readonly wrongMethodStatus: 405 | 501;
  /** Preflights may list headers in any order and case; otherwise only as browsers do: lower case and sorted. */
  readonly anyPreflightOrder: boolean;
  /** Headers that pages of other origins may send over REST, beside those that every release allows. */
  readonly restHeaders: readonly string[];
  /** Errors that have no id come as Unknown, with the real code inside the text (zitadel#11730). */
  readonly wrapsBareStatus: boolean;
  /** Every call gets an `x-request-id`. */
  readonly requestIds: boolean;
}

const v4: Release = {
  grpcContentType: /^application\/grpc(\+proto|\+json)?$/,
  wrongMethodStatus: 405,
  anyPreflightOrder: false,
  restHeaders: ["connect-protocol-version", "connect-timeout-ms", "grpc-timeout", "x-requested-with"],
  wrapsBareStatus: false,
  requestIds: false,
};

/** The releases that the local ZITADEL can be like. */
export const releases = {
  "2.44": {
    ...v4,
    grpcContentType: /^application\/grpc$/,
    wrongMethodStatus: 501,
    anyPreflightOrder: true,
    restHeaders: [],
  },
  "4.0": v4,
  "4.11": { ...v4, wrapsBareStatus: true, requestIds: true },
} satisfies Record<string, Release>;
