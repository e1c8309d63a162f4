// Settings of identity providers whose tokens are trusted.

import { z } from "zod";

const names = z.array(z.string().min(1)).default([]);

const trustedIssuer = z
  .strictObject({
    issuer: z.url().describe("As in the tokens' `iss`, such as https://login.microsoftonline.com/TENANT/v2.0."),
    audiences: z
      .array(z.string().min(1))
      .min(1)
      .default(["https://ml.azure.com"])
      .describe("One of these has to be in the token's `aud`."),
    jwks_uri: z.url().optional().describe("Where its keys are; asked from its discovery document when absent."),
    scopes: z.array(z.string()).default([]).describe("One of these in `scp` or `scope` lets a caller in."),
    roles: z.array(z.string()).default([]).describe("One of these in `roles` or `groups` lets a caller in."),
    subjects: z
      .array(z.string())
      .default([])
      .describe("One of these as `sub`, `oid`, `appid` or `azp` lets a caller in."),
    search_roles: z
      .strictObject({
        index_data_reader: names.describe("Search Index Data Reader: asks indexes."),
        index_data_contributor: names.describe("Search Index Data Contributor: asks indexes and writes documents."),
        service_contributor: names.describe("Search Service Contributor: makes and changes indexes."),
      })
      .prefault({})
      .describe(
        "Who has which role of Azure's at the search service: values of `sub`, `oid`, `appid`, `azp`, `roles` or `groups`.",
      ),
  })
  .refine(
    ({ scopes, roles, subjects, search_roles: search }) =>
      scopes.length + roles.length + subjects.length + Object.values(search).flat().length > 0,
    { message: "Name at least one scope, role, subject or search role: a valid token alone lets nobody in." },
  );

export const identitySchema = z
  .strictObject({
    issuers: z
      .array(trustedIssuer)
      .default([])
      .describe("Identity providers whose tokens open endpoints with auth_mode aad_token."),
    clock_skew_seconds: z.number().min(0).max(300).default(60).describe("By how much their clocks may differ."),
  })
  .prefault({});
