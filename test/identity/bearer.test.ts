// Bearer tokens of a real OpenID Connect provider on loopback, and of one that turns its keys.

import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair, type JWK } from "jose";
import { bearerCheck, type TrustedIssuer } from "../../src/identity/bearer.ts";
import { AUDIENCE, startProvider } from "./provider.ts";

const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function trusted(issuer: string, more: Partial<TrustedIssuer> = {}): TrustedIssuer {
  return { issuer, audiences: [AUDIENCE], scopes: ["score"], roles: [], subjects: [], ...more };
}

test("tokens of a real provider: the scope lets in, another scope does not, and neither does another audience", async () => {
  const { issuer, tokenFor, close } = await startProvider();
  const check = bearerCheck({ issuers: [trusted(issuer)] });
  const identity = await check(await tokenFor("caller", "score"));
  assert.deepEqual([identity.issuer, identity.scopes], [issuer, ["score"]]);
  await assert.rejects(check(await tokenFor("caller", "read")), { code: "Forbidden", status: 403 });
  const bySubject = bearerCheck({ issuers: [trusted(issuer, { scopes: [], subjects: ["operator"] })] });
  assert.equal((await bySubject(await tokenFor("operator", "read"))).subject, "operator");
  await assert.rejects(bySubject(await tokenFor("caller", "score")), { code: "Forbidden" });
  const elsewhere = bearerCheck({ issuers: [trusted(issuer, { audiences: ["https://other"] })] });
  await assert.rejects(elsewhere(await tokenFor("caller", "score")), { code: "Unauthorized", message: /aud/ });
  const token = await tokenFor("caller", "score");
  const [head, body = "", signature] = token.split(".");
  const forged = Buffer.from(body, "base64url").toString().replace('"score"', '"admin"');
  await assert.rejects(check(`${head}.${Buffer.from(forged).toString("base64url")}.${signature}`), {
    code: "Unauthorized",
  });
  await assert.rejects(check("not-a-token"), { code: "Unauthorized" });
  close();
});

interface TurningIssuer {
  issuer: string;
  /** Publishes a new key only. */
  turn(): Promise<void>;
  sign(claims: Record<string, unknown>, times?: { expires?: number | "never"; notBefore?: number }): Promise<string>;
}

async function startTurning(): Promise<TurningIssuer> {
  let number = 0;
  let current = await generateKeyPair("ES256");
  const issuer = await listen(
    createServer((request, response) => {
      const answer = async (): Promise<object> =>
        request.url === "/keys"
          ? { keys: [{ ...(await exportJWK(current.publicKey)), kid: `key-${number}`, alg: "ES256", use: "sig" }] }
          : { issuer, jwks_uri: `${issuer}/keys` };
      void answer().then((body) =>
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body)),
      );
    }),
  );
  return {
    issuer,
    async turn() {
      number++;
      current = await generateKeyPair("ES256");
    },
    sign: (claims, { expires = 600, notBefore = 0 } = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const token = new SignJWT(claims)
        .setProtectedHeader({ alg: "ES256", kid: `key-${number}` })
        .setIssuer(issuer)
        .setAudience(AUDIENCE)
        .setNotBefore(now + notBefore);
      if (expires !== "never") token.setExpirationTime(now + expires);
      return token.sign(current.privateKey);
    },
  };
}

test("a role lets in, clocks may differ a little, and keys that were turned are fetched anew", async () => {
  const provider = await startTurning();
  const issuers = [trusted(provider.issuer, { scopes: [], roles: ["Score.Invoke"] })];
  const check = bearerCheck({ issuers, clockSkewSeconds: 60, keyCooldownMs: 0 });
  const claims = { sub: "app-1", roles: ["Score.Invoke"] };
  assert.deepEqual((await check(await provider.sign(claims))).roles, ["Score.Invoke"]);
  await check(await provider.sign(claims, { expires: -30 }));
  await check(await provider.sign(claims, { notBefore: 30 }));
  await assert.rejects(check(await provider.sign(claims, { expires: -90 })), {
    code: "Unauthorized",
    message: /expired/,
  });
  await assert.rejects(check(await provider.sign(claims, { notBefore: 90 })), { code: "Unauthorized" });
  await assert.rejects(check(await provider.sign(claims, { expires: "never" })), { message: /exp is not accepted/ });
  await assert.rejects(check(await provider.sign({ sub: "app-1", roles: ["Other"] })), { code: "Forbidden" });
  const old = await provider.sign(claims);
  await provider.turn();
  await check(await provider.sign(claims));
  await assert.rejects(check(old), { code: "Unauthorized" });
});

