// Everything the pages do by script: who is signed in, the filter, copying, trying. It adds to pages that read without.

const TEXT = {
  signIn: 'Sign in',
  signedIn: 'You are signed in',
  working: 'One moment …',
  unreachable: { title: 'The site did not answer.', fix: 'Check the connection and try again.' },
  some: (shown, all, things) => (shown === all ? `${all} ${things}` : `${shown} of ${all} ${things}`),
  copied: 'Copied',
  selected: 'Selected: press Ctrl+C',
  bytes: (size, type) => `${size} bytes of ${type || 'unknown type'}`,
  more: (left) => `\n… and ${left} characters more`,
};

const MOST_SHOWN = 20_000;
const KEY = 'plinth-session';

const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// ── Who is signed in: in this tab only, and gone with it. The refresh token lies in a cookie no script can read.

let session = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');

function keep(next) {
  session = next;
  if (next) sessionStorage.setItem(KEY, JSON.stringify(next));
  else sessionStorage.removeItem(KEY);
}

function send(method, path, body) {
  return fetch(path, {
    method,
    headers: {
      accept: 'application/json, */*;q=0.5',
      ...(session ? { authorization: `Bearer ${session.token}` } : {}),
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

/** Asks as whoever is signed in. An access token that ran out is exchanged once. */
async function ask(method, path, body) {
  const used = session;
  const answer = await send(method, path, body);
  if (answer.status !== 401 || !used) return answer;
  refreshing ??= refresh(used).finally(() => {
    refreshing = undefined;
  });
  await refreshing;
  return session ? send(method, path, body) : answer;
}

let refreshing;

async function refresh(used) {
  const answer = await fetch('/api/kernel/auth/sessions/refresh', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  const tokens = answer.ok ? await answer.json() : undefined;
  // The cookie is shared between tabs: it may have become somebody else's meanwhile.
  keep(tokens?.sessionId === used.id ? { ...used, token: tokens.accessToken } : null);
  showWho();
}

function showWho() {
  for (const link of all('[data-who]')) link.textContent = session?.name ?? TEXT.signIn;
}

// ── The panel on the home page.

function account(panel) {
  const form = one('[data-sign-in]', panel);
  const button = one('button', form);
  const me = one('[data-me]', panel);
  const title = one('h2', panel);

  async function show() {
    const answer = session ? await ask('GET', '/api/kernel/auth/me') : undefined;
    const person = answer?.ok ? await answer.json() : undefined;
    if (person) keep({ ...session, name: person.displayName });
    form.hidden = Boolean(person);
    me.hidden = !person;
    title.textContent = person ? person.displayName : TEXT.signIn;
    one('[data-email]', panel).textContent = person?.email ?? '';
    const roles = [...(person?.roles ?? []), ...(person?.operator ? ['operator'] : [])];
    one('[data-roles]', panel).replaceChildren(
      ...(roles.length > 0
        ? roles.map((role) => element('span', role, 'tag'))
        : [one('[data-roles]', panel).dataset.none]),
    );
    showWho();
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const { email, password } = Object.fromEntries(new FormData(form));
    await during(button, panel, async () => {
      keep(null);
      const answer = await send('POST', '/api/kernel/auth/sessions', { email, password, cookie: true });
      if (!answer.ok) return showProblem(panel, await answer.json());
      const { accessToken, sessionId } = await answer.json();
      keep({ token: accessToken, id: sessionId, name: email });
      form.reset();
      await show();
      title.focus();
    });
  });
  one('[data-sign-out]', panel).addEventListener('click', (event) =>
    during(event.target, panel, async () => {
      await ask('DELETE', '/api/kernel/auth/sessions/current');
      keep(null);
      await show();
      title.focus();
    }),
  );
  button.disabled = false;
  show().catch(() => showProblem(panel, TEXT.unreachable));
}

/** Runs what a button asked for; whatever goes wrong is said beneath it. */
async function during(button, panel, work) {
  button.disabled = true;
  showProblem(panel);
  try {
    await work();
  } catch {
    showProblem(panel, TEXT.unreachable);
  } finally {
    button.disabled = false;
  }
}

function showProblem(panel, problem) {
  const lines = problem ? [problem.title, problem.detail, problem.fix].filter(Boolean) : [];
  const wrong = (problem?.errors ?? []).map(({ path, message }) => `${path} ${message}`);
  one('[data-problem]', panel).replaceChildren(...[...lines, ...wrong].map((line) => element('p', line)));
}

function element(name, text, className = '') {
  return Object.assign(document.createElement(name), { textContent: text, className });
}

// ── The filter of long lists: every word must be there.

function filter(form) {
  const input = one('input', form);
  const count = one('[data-count]');
  form.hidden = false;
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of all('[data-item]')) item.hidden = !words.every((word) => item.dataset.item.includes(word));
    for (const group of all('[data-group]')) group.hidden = !one('[data-item]:not([hidden])', group);
    const items = all('main .content [data-item]');
    count.textContent = TEXT.some(items.filter((item) => !item.hidden).length, items.length, count.dataset.count);
  };
  form.addEventListener('submit', (event) => event.preventDefault());
  input.addEventListener('input', apply);
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target.closest('input, textarea')) return;
    event.preventDefault();
    input.focus();
  });
  // A browser that goes back restores the words.
  apply();
}

// ── One operation: opened by its link, copied, tried.

function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const entry = target && target.closest('details');
  if (!entry) return;
  entry.open = true;
  entry.scrollIntoView();
}

async function copy(button) {
  const text = one('pre', button.parentElement);
  // Without https there is no clipboard to write to.
  const copied = await navigator.clipboard?.writeText(text.textContent).then(
    () => true,
    () => false,
  );
  if (!copied) getSelection().selectAllChildren(text);
  const before = button.textContent;
  button.textContent = copied ? TEXT.copied : TEXT.selected;
  setTimeout(() => {
    button.textContent = before;
  }, 2000);
}

async function tryOut(form) {
  const given = [...new FormData(form)].filter(([, value]) => value !== '');
  const of = (kind) =>
    given.filter(([name]) => name.startsWith(kind)).map(([name, value]) => [name.slice(kind.length), value]);
  const params = Object.fromEntries(of('path:'));
  const search = new URLSearchParams(of('query:')).toString();
  const path = form.dataset.try.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(params[name]));
  const output = one('[role=status]', form);
  output.replaceChildren(TEXT.working);
  const began = performance.now();
  try {
    const answer = await ask('GET', search ? `${path}?${search}` : path);
    const shown = await readable(answer);
    const line = `${answer.status} ${answer.statusText} · ${Math.round(performance.now() - began)} ms`;
    output.replaceChildren(element('p', line, answer.ok ? 'status' : 'status wrong'), element('pre', shown));
  } catch {
    output.replaceChildren(element('p', TEXT.unreachable.title, 'status wrong'));
  }
}

async function readable(answer) {
  const type = answer.headers.get('content-type') ?? '';
  if (!/json|text|xml/.test(type)) return TEXT.bytes((await answer.arrayBuffer()).byteLength, type);
  const text = await answer.text();
  const laid = type.includes('json') ? JSON.stringify(JSON.parse(text), undefined, 2) : text;
  return laid.length > MOST_SHOWN ? laid.slice(0, MOST_SHOWN) + TEXT.more(laid.length - MOST_SHOWN) : laid;
}

showWho();
for (const panel of all('#account')) account(panel);
for (const form of all('[data-filter]')) filter(form);
for (const button of all('[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', () => copy(button));
}
for (const form of all('[data-try]')) {
  form.hidden = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void tryOut(form);
  });
}
addEventListener('hashchange', openTarget);
openTarget();
