import { createECDH, hkdfSync } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import webPush from 'web-push';
import { isPublicAddress, publicLookup } from '../public-address.ts';

export interface PushSubscription {
  readonly endpoint: string;
  readonly p256dh: string;
  readonly auth: string;
}

/** Sends to browsers by way of their makers' push services (RFC 8030), encrypted (RFC 8291) and signed (RFC 8292). */
export class Push {
  /** What a page gives to `PushManager.subscribe`. */
  readonly publicKey: string;
  readonly #privateKey: string;
  readonly #contact: string;
  readonly #anywhere: boolean;

  /** `anywhere` is for tests: it lets a push service be on this machine, without TLS. */
  constructor(secret: string, contact: string, anywhere = false) {
    const pair = createECDH('prime256v1');
    // From the secret, so that every node has the same and a restart does not cut off every browser.
    pair.setPrivateKey(Buffer.from(hkdfSync('sha256', secret, '', 'plinth web push', 32)));
    this.publicKey = pair.getPublicKey('base64url');
    this.#privateKey = pair.getPrivateKey('base64url');
    this.#contact = contact;
    this.#anywhere = anywhere;
  }

  accepts(endpoint: string): boolean {
    if (!URL.canParse(endpoint)) return false;
    const { protocol, hostname } = new URL(endpoint);
    if (this.#anywhere) return protocol === 'https:' || protocol === 'http:';
    const host = hostname.replace(/^\[|\]$/g, '');
    return protocol === 'https:' && (isIP(host) === 0 || isPublicAddress(host));
  }

  /** `gone`: the browser has ended the subscription. Throws when it may work later. */
  async send(to: PushSubscription, message: string, urgent: boolean): Promise<'sent' | 'gone'> {
    const { endpoint, headers, body } = webPush.generateRequestDetails(
      { endpoint: to.endpoint, keys: { p256dh: to.p256dh, auth: to.auth } },
      message,
      {
        vapidDetails: { subject: this.#contact, publicKey: this.publicKey, privateKey: this.#privateKey },
        TTL: 24 * 60 * 60,
        urgency: urgent ? 'high' : 'normal',
        contentEncoding: 'aes128gcm',
      },
    );
    const status = await this.#post(new URL(endpoint), headers, body);
    if (status === 404 || status === 410) return 'gone';
    if (status < 200 || status > 299) throw new Error(`The push service answered ${status}.`);
    return 'sent';
  }

  #post(url: URL, headers: Record<string, string | number>, body: Buffer): Promise<number> {
    const request = url.protocol === 'http:' ? requestHttp : requestHttps;
    const options = {
      method: 'POST',
      headers,
      timeout: 10_000,
      agent: false,
      ...(this.#anywhere ? {} : { lookup: publicLookup }),
    };
    return new Promise((resolve, reject) => {
      const call = request(url, options, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      call.on('timeout', () => call.destroy(new Error('The push service did not answer.')));
      call.on('error', reject).end(body);
    });
  }
}
