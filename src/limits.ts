// Every limit of size, in one place. What a caller exceeds is refused before anything is sent; what a server sends beyond
// them is refused or cut, so that no answer takes more memory or time than a call is worth.

/** Of a token, in characters: long enough for any JWT, short enough for any server's header limit. */
export const maxTokenLength = 16 * 1024;

/**
 * Of the caller's metadata, in bytes, counted as HTTP/2 does (RFC 9113 §6.5.2). Beside a token of the same size it fits in
 * what Node can send in one header block, 64 KiB, of which more costs the connection.
 */
export const maxMetadataBytes = 16 * 1024;

/** Of a REST path with its query, in characters. Every server refuses more, and it is part of the same header block. */
export const maxPathLength = 16 * 1024;

/** Of the message of an answer, in bytes after decompression, unless `maxResponseBytes` says otherwise. */
export const defaultMaxResponseBytes = 4 * 1024 * 1024;

/** Of gRPC-Web's trailers, in bytes, whatever room the message leaves. */
export const maxTrailerBytes = 32 * 1024;

/** Of an answer's header fields over HTTP/2, in bytes, as announced to the server. */
export const maxHeaderListSize = 1024 * 1024;

/** So much of a status' message or details is looked at, in characters: more than any error of ZITADEL's has. */
export const maxTextLength = 32 * 1024;

/** So many details of an error are kept: more than any service sends. */
export const maxDetails = 32;

/** So many header fields of an answer, and characters of them, become an error's metadata. */
export const maxErrorFields = 64;
export const maxErrorFieldsLength = 8 * 1024;

/** So much of an error answer that is not the API's is read for its maker's own words, in bytes, as grpc-go does. */
export const maxWordsBytes = 1024;
