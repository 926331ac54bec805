// A real server on a free port over an empty database, and a real browser, for the console's tests.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';

const { chromium } = await import('playwright-core').catch(() => {
  console.log('playwright-core is missing; ./dev test installs it');
  process.exit(77);
});

const binary = process.env.SOLVENT_SERVER ?? 'build/server/solvent';
// Take the console's files from this folder instead of from the binary: to try a change without
// building.
const folder = process.env.SOLVENT_CONSOLE;

export async function startServer(...flags) {
  const home = mkdtempSync(join(tmpdir(), 'solvent-console-'));
  const database = join(home, 'test.db');
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('SOLVENT_')));
  let port = 0;
  const server = { database, home, key: '', url: '' };
  server.start = async () => {
    server.process = spawn(binary, ['serve', '--port', String(port), '--database', database, ...flags],
      { env: environment, stdio: ['ignore', 'pipe', 'ignore'] });
    for await (const line of createInterface({ input: server.process.stdout })) {
      server.key ||= /ok_live_[0-9a-f]{64}/.exec(line)?.[0] ?? '';
      const url = /listening on (http:\/\/[\d.]+:(\d+))/.exec(line);
      if (url) {
        [, server.url, port] = url;
        return server;
      }
    }
    throw new Error('the server did not start');
  };
  server.stop = () => new Promise((resolve) => {
    if (server.process.exitCode !== null || server.process.signalCode !== null) return resolve();
    server.process.once('exit', resolve);
    server.process.kill('SIGTERM');
    return undefined;
  });
  server.remove = async () => {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  };
  server.api = async (method, path, body) => {
    const response = await fetch(`${server.url}/api/v2${path}`, {
      method,
      headers: { Authorization: `Bearer ${server.key}`, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
  server.createKey = (organization) => spawnSync(
    binary, ['keys', 'create', '--organization', organization, '--user', 'owner', '--database', database],
    { encoding: 'utf8' }).stdout.trim();
  return server.start();
}

export async function startBrowser() {
  return chromium.launch({
    executablePath: process.env.SOLVENT_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      // A page that the test made up may otherwise not open sockets to this machine.
      ...(folder ? ['--disable-features=LocalNetworkAccessChecks'] : [])],
  });
}

const types = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.html': 'text/html' };

// A page of a browser of its own; `problems` collects what the console must never do: errors,
// violations of its policy, requests to elsewhere.
export async function openPage(browser, server, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 }, locale: 'en-GB', reducedMotion: 'reduce', ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60000);
  page.problems = [];
  page.loaded = new Map();
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('console', (message) => {
    const text = message.text();
    const expected = /^Failed to load resource|WebSocket connection to/.test(text);
    if (message.type() === 'error' && !expected) page.problems.push(text);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url) && !request.url().startsWith('data:')) {
      page.problems.push(`a request to ${request.url()}`);
    }
  });
  page.on('response', async (response) => {
    const path = new URL(response.url()).pathname;
    if (path === '/' || path.startsWith('/console/')) {
      page.loaded.set(path, (await response.body().catch(() => Buffer.alloc(0))).length);
    }
  });
  if (folder) {
    const { headers } = await fetch(server.url);
    const policy = headers.get('Content-Security-Policy');
    await page.route((url) => url.pathname === '/' || url.pathname.startsWith('/console/'), (route) => {
      const path = new URL(route.request().url()).pathname;
      const name = path === '/' ? 'index.html' : path.slice('/console/'.length);
      route.fulfill({
        body: readFileSync(join(folder, name)), contentType: types[extname(name)],
        headers: { 'Content-Security-Policy': policy, 'X-Content-Type-Options': 'nosniff' },
      });
    });
  }
  return page;
}

export async function signIn(page, server, key = server.key) {
  await page.goto(server.url);
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
}

// The page does not scroll sideways.
export async function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