test("tokens of others, tokens signed with a shared secret and an absent provider are refused, each with its reason", async () => {
  const provider = await startTurning();
  const check = bearerCheck({ issuers: [trusted(provider.issuer)] });
  const foreign = await startTurning();
  await assert.rejects(check(await foreign.sign({ scp: "score" })), { code: "Unauthorized", message: /not trusted/ });
  const shared = await new SignJWT({ scp: "score" })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(provider.issuer)
    .setAudience(AUDIENCE)
    .setExpirationTime("1h")
    .sign(Buffer.from("a secret that everybody knows, long enough"));
  await assert.rejects(check(shared), { code: "Unauthorized" });
  const gone = servers.at(-1) as Server;
  const token = await foreign.sign({ scp: "score" });
  await new Promise<void>((resolve) => {
    gone.close(() => resolve());
    gone.closeAllConnections();
  });
  const late = bearerCheck({ issuers: [trusted(foreign.issuer)] });
  await assert.rejects(late(token), { code: "IdentityUnavailable", status: 503 });
});

test("a provider that was away at the first call is asked again by the next", async () => {
  const away = createServer();
  const address = await listen(away);
  const { port } = away.address() as AddressInfo;
  await new Promise<void>((resolve) => away.close(() => resolve()));
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const token = await new SignJWT({ sub: "a", scp: "score" })
    .setProtectedHeader({ alg: "ES256", kid: "k" })
    .setIssuer(address)
    .setAudience(AUDIENCE)
    .setExpirationTime("1h")
    .sign(privateKey);
  const check = bearerCheck({ issuers: [trusted(address)] });
  await assert.rejects(check(token), { code: "IdentityUnavailable" });
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: "k", alg: "ES256" }] };
  const back = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(request.url === "/keys" ? keys : { issuer: address, jwks_uri: `${address}/keys` }));
  });
  servers.push(back);
  await new Promise<void>((resolve) => back.listen(port, "127.0.0.1", resolve));
  assert.equal((await check(token)).subject, "a");
});

test("what grants: scopes in a text, roles and groups in lists, the caller or its program; clocks differ by what is configured", async () => {
  const provider = await startTurning();
  const grants = async (claims: Record<string, unknown>, more: Partial<TrustedIssuer>): Promise<string> => {
    const check = bearerCheck({ issuers: [trusted(provider.issuer, { scopes: [], ...more })] });
    return check(await provider.sign(claims)).then(
      ({ subject }) => subject,
      ({ code }: { code: string }) => code,
    );
  };
  const scopes = ["score"];
  assert.equal(await grants({ sub: "a", scp: "read score write" }, { scopes }), "a");
  assert.equal(await grants({ sub: "a", scope: "score" }, { scopes }), "a");
  assert.equal(await grants({ sub: "a", scp: ["read", "score"] }, { scopes }), "a");
  assert.equal(await grants({ sub: "a", scp: "scores" }, { scopes }), "Forbidden");
  assert.equal(await grants({ sub: "a", groups: ["g1", "g2"] }, { roles: ["g2"] }), "a");
  assert.equal(await grants({ sub: "a", groups: ["g1"] }, { scopes: ["g1"] }), "Forbidden");
  for (const claim of ["sub", "oid", "appid", "azp"]) {
    assert.notEqual(await grants({ [claim]: "mine" }, { subjects: ["mine"] }), "Forbidden", claim);
  }
  assert.equal(await grants({ sub: "a" }, {}), "Forbidden", "nothing is configured, so nothing grants");
  const strict = bearerCheck({ issuers: [trusted(provider.issuer)], clockSkewSeconds: 1 });
  await assert.rejects(strict(await provider.sign({ scp: "score" }, { expires: -10 })), { message: /expired/ });
});

