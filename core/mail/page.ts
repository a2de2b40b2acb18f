import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { Html, html } from '../html.ts';

const STYLE = `
:root{color-scheme:light dark;--ground:#f5f6f8;--card:#fff;--ink:#1a1d21;--soft:#5b6472;--line:#dfe3e8;--mark:#3b4cca;--mine:#eceefb}
@media(prefers-color-scheme:dark){:root{--ground:#14161a;--card:#1c1f25;--ink:#e8eaed;--soft:#a3acb8;--line:#31363f;--mark:#9aa6ff;--mine:#262b45}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:20px;margin:0}a{color:var(--mark)}time,.soft{color:var(--soft);font-size:14px}
button{font:inherit;font-weight:600;padding:10px 18px;border:0;border-radius:8px;background:var(--mark);color:var(--card);cursor:pointer}
:focus-visible{outline:2px solid var(--mark);outline-offset:2px}
.one{max-width:520px;margin:12vh auto;padding:28px;border:1px solid var(--line);border-radius:12px;background:var(--card)}
header{padding:20px 24px;border-bottom:1px solid var(--line);background:var(--card)}
.box{display:grid;grid-template-columns:minmax(280px,400px) 1fr;min-height:calc(100vh - 90px)}
.list{list-style:none;margin:0;padding:0;border-right:1px solid var(--line);background:var(--card)}
.list a{display:block;padding:12px 24px;border-bottom:1px solid var(--line);color:inherit;text-decoration:none;overflow-wrap:anywhere}
.list a:hover,.list [aria-current]{background:var(--mine)}.list b{display:block}
.none{padding:24px;color:var(--soft)}.mail{padding:24px;min-width:0;overflow-wrap:anywhere}.mail h2{margin:0 0 4px;font-size:22px}
iframe{width:100%;height:62vh;margin-top:16px;border:1px solid var(--line);border-radius:12px;background:var(--card)}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:14px/1.5 ui-monospace,Menlo,monospace}.back{display:none}
@media(max-width:760px){.box{display:block}.list{border:0}.open .list{display:none}.mail{padding:16px}.back{display:inline-block;padding:12px 0}.empty{display:none}}
`;
const STYLE_TAG = new Html(`<style>${STYLE}</style>`);
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** A page of mail's own: no script, no outside source, one style that the policy names by its hash. */
export function sendPage(reply: FastifyReply, page: { title: string; language: string; body: Html }): FastifyReply {
  return reply
    .header(
      'content-security-policy',
      `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    )
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(
      html`<!doctype html>
<html lang="${page.language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${page.title}</title>${STYLE_TAG}</head><body>${page.body}</body></html>`.text,
    );
}
