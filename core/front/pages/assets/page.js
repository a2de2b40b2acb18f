// Everything the pages do by script: who is signed in, the filter, copying, trying. It adds to pages that read without.

const TEXT = {
  signIn: 'Sign in',
  working: 'One moment …',
  unreachable: { title: 'The site did not answer.', fix: 'Check the connection and try again.' },
  copied: 'Copied',
  selected: 'Selected: press Ctrl+C',
  bytes: (size, type) => `${size} bytes of ${type || 'unknown type'}`,
  more: (left) => `\n… and ${left} characters more`,
};
const KEY = 'plinth-session';
const MOST_SHOWN = 20_000;

const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const element = (name, text, className = '') =>
  Object.assign(document.createElement(name), { textContent: text, className });

// Who is signed in: in this tab only, and gone with it. The refresh token lies in a cookie that no script can read.

let session = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
let refreshing;

function keep(next) {
  session = next;
  if (next) sessionStorage.setItem(KEY, JSON.stringify(next));
  else sessionStorage.removeItem(KEY);
  for (const link of all('[data-who]')) link.textContent = session?.name ?? TEXT.signIn;
}

function send(method, path, body) {
  const headers = { accept: 'application/json, */*;q=0.5' };
  if (session) headers.authorization = `Bearer ${session.token}`;
  if (body) headers['content-type'] = 'application/json';
  return fetch(path, { method, headers, body: body && JSON.stringify(body) });
}

/** Asks as whoever is signed in. An access token that ran out is exchanged once. */
async function ask(method, path) {
  const used = session;
  const answer = await send(method, path);
  if (answer.status !== 401 || !used) return answer;
  refreshing ??= refresh(used).finally(() => {
    refreshing = undefined;
  });
  await refreshing;
  return session ? send(method, path) : answer;
}

async function refresh(used) {
  keep(null);
  const answer = await send('POST', '/api/kernel/auth/sessions/refresh', {}).catch((error) => {
    keep(used);
    throw error;
  });
  const tokens = answer.ok ? await answer.json() : undefined;
  // Tabs share the cookie: it may have become somebody else's meanwhile.
  if (tokens?.sessionId === used.id) keep({ ...used, token: tokens.accessToken });
}

// The panel on the home page.

function account(panel) {
  const form = one('form', panel);
  const code = one('[data-code]', form);
  const me = one('[data-me]', panel);
  const title = one('h2', panel);
  const roles = one('[data-roles]', panel);

  async function show() {
    const answer = session ? await ask('GET', '/api/kernel/auth/me') : undefined;
    const person = answer?.ok ? await answer.json() : undefined;
    if (person) keep({ ...session, name: person.displayName });
    form.hidden = Boolean(person);
    me.hidden = !person;
    title.textContent = person?.displayName ?? TEXT.signIn;
    one('[data-email]', panel).textContent = person?.email ?? '';
    const held = [...(person?.roles ?? []), ...(person?.operator ? ['operator'] : [])];
    roles.replaceChildren(...held.map((role) => element('span', role, 'tag')));
    if (held.length === 0) roles.textContent = roles.dataset.none;
  }

  async function signIn() {
    const { email, ...given } = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ''));
    keep(null);
    const answer = await send('POST', '/api/kernel/auth/sessions', { email, ...given, cookie: true });
    const tokens = await answer.json();
    if (!answer.ok) {
      showProblem(panel, tokens);
      if (tokens.code !== 'kernel.second_factor_required') return;
      code.hidden = false;
      return one('input', code).focus();
    }
    keep({ token: tokens.accessToken, id: tokens.sessionId, name: email });
    form.reset();
    code.hidden = true;
    await show();
    title.focus();
  }

  async function signOut() {
    await ask('DELETE', '/api/kernel/auth/sessions/current');
    keep(null);
    await show();
    title.focus();
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void during(panel, signIn);
  });
  one('[data-sign-out]', panel).addEventListener('click', () => during(panel, signOut));
  one('button', form).disabled = false;
  void during(panel, show);
}

/** One thing at a time; whatever goes wrong is said beneath it. */
async function during(panel, work) {
  // Busy and not disabled: that would take the focus from whoever is on the button.
  if (panel.ariaBusy === 'true') return;
  panel.ariaBusy = 'true';
  showProblem(panel);
  await work().catch(() => showProblem(panel, TEXT.unreachable));
  panel.ariaBusy = 'false';
}

function showProblem(panel, { title, detail, fix, errors = [] } = {}) {
  const lines = [title, detail, fix, ...errors.map(({ path, message }) => `${path} ${message}`)].filter(Boolean);
  one('[role=alert]', panel).replaceChildren(...lines.map((line) => element('p', line)));
}

/** Long lists: what has every word stays. */
function filter(form) {
  const input = one('input', form);
  const count = one('[data-count]');
  const listed = all('.content [data-item]');
  function apply() {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const item of all('[data-item]')) item.hidden = !words.every((word) => item.dataset.item.includes(word));
    for (const group of all('[data-group]')) group.hidden = !one('[data-item]:not([hidden])', group);
    const left = listed.filter((item) => !item.hidden).length;
    count.textContent = `${left === listed.length ? '' : `${left} of `}${listed.length} ${count.dataset.count}`;
  }
  form.hidden = false;
  form.addEventListener('submit', (event) => event.preventDefault());
  input.addEventListener('input', apply);
  // A browser that goes back has kept the words.
  apply();
}

function openTarget() {
  const entry = document.getElementById(location.hash.slice(1))?.closest('details');
  if (!entry) return;
  entry.open = true;
  entry.scrollIntoView();
}

async function copy(button) {
  const text = one('pre', button.parentElement);
  // Without https there is no clipboard to write to, and with it people may refuse.
  const copied = await navigator.clipboard?.writeText(text.textContent).then(
    () => true,
    () => false,
  );
  if (!copied) getSelection().selectAllChildren(text);
  button.textContent = copied ? TEXT.copied : TEXT.selected;
}

async function tryOut(form) {
  const given = [...new FormData(form)]
    .filter(([, value]) => value !== '')
    .map(([name, value]) => [name.split(':'), value]);
  const of = (wanted) => given.filter(([[kind]]) => kind === wanted).map(([[, name], value]) => [name, value]);
  const params = new Map(of('path'));
  const search = new URLSearchParams(of('query'));
  const path = form.dataset.try.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(params.get(name)));
  const [status, shown] = [one('.status', form), one('pre', form)];
  const say = (line, wrong = false) => {
    status.textContent = line;
    status.classList.toggle('wrong', wrong);
  };
  say(TEXT.working);
  shown.hidden = true;
  try {
    const began = performance.now();
    const answer = await ask('GET', search.size > 0 ? `${path}?${search}` : path);
    shown.textContent = await readable(answer);
    shown.hidden = false;
    say(`${answer.status} ${answer.statusText} · ${Math.round(performance.now() - began)} ms`, !answer.ok);
  } catch {
    say(TEXT.unreachable.title, true);
  }
}

async function readable(answer) {
  const type = answer.headers.get('content-type') ?? '';
  if (!/json|text|xml/.test(type)) return TEXT.bytes((await answer.arrayBuffer()).byteLength, type);
  const text = await answer.text();
  const laid = type.includes('json') ? JSON.stringify(JSON.parse(text), undefined, 2) : text;
  return laid.length > MOST_SHOWN ? laid.slice(0, MOST_SHOWN) + TEXT.more(laid.length - MOST_SHOWN) : laid;
}

keep(session);
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