test("a provider that was away at first is asked again; one that leads elsewhere, or gives keys never, is not followed", async () => {
  const provider = await startTurning();
  let how: "away" | "redirect" | "silent" = "away";
  const issuer: string = await listen(
    createServer((request, response) => {
      if (how === "away") response.writeHead(503).end();
      else if (how === "redirect") response.writeHead(302, { location: `${provider.issuer}${request.url}` }).end();
      else if (request.url !== "/keys") response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }));
      else response.writeHead(500).end("{}");
    }),
  );
  const { privateKey } = await generateKeyPair("ES256");
  const token = await new SignJWT({ scp: "score" })
    .setProtectedHeader({ alg: "ES256", kid: "key-0" })
    .setIssuer(issuer)
    .setAudience(AUDIENCE)
    .setExpirationTime("1h")
    .sign(privateKey);
  const check = bearerCheck({ issuers: [trusted(issuer)], keyCooldownMs: 0 });
  for (how of ["away", "redirect", "silent"] as const) {
    await assert.rejects(check(token), { code: "IdentityUnavailable", status: 503 }, how);
  }
});

test("only algorithms with public keys are taken, whatever the provider publishes", async () => {
  const secret = Buffer.from("a secret that the provider publishes by mistake");
  const issuer: string = await listen(
    createServer((request, response) => {
      const keys = [{ kty: "oct", kid: "shared", alg: "HS256", k: secret.toString("base64url") }];
      response.end(JSON.stringify(request.url === "/keys" ? { keys } : { issuer, jwks_uri: `${issuer}/keys` }));
    }),
  );
  const token = await new SignJWT({ scp: "score" })
    .setProtectedHeader({ alg: "HS256", kid: "shared" })
    .setIssuer(issuer)
    .setAudience(AUDIENCE)
    .setExpirationTime("1h")
    .sign(secret);
  await assert.rejects(bearerCheck({ issuers: [trusted(issuer)] })(token), { code: "Unauthorized" });
});

test("a token that is signed with the text of the public key, or not at all, is refused", async () => {
  const provider = await startTurning();
  const check = bearerCheck({ issuers: [trusted(provider.issuer)] });
  const good = await provider.sign({ scp: "score" });
  await check(good);
  const [head = "", claims = ""] = good.split(".");
  const published = (await (await fetch(`${provider.issuer}/keys`)).json()) as { keys: [JWK] };
  const [jwk] = published.keys;
  const pem = createPublicKey({ key: { ...jwk }, format: "jwk" })
    .export({ type: "spki", format: "pem" })
    .toString();
  const payload = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>;
  for (const text of [pem, pem.trim(), JSON.stringify(jwk), JSON.stringify(published)]) {
    const forged = await new SignJWT(payload)
      .setProtectedHeader({ alg: "HS256", kid: jwk.kid as string })
      .sign(Buffer.from(text));
    await assert.rejects(check(forged), { code: "Unauthorized" });
  }
  const unsigned = [new UnsecuredJWT(payload).encode(), `${head}.${claims}.`];
  for (const alg of ["none", "None", "NONE", ""]) {
    const header = Buffer.from(JSON.stringify({ alg, kid: jwk.kid })).toString("base64url");
    unsigned.push(`${header}.${claims}.`);
  }
  for (const token of unsigned) await assert.rejects(check(token), { code: "Unauthorized" }, token);
});

test("keys over plain http are for this machine only", async () => {
  const provider = await startTurning();
  const check = bearerCheck({ issuers: [trusted(provider.issuer, { jwksUri: "http://keys.example/jwks" })] });
  await assert.rejects(check(await provider.sign({ scp: "score" })), { code: "InvalidConfig", message: /not https/ });
});
