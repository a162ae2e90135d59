/**
 * An OpenID Connect provider for the browser tests: a page with two links, a token signed by a key of its own. It calls
 * itself `localhost`, which for a browser is another site than `127.0.0.1`, as a real provider is.
 */
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { URLSearchParams } from 'node:url';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

export class Provider {
  static async start() {
    const provider = new Provider();
    provider.keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    provider.grants = new Map();
    provider.visitor = { sub: 'club-1', preferred_username: 'ada', email: 'ada@club.example' };
    provider.server = createServer((request, response) => provider.answer(request, response));
    await new Promise((resolve) => provider.server.listen(0, 'localhost', resolve));
    provider.issuer = `http://localhost:${provider.server.address().port}`;
    return provider;
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  /** Flags for a server that people sign in to with it. */
  flags() {
    return ['--oidc-issuer', this.issuer, '--oidc-client-id', 'bell', '--oidc-name', 'The Club'];
  }

  async answer(request, response) {
    const url = new URL(request.url, this.issuer);
    const send = (type, text) => response.writeHead(200, { 'content-type': type }).end(text);
    const json = (value) => send('application/json', JSON.stringify(value));
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return json({
          issuer: this.issuer,
          authorization_endpoint: `${this.issuer}/authorize`,
          token_endpoint: `${this.issuer}/token`,
          jwks_uri: `${this.issuer}/keys`,
        });
      case '/keys':
        return json({ keys: [{ ...this.keys.publicKey.export({ format: 'jwk' }), kid: 'one' }] });
      case '/authorize':
        return send('text/html', this.page(url.searchParams));
      case '/token': {
        let body = '';
        for await (const chunk of request) body += chunk;
        return json({ id_token: this.token(new URLSearchParams(body)) });
      }
      default:
        return response.writeHead(404).end();
    }
  }

  page(asked) {
    const code = randomUUID();
    this.grants.set(code, asked);
    const back = (more) => {
      const url = new URL(asked.get('redirect_uri'));
      url.search = new URLSearchParams({ ...more, state: asked.get('state') }).toString();
      return url.href.replaceAll('&', '&amp;');
    };
    return `<!doctype html><title>The Club</title>
      <a href="${back({ code })}">Yes</a> <a href="${back({ error: 'access_denied' })}">No</a>`;
  }

  token(form) {
    const asked = this.grants.get(form.get('code'));
    const challenge = createHash('sha256').update(form.get('code_verifier')).digest('base64url');
    if (challenge !== asked?.get('code_challenge')) return '';
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      ...this.visitor,
      iss: this.issuer,
      aud: 'bell',
      iat: now,
      exp: now + 60,
      nonce: asked.get('nonce'),
    };
    const message = `${part({ alg: 'ES256', kid: 'one' })}.${part(claims)}`;
    const key = { key: this.keys.privateKey, dsaEncoding: 'ieee-p1363' };
    return `${message}.${sign('sha256', Buffer.from(message), key).toString('base64url')}`;
  }
}
